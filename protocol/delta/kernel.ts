import { hashFactor, type IndexSize, type IndexTables } from "./block-index.ts";
import { weakSum } from "./rolling.ts";

/** The inner loops of the search, and the memory they run over. */
export interface ScanKernel {
  /** Holds the bytes being searched, with at least one byte to spare behind them. */
  readonly window: Uint8Array;
  readonly tables: IndexTables;
  /** Weak sum of `window[offset … offset + blockLength)`, where the last scan ended. */
  readonly weak: number;
  /** The weak sum of `length` bytes from `offset`. */
  sum(offset: number, length: number): number;
  /**
   * The first offset in `[from, to)` at which a block begins whose weak sum is in the index; `to`
   * if there is none. `weak` is the sum at `from`. Reads the window up to `to + blockLength`.
   */
  scan(from: number, to: number, weak: number): number;
  /** Gives the memory back; the kernel is not used afterwards. */
  release(): void;
}

export interface KernelSize {
  readonly windowBytes: number;
  readonly blockLength: number;
  readonly index: IndexSize;
}

/** The reference kernel: plain TypeScript, runs everywhere. */
export class PlainKernel implements ScanKernel {
  readonly window: Uint8Array;
  readonly tables: IndexTables;
  weak = 0;
  readonly #signed: Int8Array;
  readonly #blockLength: number;
  readonly #bitmapShift: number;
  readonly #bucketShift: number;

  constructor(size: KernelSize) {
    const { bitmapBits, buckets, blocks } = size.index;
    this.window = new Uint8Array(size.windowBytes);
    this.#signed = new Int8Array(this.window.buffer);
    this.#blockLength = size.blockLength;
    this.#bitmapShift = 32 - Math.log2(bitmapBits);
    this.#bucketShift = 32 - Math.log2(buckets);
    this.tables = {
      bitmap: new Int32Array(bitmapBits / 32),
      heads: new Int32Array(buckets),
      next: new Int32Array(blocks),
      weak: new Int32Array(blocks),
    };
  }

  sum(offset: number, length: number): number {
    return weakSum(this.#signed, offset, offset + length);
  }

  scan(from: number, to: number, weak: number): number {
    const signed = this.#signed;
    const { bitmap } = this.tables;
    const length = this.#blockLength;
    const factor = length << 16;
    const shift = this.#bitmapShift;
    // Both halves of the sum stay in the upper 16 bits of a word, where they wrap by themselves.
    let s1 = weak << 16;
    let s2 = weak & 0xffff0000;
    let offset = from;
    for (; offset < to; offset += 1) {
      const sum = s2 | (s1 >>> 16);
      const bit = Math.imul(sum, hashFactor) >>> shift;
      if ((((bitmap[bit >>> 5] as number) >>> bit) & 1) === 1 && this.#isIndexed(sum)) break;
      const left = signed[offset] as number;
      s1 = (s1 + (((signed[offset + length] as number) - left) << 16)) | 0;
      s2 = (s2 + s1 - Math.imul(factor, left)) | 0;
    }
    this.weak = (s2 | (s1 >>> 16)) >>> 0;
    return offset;
  }

  release(): void {
    // nothing but garbage-collected memory
  }

  /** Walks the bucket of the sum, a signed 32-bit integer here. */
  #isIndexed(sum: number): boolean {
    const { heads, next, weak } = this.tables;
    let block = heads[Math.imul(sum, hashFactor) >>> this.#bucketShift] as number;
    while (block >= 0 && weak[block] !== sum) block = next[block] as number;
    return block >= 0;
  }
}
