import { connect, type OnReadOpts, Socket, type TcpNetConnectOpts } from "node:net";
import type { Connection } from "./connection.ts";

const bufferBytes = 256 * 1024;
let shared: Buffer | undefined;

/**
 * A socket that reads into one buffer, which serves all of a thread: what arrives is used up before
 * the next read. A stream takes fresh memory for every 64 KiB, and a third longer for a large file.
 */
export function connectDirectly(options: TcpNetConnectOpts): Socket & Connection {
  const { onread, receive } = openInbox();
  return Object.assign(connect({ ...options, onread }), { receive });
}

/** What Node keeps of a connection's socket, and nobody has documented. */
interface Accepted {
  _handle?: { readonly useUserBuffer?: unknown } | null;
}

/**
 * The same for a connection that a server has accepted, which can tell nobody how to read: it goes
 * on as another socket, which ends together with the first. Where this Node keeps it elsewhere, it
 * stays the stream that it is.
 *
 * @param accepted with `pauseOnConnect`: nothing was read from it.
 */
export function readDirectly(accepted: Socket): Socket & Connection {
  const inside = accepted as unknown as Accepted;
  const handle = inside._handle;
  if (typeof handle?.useUserBuffer !== "function") return accepted;
  const { onread, receive } = openInbox();
  const socket = new Socket({ handle, onread } as ConstructorParameters<typeof Socket>[0]);
  inside._handle = null;
  accepted.once("close", () => socket.destroy());
  socket.once("close", () => accepted.destroy()); // until then the server counts it
  return Object.assign(socket, { receive });
}

interface Inbox {
  readonly onread: OnReadOpts;
  readonly receive: (take: (view: Buffer) => void) => void;
}

/** Takes what is read to whoever receives it. */
function openInbox(): Inbox {
  shared ??= Buffer.allocUnsafeSlow(bufferBytes);
  const buffer = shared;
  let take: ((view: Buffer) => void) | undefined;
  let early: Buffer | undefined;
  const callback = (length: number): boolean => {
    const view = buffer.subarray(0, length);
    if (take === undefined) early = Buffer.from(view);
    else take(view);
    return take !== undefined; // who is not taken from yet reads no further
  };
  const receive = (taker: (view: Buffer) => void): void => {
    take = taker;
    if (early !== undefined) taker(early);
    early = undefined;
  };
  return { onread: { buffer, callback }, receive };
}
