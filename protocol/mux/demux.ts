import { RsyncError } from "../errors.ts";
import { decodeFrameHeader, longestMessage, messageTags } from "./frame.ts";

/** Where a {@link Demux} puts what it finds. Views are valid during the call only. */
export interface DemuxTarget {
  data(view: Uint8Array): void;
  message(tag: number, payload: Buffer): void;
}

const noBytes = Buffer.alloc(0);
const headerLength = 4;

/**
 * Takes a multiplexed stream apart: the payloads of all data frames are one byte stream, every
 * other frame is a message and is handed over whole, in between.
 *
 * Frames may be cut anywhere by the network; frame borders carry no meaning (spec 1 §4.2).
 */
export class Demux {
  readonly #target: DemuxTarget;
  /** Bytes of a header or message that is not complete yet. */
  #partial: Buffer = noBytes;
  #dataLeft = 0;

  constructor(target: DemuxTarget) {
    this.#target = target;
  }

  /** @throws {RsyncError} BAD_STREAM on a tag below 7 or a message longer than 64 KiB. */
  push(chunk: Uint8Array): void {
    let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    while (rest.length > 0) {
      if (this.#partial.length > 0) {
        rest = rest.subarray(this.#complete(rest));
        continue;
      }
      if (this.#dataLeft > 0) {
        const view = rest.subarray(0, this.#dataLeft);
        this.#dataLeft -= view.length;
        rest = rest.subarray(view.length);
        this.#target.data(view);
        continue;
      }
      const taken = this.#takeFrame(rest);
      if (taken === 0) {
        this.#partial = Buffer.from(rest);
        return;
      }
      rest = rest.subarray(taken);
    }
  }

  /** Adds what a header or a message lacks, and nothing of what comes behind it. */
  #complete(from: Buffer): number {
    const { length } = this.#partial;
    const isHeader = length < headerLength;
    const whole = isHeader
      ? headerLength
      : headerLength + decodeFrameHeader(this.#partial.readUInt32LE(0)).length;
    const added = from.subarray(0, whole - length);
    this.#partial = Buffer.concat([this.#partial, added]);
    if (this.#takeFrame(this.#partial) > 0) this.#partial = noBytes;
    return added.length;
  }

  /** Takes a data header, or a whole message, from the front; 0 when it is not all here. */
  #takeFrame(from: Buffer): number {
    if (from.length < headerLength) return 0;
    const { tag, length } = decodeFrameHeader(from.readUInt32LE(0));
    if (tag === messageTags.data) {
      this.#dataLeft = length;
      return headerLength;
    }
    if (tag < 0 || length > longestMessage) {
      throw new RsyncError(
        "BAD_STREAM",
        `Cannot read from the other side: found a frame with tag ${tag} and ${length} bytes`,
      );
    }
    if (from.length < headerLength + length) return 0;
    this.#target.message(tag, from.subarray(headerLength, headerLength + length));
    return headerLength + length;
  }
}
