import type { IncomingMessage } from "node:http";
import type { Logger } from "pino";
import { LineError } from "../control/line.ts";
import {
  controlVersion,
  parseRequest,
  type RefusalCode,
  type Reply,
  type Request,
} from "../control/message.ts";
import { Allowance } from "../target/repeats.ts";
import { isAuthorized } from "./token.ts";

/** What can be asked over HTTP: nothing that ends the program or reads its files again. */
export const actionNames = ["resync", "retry", "pause", "resume", "allow-deletions"] as const;

/** What one configuration of the process answered. */
export type ActionResult = Reply & { readonly file: string };

export interface ActionOptions {
  readonly log: Logger;
  /** Whoever knows the token in it may ask; undefined: nobody. */
  readonly tokenFile: string | undefined;
  /** Asks the configuration of that file, or all. */
  readonly carryOut: (request: Request, file?: string) => Promise<readonly ActionResult[]>;
}

/** An answer over HTTP. */
export interface ActionAnswer {
  readonly status: number;
  readonly body: object;
}

/** The longest path, each byte of it escaped, and some more. */
const mostBytes = 20_000;
const statusOf: Readonly<Record<RefusalCode, number>> = {
  BAD_REQUEST: 400,
  NOT_FOUND: 404,
  NOT_READY: 409,
  BAD_CONFIG: 422,
  FAILED: 500,
};

/** What can be asked over HTTP of a running program, by whoever knows the token. */
export class Actions {
  readonly #options: ActionOptions;
  readonly #wrongTokens = new Allowance(5, 60_000);
  readonly #badFiles = new Allowance(5, 60_000);

  constructor(options: ActionOptions) {
    this.#options = options;
  }

  /** What may be asked; with an `Authorization` header also whether it is right. */
  list(headers: IncomingMessage["headers"]): ActionAnswer {
    const { tokenFile } = this.#options;
    if (tokenFile === undefined) return { status: 200, body: { actions: [] } };
    const { authorization } = headers;
    const refused = authorization && this.#refusalOf(authorization, tokenFile);
    return refused || { status: 200, body: { actions: actionNames } };
  }

  /** Carries out what a request's body asks for, one JSON object: `{"do":"pause","target":…}`. */
  async answer(request: IncomingMessage): Promise<ActionAnswer> {
    const { tokenFile, log, carryOut } = this.#options;
    if (tokenFile === undefined) return refusal(403, "no actions: there is no --token-file");
    const from = request.socket.remoteAddress;
    const refused = this.#refusalOf(request.headers.authorization, tokenFile);
    if (refused !== undefined) {
      const untold = refused === wrongToken ? this.#wrongTokens.ask(performance.now()) : undefined;
      if (untold !== undefined) log.warn({ from, untold }, "a request with a wrong token");
      return refused;
    }
    try {
      const { file, ...asked } = parseAction(await readBody(request));
      log.info({ from, ...asked }, `asked for over HTTP: ${asked.do}`);
      return answerOf(await carryOut(asked, file));
    } catch (error) {
      if (error instanceof LineError) return refusal(400, error.message);
      throw error;
    }
  }

  /** Undefined when the token is right. */
  #refusalOf(authorization: string | undefined, tokenFile: string): ActionAnswer | undefined {
    try {
      return isAuthorized(authorization, tokenFile) ? undefined : wrongToken;
    } catch (error) {
      // Where the file is, and what is wrong with it, is for whoever may read the log.
      const { message: reason } = error as Error;
      const untold = this.#badFiles.ask(performance.now());
      if (untold !== undefined) {
        this.#options.log.error({ reason, untold }, "the token file cannot be used");
      }
      return refusal(503, "the token file cannot be used; the log says why");
    }
  }
}

const wrongToken: ActionAnswer = refusal(401, "the token is missing or wrong");

function refusal(status: number, error: string): ActionAnswer {
  return { status, body: { ok: false, error } };
}

/** All that succeeded counts; where nothing did, the first reason. */
function answerOf(results: readonly ActionResult[]): ActionAnswer {
  const ok = results.some((result) => result.ok);
  const first = results.find((result) => !result.ok);
  if (ok || first === undefined) {
    return results.length === 0
      ? refusal(404, "there is no such configuration")
      : { status: 200, body: { ok, results } };
  }
  return { status: statusOf[first.code], body: { ok, error: first.error, results } };
}

/** @throws {LineError} when it asks for something else. */
function parseAction(text: string): Request & { readonly file?: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new LineError("the body is no JSON");
  }
  if (typeof value !== "object" || value === null) throw new LineError("the body is no object");
  const { do: what, file } = value as Readonly<Record<string, unknown>>;
  if (!actionNames.some((name) => name === what)) {
    throw new LineError(`"do" is none of ${actionNames.join(", ")}`);
  }
  if (file !== undefined && typeof file !== "string") throw new LineError("file is a string");
  const request = parseRequest({ ...value, sersync: controlVersion });
  return file === undefined ? request : { ...request, file };
}

/** @throws {LineError} when it is too long. */
async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  // Who said too much is still told so.
  const parts = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  for await (const chunk of parts) {
    length += chunk.length;
    if (length > mostBytes) throw new LineError(`the body is longer than ${mostBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
