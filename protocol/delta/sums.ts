import { RsyncError } from "../errors.ts";
import type { Cursor } from "../wire/cursor.ts";
import { readInt32 } from "../wire/int.ts";
import type { Writer } from "../wire/writer.ts";
import { classicStrongLength, longestBlockLength } from "./block-size.ts";

/** How the peer has cut its basis file into blocks. All zero: it has none, send the whole file. */
export interface SumHead {
  /** Number of blocks. */
  readonly count: number;
  /** Bytes in each block but perhaps the last. */
  readonly blockLength: number;
  /** Bytes of each strong sum that can be compared; this is echoed. */
  readonly strongLength: number;
  /** Bytes in the last block, 0 when it is as long as the others. */
  readonly remainder: number;
}

/** A head as it was read. */
export interface ReadSumHead extends SumHead {
  /** Bytes of each strong sum that are on the wire: more than `strongLength` in some redo passes. */
  readonly announcedStrongLength: number;
}

/**
 * A sum head: four little-endian 32-bit integers.
 *
 *     count  blockLength  strongLength  remainder
 *
 * Generators before 3.5.0 announce 16 bytes of an 8-byte digest when they ask again for a file; the
 * half that is left is memory garbage, and receivers refuse the 16 when it is echoed.
 *
 * Wire: protocol 27 and later (spec: rsync.h, struct sum_struct; limits as rsync's own).
 *
 * @throws {RsyncError} BAD_STREAM when a number is outside its limits.
 */
export function readSumHead(from: Cursor, digestLength: number, protocol = 32): ReadSumHead {
  const offset = from.offset;
  const count = readInt32(from);
  const blockLength = readInt32(from);
  const announcedStrongLength = readInt32(from);
  const remainder = readInt32(from);
  const longestBlock = longestBlockLength(protocol);
  const longestSum = Math.max(digestLength, classicStrongLength);
  expectWithin("block count", count, 0, 0x7fffffff, offset);
  expectWithin("block length", blockLength, count > 0 ? 1 : 0, longestBlock, offset);
  // A match by weak sums alone would build a wrong file: where there are blocks, strong sums are.
  expectWithin("strong sum length", announcedStrongLength, count > 0 ? 1 : 0, longestSum, offset);
  expectWithin("remainder", remainder, 0, blockLength, offset);
  const strongLength = Math.min(announcedStrongLength, digestLength);
  return { count, blockLength, strongLength, remainder, announcedStrongLength };
}

function expectWithin(what: string, value: number, low: number, high: number, at: number): void {
  if (value >= low && value <= high) return;
  throw new RsyncError(
    "BAD_STREAM",
    `Cannot read block sums: ${what} is ${value}, allowed are ${low} to ${high}`,
    { offset: at },
  );
}

/** Length in bytes of a head on the wire. */
export const sumHeadLength = 16;

/** Writes the bytes {@link readSumHead} reads back: a request's head, or its echo. */
export function writeSumHead(to: Writer, head: SumHead): void {
  to.int32(head.count);
  to.int32(head.blockLength);
  to.int32(head.strongLength);
  to.int32(head.remainder);
}

/** Length in bytes of the basis file that a head describes. */
export function basisLength(head: SumHead): number {
  const missing = head.remainder === 0 ? 0 : head.blockLength - head.remainder;
  return head.count * head.blockLength - missing;
}

/**
 * Blocks whose sums are kept; what comes after them is read past. 2^22 blocks are 512 GiB at the
 * block length rsync chooses. Leaving blocks out is always legal: their bytes travel as literals.
 */
export const maxKeptBlocks: number = 2 ** 22;

/** The checksums of a peer's blocks, filled while they arrive. */
export class BlockSums {
  readonly head: ReadSumHead;
  readonly #kept: number;
  #weak: Uint32Array;
  #strong: Uint8Array;
  #read = 0;

  constructor(head: ReadSumHead) {
    this.head = head;
    this.#kept = Math.min(head.count, maxKeptBlocks);
    const first = Math.min(this.#kept, 1024); // grows with what arrives, not with what is announced
    this.#weak = new Uint32Array(first);
    this.#strong = new Uint8Array(first * head.strongLength);
  }

  /** Number of blocks that can be looked for. */
  get kept(): number {
    return Math.min(this.#read, this.#kept);
  }

  /** Weak sums by block; valid up to {@link kept}. */
  get weak(): Uint32Array {
    return this.#weak;
  }

  /** Strong sums, `head.strongLength` bytes for each block. */
  get strong(): Uint8Array {
    return this.#strong;
  }

  /** Bytes in block `block`. */
  blockLength(block: number): number {
    const { count, blockLength, remainder } = this.head;
    return block === count - 1 && remainder > 0 ? remainder : blockLength;
  }

  /**
   * Takes all whole sums that are there, and says whether that was the last of them. Never throws
   * NeedMoreBytes: call again with the bytes that follow.
   *
   *     weak (4, little-endian)  strong (announcedStrongLength)
   */
  read(from: Cursor): boolean {
    const { count, announcedStrongLength } = this.head;
    const size = 4 + announcedStrongLength;
    const here = Math.min(count - this.#read, Math.floor(from.available / size));
    const keepable = Math.max(0, Math.min(here, this.#kept - this.#read));
    this.#grow(this.#read + keepable);
    const bytes = from.bytes(here * size);
    for (let i = 0; i < keepable; i += 1) this.#take(bytes, i * size, this.#read + i);
    this.#read += here;
    return this.#read === count;
  }

  #take(bytes: Uint8Array, at: number, block: number): void {
    this.#weak[block] =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    const length = this.head.strongLength;
    const to = block * length;
    for (let i = 0; i < length; i += 1) this.#strong[to + i] = bytes[at + 4 + i] as number;
  }

  #grow(needed: number): void {
    if (needed <= this.#weak.length) return;
    const blocks = Math.min(this.#kept, Math.max(needed, 2 * this.#weak.length));
    const weak = new Uint32Array(blocks);
    weak.set(this.#weak);
    const strong = new Uint8Array(blocks * this.head.strongLength);
    strong.set(this.#strong);
    this.#weak = weak;
    this.#strong = strong;
  }
}
