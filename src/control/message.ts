import { LineError } from "./line.ts";

/** Grows when an older program would misunderstand a newer one. */
export const controlVersion = 1;

/** A request has at most this many bytes; a path has 4096 at most. */
export const mostRequestBytes: number = 64 * 1024;

/** What a running program can be asked. */
export type Request =
  | { readonly do: "status" }
  | { readonly do: "stop" }
  | { readonly do: "reload" }
  /** Everything is compared again, or what is at `path` and below, as a person typed it. */
  | { readonly do: "resync"; readonly path?: string }
  /** At the target of that name, or at all where deletions are halted. */
  | { readonly do: "allow-deletions"; readonly target?: string }
  /** Send nothing there for now; go on; try now what waits for a later attempt. Default: at all. */
  | { readonly do: "pause" | "resume" | "retry"; readonly target?: string };

/** Why a request was not carried out: for programs. */
export type RefusalCode = "BAD_REQUEST" | "BAD_CONFIG" | "NOT_READY" | "NOT_FOUND" | "FAILED";

/** An answer: one line for each request, and for `stop` another one before the end. */
export type Reply =
  | { readonly ok: true; readonly [field: string]: unknown }
  | {
      readonly ok: false;
      readonly code: RefusalCode;
      /** One line for a person. */
      readonly error: string;
      /** More lines, such as each mistake of a configuration. */
      readonly details?: readonly string[];
    };

/** A request as it goes over the socket. */
export function encodeRequest(request: Request): object {
  return { sersync: controlVersion, ...request };
}

/** @throws {LineError} when it is none that this version knows. */
export function parseRequest(value: unknown): Request {
  if (typeof value !== "object" || value === null) throw new LineError("a request is an object");
  const { sersync, do: what, path, target } = value as Readonly<Record<string, unknown>>;
  if (sersync !== controlVersion) {
    const found = JSON.stringify(sersync);
    throw new LineError(`this program speaks control version ${controlVersion}, not ${found}`);
  }
  switch (what) {
    case "status":
    case "stop":
    case "reload":
      return { do: what };
    case "resync":
      return { do: "resync", ...optionalText("path", path) };
    case "allow-deletions":
    case "pause":
    case "resume":
    case "retry":
      return { do: what, ...optionalText("target", target) };
    default:
      throw new LineError(`there is no request ${JSON.stringify(what)}`);
  }
}

function optionalText<Name extends string>(
  name: Name,
  value: unknown,
): { readonly [name in Name]?: string } {
  if (value === undefined) return {};
  if (typeof value !== "string") throw new LineError(`${name} is a string`);
  return { [name]: value } as { readonly [name in Name]: string };
}
