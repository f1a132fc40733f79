import type { DemuxTarget } from "../../../protocol/mux/demux.ts";
import type { FrameSink } from "../../../protocol/mux/mux.ts";

/** A frame as the wire notes picture it: length (3, little-endian), tag + 7, payload. */
export function frame(tag: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  const header = Buffer.from([length & 0xff, (length >> 8) & 0xff, length >> 16, tag + 7]);
  return Buffer.concat([header, payload]);
}

/** A message and how many bytes of data came before it. */
export interface Found {
  readonly at: number;
  readonly tag: number;
  readonly payload: string;
}

/** Writes down, as copies, what a demultiplexer finds. */
export function collector(): DemuxTarget & {
  result(): { data: string; messages: readonly Found[] };
} {
  const data: Buffer[] = [];
  const messages: Found[] = [];
  let at = 0;
  return {
    data: (view) => {
      data.push(Buffer.from(view));
      at += view.length;
    },
    message: (tag, payload) => void messages.push({ at, tag, payload: payload.toString("latin1") }),
    result: () => ({ data: Buffer.concat(data).toString("hex"), messages }),
  };
}

/** Keeps what a multiplexer sends; hands out small buffers, so that they overflow soon. */
export function memorySink(bufferBytes = 64): FrameSink & { sent(): Buffer; frames: Buffer[] } {
  const frames: Buffer[] = [];
  return {
    frames,
    take: () => Buffer.alloc(bufferBytes),
    send: (buffer, length) => void frames.push(Buffer.from(buffer.subarray(0, length))),
    sent: () => Buffer.concat(frames),
  };
}
