import type { Socket } from "node:net";
import type { RsyncError } from "../../protocol/errors.ts";
import type { SessionFeatures } from "../../protocol/handshake/argv.ts";
import { asBytePath } from "../../protocol/path.ts";
import type { PushObserver, PushReport } from "../../protocol/report.ts";
import { Session } from "../../protocol/session.ts";
import { LocalTree } from "../../protocol/source/local.ts";
import { listsOf } from "../../protocol/source/walk-branch.ts";
import { FileIndexWriter, indexDone } from "../../protocol/wire/file-index.ts";
import { writeVarint } from "../../protocol/wire/varint.ts";
import { writeVstring } from "../../protocol/wire/vstring.ts";
import { encoded } from "../../protocol/wire/writer.ts";
import { setUpBytes, startPeer } from "../support/peer.ts";
import { makeTree, temporaryDirectory } from "../support/tree.ts";
import { frame } from "./mux/frames.ts";

/** What a daemon asks of one entry; the default is the content of a file it has not. */
export interface Ask {
  readonly index: number;
  readonly flags?: number;
  /** The four numbers of the sum head, and what follows them. */
  readonly head?: readonly number[];
  /** With the flag for it: the name that follows. */
  readonly name?: string;
  /** What follows the mark of counted deletions. */
  readonly counts?: readonly number[];
}

/** The end of a phase. */
export const done: Ask = { index: indexDone };
/** All ends of phases, and the goodbye, of protocol 31 and 32. */
export const goodbye: readonly Ask[] = [done, done, done, done, done];

/** A frame with everything that is asked, one after the other. */
export function asks(...items: readonly Ask[]): Buffer {
  const indices = new FileIndexWriter();
  const bytes = encoded((to) => {
    for (const { index, flags = 0xa000, head = [0, 0, 0, 0], name, counts } of items) {
      indices.write(to, index);
      for (const count of counts ?? []) writeVarint(to, count);
      if (index === indexDone || counts !== undefined) continue;
      to.uint16(flags);
      if (name !== undefined) writeVstring(to, name);
      if ((flags & 0x8000) !== 0) for (const number of head) to.int32(number);
    }
  });
  return frame(0, bytes);
}

/** A message that carries one integer: an acknowledgement, a timeout, an exit code. */
export function message(tag: number, value: number): Buffer {
  return frame(
    tag,
    encoded((to) => to.int32(value)),
  );
}

/** As {@link ready}, of a daemon that takes file lists in pieces. */
export const readyForLists: Buffer = setUpBytes({ names: ["xxh64 md5 none"], compat: 0x1ff });

/** How the set-up of these sessions looks: a checksum is asked for. */
export const ready: Buffer = setUpBytes({ names: ["xxh64 md5 none"] });

/** What to say once everything that was heard looks like this. */
export type Step = readonly [heard: RegExp, say: Uint8Array];

/** Says one thing after the other, each when it has heard what it waits for. */
export function converse(steps: readonly Step[]): (socket: Socket) => void {
  return (socket) => {
    const left = [...steps];
    let heard = "";
    const speak = (): void => {
      for (let [next] = left; next?.[0].test(heard); [next] = left) {
        socket.write(next[1]);
        left.shift();
      }
    };
    socket.on("data", (chunk: Buffer) => {
      heard += chunk.toString("latin1");
      speak();
    });
    speak();
  };
}

/** Our checksum's name ends the set-up; what follows it is the file list. */
export const list: RegExp = /xxh64./s;

/** Says `said` when the file list comes in: real daemons wait for it. */
export function afterList(said: Uint8Array, setUp = ready): (socket: Socket) => void {
  return converse([
    [/^/, setUp],
    [list, said],
  ]);
}

/** A tree with two listed files and a listed directory; what is in "unlisted" must never leave. */
export const secret = "the content of a file that is not in the list";

export interface Pushed {
  readonly error: RsyncError | undefined;
  readonly report: PushReport | undefined;
  readonly received: Buffer;
}

export interface PushedOptions {
  readonly timeoutMs?: number;
  readonly features?: SessionFeatures;
  readonly signal?: AbortSignal;
  readonly told?: PushObserver;
  /** What is in "a". */
  readonly content?: string | Buffer;
}

/**
 * Pushes "", "a", "b" and the directory "d" (indices 0 to 3) to a peer that treats the connection
 * as `answer` does, or just says these bytes and waits.
 */
export async function pushTo(
  answer: Uint8Array | ((socket: Socket) => void),
  { timeoutMs = 5_000, features, signal, told, content = "hello\n" }: PushedOptions = {},
): Promise<Pushed> {
  using directory = temporaryDirectory();
  makeTree(directory.path, { a: content, b: "other", "d/unlisted": secret });
  const tree = new LocalTree(directory.path);
  const entries = ["", "a", "b", "d"].map((path) => tree.current(asBytePath(path)));
  await using peer = await startPeer((socket) => {
    if (answer instanceof Uint8Array) socket.write(answer);
    else answer(socket);
  });
  const options = {
    transfer: { recursive: true, times: true, perms: true },
    features: features ?? { acknowledge: true },
    timeoutMs,
    signal,
  };
  const outcome = await pushOver(peer.port, options, [entries, tree, told]);
  return { ...outcome, received: await peer.received() };
}

/**
 * As {@link pushTo}, in pieces: "" (0), its content "" "a" "b" "d" (1 to 4), then "d" (5) and
 * "d/unlisted" (6).
 */
export async function pushListsTo(
  answer: Uint8Array | ((socket: Socket) => void),
  { timeoutMs = 5_000, features, signal }: PushedOptions = {},
): Promise<Pushed> {
  using directory = temporaryDirectory();
  makeTree(directory.path, { a: "hello\n", b: "other", "d/unlisted": secret });
  const tree = new LocalTree(directory.path);
  await using peer = await startPeer((socket) => {
    if (answer instanceof Uint8Array) socket.write(answer);
    else answer(socket);
  });
  const target = { host: "127.0.0.1", port: peer.port, module: "m" };
  let session: Session | undefined;
  try {
    session = await Session.open(target, {
      transfer: { recursive: true, times: true, perms: true },
      features: features ?? { acknowledge: true, incremental: true },
      timeoutMs,
      signal,
    });
    const lists = listsOf(tree, {}, () => false);
    if (lists === undefined) throw new Error("the tree has no root");
    const report = await session.pushLists(lists, tree, { keepsPaths: true });
    return { report, error: undefined, received: await peer.received() };
  } catch (error) {
    session?.close();
    return { report: undefined, error: error as RsyncError, received: await peer.received() };
  }
}

async function pushOver(
  port: number,
  options: Parameters<typeof Session.open>[1],
  pushed: Parameters<Session["push"]>,
): Promise<Pick<Pushed, "error" | "report">> {
  try {
    const session = await Session.open({ host: "127.0.0.1", port, module: "m" }, options);
    return { report: await session.push(...pushed), error: undefined };
  } catch (error) {
    return { report: undefined, error: error as RsyncError };
  }
}
