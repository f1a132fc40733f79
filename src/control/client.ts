import { existsSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { distrustOfOthers, runtimeDirectories, socketPath, type Whereabouts } from "./address.ts";
import { LineError, readLines, writeLine } from "./line.ts";
import { encodeRequest, type Reply, type Request } from "./message.ts";

/** Answers are this program's own; the limit is for what only looks like it. */
const mostReplyBytes = 16 * 1024 * 1024;

/** Why nobody could be asked: for programs. */
export type UnreachableCode = "NOT_RUNNING" | "NO_PERMISSION" | "NO_ANSWER";

/** Nobody could be asked. */
export class Unreachable extends Error {
  readonly code: UnreachableCode;

  constructor(code: UnreachableCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What a socket's file says without a word being exchanged. */
export type Presence = "alive" | "dead" | "forbidden" | "absent";

/** Whether somebody listens at `path`. */
export async function presenceAt(path: string): Promise<Presence> {
  try {
    (await open(path)).destroy();
    return "alive";
  } catch (error) {
    return presenceOf(error as NodeJS.ErrnoException);
  }
}

/** EAGAIN, not listed, is a sign of life: so many wait that there is no room to wait. */
const presences: Readonly<Record<string, Presence>> = {
  ENOENT: "absent",
  ENOTDIR: "absent",
  ECONNREFUSED: "dead",
  ENOTSOCK: "dead",
  EACCES: "forbidden",
  EPERM: "forbidden",
};

function presenceOf({ code = "" }: NodeJS.ErrnoException): Presence {
  return presences[code] ?? "alive";
}

/** Where the socket of a key is, in the first directory that has a live one. */
export async function findSocket(key: string, whereabouts: Whereabouts = {}): Promise<Found> {
  let best: Found = { presence: "absent" };
  for (const directory of runtimeDirectories(whereabouts)) {
    const path = socketPath(directory, key);
    if (distrustOfOthers(directory, whereabouts.uid) !== undefined) continue;
    const presence = await presenceAt(path);
    if (presence === "alive") return { presence, path };
    if (presence !== "absent" && best.presence !== "forbidden") best = { presence, path };
  }
  return best;
}

/** A socket's place and state; `path` is missing when there is none. */
export interface Found {
  readonly presence: Presence;
  readonly path?: string;
}

/**
 * Asks the process that a key belongs to.
 *
 * @throws {Unreachable} when there is none, it may not be asked, or does not answer in time.
 */
export async function* ask(
  key: string,
  request: Request,
  { deadlineMs = 30_000, ...whereabouts }: Whereabouts & { readonly deadlineMs?: number } = {},
): AsyncGenerator<Reply> {
  const found = await findSocket(key, whereabouts);
  if (found.presence !== "alive" || found.path === undefined) throw unreachable(found);
  const socket = await open(found.path);
  const late = setTimeout(() => socket.destroy(noAnswer(deadlineMs)), deadlineMs);
  try {
    await writeLine(socket, encodeRequest(request));
    for await (const reply of readLines(socket, mostReplyBytes)) yield reply as Reply;
  } catch (error) {
    if (error instanceof LineError) throw new Unreachable("NO_ANSWER", error.message);
    if ((error as NodeJS.ErrnoException).code !== "ECONNRESET") throw error;
  } finally {
    clearTimeout(late);
    socket.destroy();
  }
}

function noAnswer(deadlineMs: number): Unreachable {
  const seconds = deadlineMs / 1_000;
  return new Unreachable("NO_ANSWER", `it runs, but did not answer within ${seconds} s`);
}

function unreachable({ presence, path = "" }: Found): Unreachable {
  if (presence === "forbidden") {
    return new Unreachable("NO_PERMISSION", `it runs as another user, who owns ${path}`);
  }
  const left = presence === "dead" && existsSync(path) ? "; it ended without cleaning up" : "";
  return new Unreachable("NOT_RUNNING", `it does not run${left}`);
}

async function open(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      socket.on("error", () => {}); // whoever reads or writes is told as well
      resolve(socket);
    });
  });
}
