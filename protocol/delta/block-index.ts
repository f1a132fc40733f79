import type { BlockSums } from "./sums.ts";

/** The arrays a search runs over; plain, or views of a WebAssembly memory. */
export interface IndexTables {
  /** One bit per hash of a weak sum that some block has: answers most offsets with "no". */
  readonly bitmap: Int32Array;
  /** First block of each bucket, or -1. */
  readonly heads: Int32Array;
  /** The block after each block in its bucket, or -1. */
  readonly next: Int32Array;
  readonly weak: Int32Array;
}

/** How large each table is, in elements. Both counts are powers of two. */
export interface IndexSize {
  readonly bitmapBits: number;
  readonly buckets: number;
  readonly blocks: number;
}

/** Odd, from the golden ratio: multiplied with a weak sum, its high bits depend on all of the sum. */
export const hashFactor: number = 0x9e3779b1 | 0;

/**
 * Blocks in one bucket at most. Only hostile or strangely uniform sums have more; those left out
 * are still found where they follow a match. Without the limit such sums cost quadratic time.
 */
const maxChain = 64;

/**
 * Sizes for `blocks` blocks: half a block per bucket, and one bit in 32 to 256 of the bitmap set.
 * Fewer set bits mean fewer mispredicted branches, up to where the bitmap leaves the CPU's cache.
 */
export function indexSize(blocks: number): IndexSize {
  const power = Math.max(6, Math.ceil(Math.log2(blocks + 1)));
  const sparse = Math.min(power + 7, Math.max(20, power + 5));
  return { bitmapBits: 2 ** Math.min(sparse, 23), buckets: 2 ** Math.min(power + 1, 23), blocks };
}

export interface BlockIndexOptions {
  /** Of blocks with the same sums, keep the last instead of the first. */
  readonly keepLast: boolean;
}

/** Finds the blocks that have a given weak sum. */
export class BlockIndex {
  readonly tables: IndexTables;
  readonly #sums: BlockSums;
  readonly #bucketShift: number;
  readonly #bitmapShift: number;

  /** Indexes all blocks of full length into `tables`, whose sizes are {@link indexSize}'s. */
  constructor(sums: BlockSums, tables: IndexTables, options: BlockIndexOptions) {
    this.#sums = sums;
    this.tables = tables;
    this.#bucketShift = 32 - Math.log2(tables.heads.length);
    this.#bitmapShift = 32 - Math.log2(tables.bitmap.length * 32);
    tables.bitmap.fill(0);
    tables.heads.fill(-1);
    tables.weak.set(sums.weak.subarray(0, sums.kept));
    const full = fullBlocks(sums);
    for (let i = 0; i < full; i += 1) this.#add(options.keepLast ? full - 1 - i : i);
  }

  /** The first block with this weak sum, or -1. */
  first(weak: number): number {
    const bucket = Math.imul(weak, hashFactor) >>> this.#bucketShift;
    return this.#withSum(this.tables.heads[bucket] as number, weak | 0);
  }

  /** The next block after `block` with the same weak sum, or -1. */
  after(block: number): number {
    const { next, weak } = this.tables;
    return this.#withSum(next[block] as number, weak[block] as number);
  }

  #withSum(start: number, sum: number): number {
    const { next, weak } = this.tables;
    let block = start;
    while (block >= 0 && weak[block] !== sum) block = next[block] as number;
    return block;
  }

  #add(block: number): void {
    const { bitmap, heads, next, weak } = this.tables;
    const sum = weak[block] as number;
    const mixed = Math.imul(sum, hashFactor);
    const bucket = mixed >>> this.#bucketShift;
    let last = -1;
    let length = 0;
    for (let other = heads[bucket] as number; other >= 0; other = next[other] as number) {
      length += 1;
      if (length === maxChain || (weak[other] === sum && this.#sameStrong(other, block))) return;
      last = other;
    }
    next[block] = -1;
    if (last < 0) heads[bucket] = block;
    else next[last] = block;
    const bit = mixed >>> this.#bitmapShift;
    bitmap[bit >>> 5] = (bitmap[bit >>> 5] as number) | (1 << (bit & 31));
  }

  #sameStrong(a: number, b: number): boolean {
    const { strong, head } = this.#sums;
    const length = head.strongLength;
    for (let i = 0; i < length; i += 1) {
      if (strong[a * length + i] !== strong[b * length + i]) return false;
    }
    return true;
  }
}

/** How many of the kept blocks have the full length: the short last one is looked for by itself. */
function fullBlocks(sums: BlockSums): number {
  const { count, blockLength } = sums.head;
  const hasShortLast =
    sums.kept === count && count > 0 && sums.blockLength(count - 1) < blockLength;
  return hasShortLast ? count - 1 : sums.kept;
}
