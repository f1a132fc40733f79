import type { Headed } from "../config/schema.ts";
import { errorCode, unreachable } from "./connection.ts";
import { PluginFailure } from "./plugin.ts";

/** One HTTP request; `headers` are complete, secrets included. */
export interface OutgoingRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body?: string;
}

/** So much of an answer is read before its connection is given up. */
const longestAnswer = 64 * 1024;

/**
 * Sends a request; resolves when the answer says that it was taken.
 *
 * Redirects are not followed: headers with secrets would go along, and a POST would become a GET.
 *
 * @throws {PluginFailure} that shows neither address beyond the host nor headers.
 */
export async function send(request: OutgoingRequest, signal: AbortSignal): Promise<void> {
  const { url, ...rest } = request;
  const answer = await fetch(url, { ...rest, redirect: "manual", signal }).catch(
    (error: unknown) => {
      signal.throwIfAborted();
      throw unsent(url, error);
    },
  );
  await readAway(answer);
  if (answer.ok) return;
  throw refused(url, answer);
}

function unsent(url: string, error: unknown): PluginFailure {
  const { hostname, port, protocol, host } = new URL(url);
  const code = errorCode(error);
  if (/^(?:bad port|.*invalid)/i.test(code)) {
    return new PluginFailure("final", `cannot send a request to ${host}: ${code}`);
  }
  const usual = protocol === "https:" ? 443 : 80;
  const peer = { host: hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(port || usual) };
  return unreachable(peer, error);
}

function refused(url: string, { status, headers }: Response): PluginFailure {
  const { host } = new URL(url);
  if (status >= 300 && status < 400) {
    const elsewhere = headers.has("location") ? "; name the address it leads to instead" : "";
    return new PluginFailure("final", `${host} answers ${status}, a redirect${elsewhere}`);
  }
  const isTemporary = status >= 500 || [408, 425, 429].includes(status);
  return new PluginFailure(isTemporary ? "again" : "final", `${host} answers ${status}`);
}

/** A connection can be used again only when its answer has been read. */
async function readAway({ body }: Response): Promise<void> {
  if (body === null) return;
  let bytes = 0;
  const reader = body.getReader();
  try {
    while (bytes < longestAnswer) {
      const { done, value } = await reader.read();
      if (done) return;
      bytes += value.length;
    }
    await reader.cancel();
  } catch {
    // The status is known, which is all that is wanted.
  }
}

/**
 * Headers with the secret filled in. Made once, at the start: what cannot be a header is said then.
 *
 * @throws {Error} that names the header and never shows a value.
 */
export function buildHeaders(headers: Headed["headers"], secret: string, type: string): Headers {
  const built = new Headers({ "user-agent": "sersync" });
  if (type !== "") built.set("content-type", type);
  for (const [name, value] of Object.entries(headers)) {
    try {
      built.set(
        name,
        value.replaceAll("{secret}", () => secret),
      );
    } catch {
      throw new Error(`cannot use the header ${name}: its value cannot be one of a header`);
    }
  }
  return built;
}
