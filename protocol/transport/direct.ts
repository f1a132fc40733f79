import { connect, type Socket, type TcpNetConnectOpts } from "node:net";
import type { Connection } from "./connection.ts";

const bufferBytes = 256 * 1024;
let shared: Buffer | undefined;

/**
 * A socket that reads into one buffer, which serves all of a thread: what arrives is used up before
 * the next read. A stream takes fresh memory for every 64 KiB, and a third longer for a large file.
 */
export function connectDirectly(options: TcpNetConnectOpts): Socket & Connection {
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
  return Object.assign(connect({ ...options, onread: { buffer, callback } }), { receive });
}
