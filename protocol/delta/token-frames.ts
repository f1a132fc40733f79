import type { TokenOutput } from "./tokens.ts";

/** A chunk of compressed data is at most this long: its length has 14 bits. */
export const chunkBytes: number = 16_383;

/** A run of blocks is cut here: its length has 16 bits. */
const maxRun = 65_536;
const end = 0x00;
const block = 0x20;
const blockRun = 0x21;
const data = 0x40;
const relativeBlock = 0x80;
const relativeBlockRun = 0xc0;
/** A run that begins at most so many blocks after the last one is told by its distance. */
const maxDistance = 63;

/**
 * The frames that all compressed token streams share.
 *
 *     00                     end of file
 *     20 block(4)            one block
 *     21 block(4) more(2)    a run: this block and `more` that follow it
 *     40|high low  bytes     compressed data, 14-bit length
 *     80|distance            one block, counted from the last one told
 *     c0|distance more(2)    a run, likewise
 *
 * Wire: every protocol, with compression (spec: token.c, send_deflated_token).
 */
export class TokenFrames {
  readonly #out: TokenOutput;
  /** The last block told in this file; 0 at its start. */
  #last = 0;
  /** The run not told yet: it has no blocks when `#runNext` is `#runStart`. */
  #runStart = 0;
  #runNext = 0;

  constructor(out: TokenOutput) {
    this.#out = out;
  }

  /** Adds a block to the run, telling the run before it where the block does not follow. */
  block(number: number): void {
    const follows = number === this.#runNext && number - this.#runStart < maxRun;
    if (!follows || this.#runNext === this.#runStart) {
      this.endRun();
      this.#runStart = number;
    }
    this.#runNext = number + 1;
  }

  /** Tells the run so far; compressed data may follow. */
  endRun(): void {
    if (this.#runNext === this.#runStart) return;
    const distance = this.#runStart - this.#last;
    const more = this.#runNext - this.#runStart - 1;
    const isNear = distance >= 0 && distance <= maxDistance;
    if (isNear) {
      this.#out.uint8((more > 0 ? relativeBlockRun : relativeBlock) | distance);
    } else {
      this.#out.uint8(more > 0 ? blockRun : block);
      this.#out.int32(this.#runStart);
    }
    if (more > 0) this.#out.uint16(more);
    this.#last = this.#runNext - 1;
    this.#runStart = this.#runNext;
  }

  /** Compressed data of any length, in as many chunks as it takes. */
  data(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      const chunk = bytes.subarray(at, at + chunkBytes);
      this.#out.uint8(data | (chunk.length >>> 8));
      this.#out.uint8(chunk.length & 0xff);
      this.#out.bytes(chunk);
    }
  }

  /** Ends the file; numbers start anew. */
  end(): void {
    this.endRun();
    this.#out.uint8(end);
    this.#last = 0;
    this.#runStart = 0;
    this.#runNext = 0;
  }
}
