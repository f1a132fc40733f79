import { BlockIndex, indexSize } from "./block-index.ts";
import type { StrongChecksum } from "./checksum.ts";
import type { KernelSize, ScanKernel } from "./kernel.ts";
import { rollWeakSum } from "./rolling.ts";
import type { BlockSums } from "./sums.ts";
import { literalBytes } from "./tokens.ts";
import { openKernel } from "./wasm-kernel.ts";

/** Takes a file as what must travel and what the peer has. The bytes are valid during the call. */
export interface TokenEmitter {
  literal(bytes: Uint8Array): void;
  match(block: number, bytes: Uint8Array): void;
}

export interface BlockMatcherOptions {
  /**
   * The peer overwrites its basis while it reads it: a block is used only where it has not been
   * overwritten yet. Default false.
   */
  readonly inplace?: boolean;
  /** Where the inner loops run. Default: WebAssembly where there is a kernel, else TypeScript. */
  readonly kernel?: (size: KernelSize) => ScanKernel;
}

/** Shorter blocks are not looked for: only a hostile peer has them, to make each byte a match. */
const minSearchedBlock = 64;
/** Nor are longer ones, possible below protocol 30 only: the window would be too large. */
const maxSearchedBlock = 16 * 1024 * 1024;
const feedBytes = 256 * 1024;

/**
 * Strong sums that fail cost time without moving on. Their bytes must not exceed this head start
 * plus {@link wastePerByte} for each byte searched; beyond that, offsets are skipped. Keeps the
 * search linear against sums made to collide.
 */
const wasteHeadStart = 4 * 1024 * 1024;
const wastePerByte = 4;

/**
 * Finds, in a file that is fed in chunks, the blocks the peer already has.
 *
 *     feed ─► window: [ unsent literals │ block at the offset │ not looked at yet ]
 *
 * Matches come in file order. Memory: two blocks' worth of window plus a fixed part, and the index.
 */
export class BlockMatcher {
  readonly #sums: BlockSums;
  readonly #strong: StrongChecksum;
  readonly #emit: TokenEmitter;
  readonly #inplace: boolean;
  readonly #kernel: ScanKernel | undefined;
  readonly #index: BlockIndex | undefined;
  readonly #blockLength: number;
  /** File offset of the window's first byte. */
  #base = 0;
  /** Window offsets: unsent literals begin at start, the search stands at offset, bytes end at end. */
  #start = 0;
  #offset = 0;
  #end = 0;
  /** Weak sum at the offset, once it is known. */
  #weak: number | undefined;
  /** The block that follows the last match, and is the likeliest next. */
  #wanted = 0;
  #wasted = 0;

  constructor(
    sums: BlockSums,
    strong: StrongChecksum,
    emit: TokenEmitter,
    options: BlockMatcherOptions = {},
  ) {
    const { inplace = false, kernel = openKernel } = options;
    this.#sums = sums;
    this.#strong = strong;
    this.#emit = emit;
    this.#inplace = inplace;
    this.#blockLength = sums.head.blockLength;
    if (sums.kept === 0 || !isSearched(this.#blockLength)) return;
    const windowBytes = literalBytes + this.#blockLength + feedBytes + 1;
    const index = indexSize(sums.kept);
    this.#kernel = kernel({ windowBytes, blockLength: this.#blockLength, index });
    // Written over from the front, the last of equal blocks is usable for longest.
    this.#index = new BlockIndex(sums, this.#kernel.tables, { keepLast: inplace });
  }

  /** The next bytes of the file, any number. */
  feed(chunk: Uint8Array): void {
    const window = this.#kernel?.window;
    if (window === undefined) {
      if (chunk.length > 0) this.#emit.literal(chunk);
      return;
    }
    for (let at = 0; at < chunk.length; ) {
      this.#makeRoom(window);
      const piece = chunk.subarray(at, at + window.length - 1 - this.#end);
      window.set(piece, this.#end);
      this.#end += piece.length;
      at += piece.length;
      this.#search(this.#end - this.#blockLength);
    }
  }

  /** The file is complete: what is left is matched or emitted. Nothing is fed afterwards. */
  finish(): void {
    const kernel = this.#kernel;
    if (kernel === undefined) return;
    // One further than in feed(): that rolls over the spare byte, but the sum is not used again.
    this.#search(this.#end - this.#blockLength + 1);
    this.#matchShortLast(kernel);
    this.#emitLiteral(this.#end);
    kernel.release();
  }

  /** Sends full literals early and moves what is still needed to the front of the window. */
  #makeRoom(window: Uint8Array): void {
    const unsent = this.#offset - this.#start;
    this.#emitLiteral(this.#start + unsent - (unsent % literalBytes));
    if (this.#start === 0) return;
    window.copyWithin(0, this.#start, this.#end);
    this.#base += this.#start;
    this.#offset -= this.#start;
    this.#end -= this.#start;
    this.#start = 0;
  }

  /** Looks at all offsets below `limit`, where a block must still fit into the window. */
  #search(limit: number): void {
    const kernel = this.#kernel as ScanKernel;
    while (this.#offset < limit) {
      const weak = this.#weak ?? kernel.sum(this.#offset, this.#blockLength);
      if (this.#weak === undefined && this.#takeWanted(weak)) continue;
      this.#offset = kernel.scan(this.#offset, limit, weak);
      this.#weak = kernel.weak;
      if (this.#offset < limit && !this.#takeCandidate(this.#weak)) this.#stepOver(kernel, limit);
    }
  }

  /** After a match the next block is tried before any search: it need not even be in the index. */
  #takeWanted(weak: number): boolean {
    const block = this.#wanted;
    if (!this.#isUsable(block, this.#blockLength) || this.#sums.weak[block] !== weak) return false;
    if (!this.#hasStrong(block, this.#strongHere(this.#blockLength))) return false;
    this.#take(block, this.#blockLength);
    return true;
  }

  /** The weak sum here is some block's: takes it if the strong sum agrees. */
  #takeCandidate(weak: number): boolean {
    const index = this.#index as BlockIndex;
    const length = this.#blockLength;
    const likeliest = this.#likeliest();
    let strong: Uint8Array | undefined;
    if (this.#isUsable(likeliest, length) && this.#sums.weak[likeliest] === weak) {
      strong = this.#strongHere(length);
      if (this.#hasStrong(likeliest, strong)) return this.#take(likeliest, length);
    }
    for (let block = index.first(weak); block >= 0; block = index.after(block)) {
      if (!this.#isUsable(block, length)) continue;
      strong ??= this.#strongHere(length);
      if (this.#hasStrong(block, strong)) return this.#take(block, length);
    }
    if (strong !== undefined) this.#wasted += length;
    return false;
  }

  /** In place, a block that stays where it is need not even be written. */
  #likeliest(): number {
    const block = (this.#base + this.#offset) / this.#blockLength;
    return this.#inplace && Number.isInteger(block) ? block : this.#wanted;
  }

  /** Goes on behind an offset whose weak sum was a false alarm. */
  #stepOver(kernel: ScanKernel, limit: number): void {
    const length = this.#blockLength;
    const allowed = wasteHeadStart + wastePerByte * (this.#base + this.#offset);
    if (this.#wasted > allowed) {
      const skipped = Math.ceil(length / wastePerByte);
      this.#offset = Math.min(this.#offset + skipped, limit);
      this.#weak = kernel.sum(this.#offset, length);
      return;
    }
    const { window } = kernel;
    const [left, entered] = [window[this.#offset], window[this.#offset + length]];
    this.#weak = rollWeakSum(this.#weak as number, length, signed(left), signed(entered));
    this.#offset += 1;
  }

  /** The last block of the basis, if it is short, can only be the very end of the file. */
  #matchShortLast(kernel: ScanKernel): void {
    const { count } = this.#sums.head;
    const block = count - 1;
    const length = this.#sums.blockLength(block);
    const from = this.#end - length;
    if (length === this.#blockLength || from < this.#offset) return;
    this.#offset = from;
    if (!this.#isUsable(block, length)) return;
    if (this.#sums.weak[block] !== kernel.sum(from, length)) return;
    if (this.#hasStrong(block, this.#strongHere(length))) this.#take(block, length);
  }

  #isUsable(block: number, length: number): boolean {
    if (block >= this.#sums.kept || this.#sums.blockLength(block) !== length) return false;
    return !this.#inplace || block * this.#blockLength >= this.#base + this.#offset;
  }

  #strongHere(length: number): Uint8Array {
    return this.#strong.block(this.#bytes(this.#offset, this.#offset + length));
  }

  #hasStrong(block: number, digest: Uint8Array): boolean {
    const length = this.#sums.head.strongLength;
    const { strong } = this.#sums;
    for (let i = 0; i < length; i += 1) {
      if (strong[block * length + i] !== digest[i]) return false;
    }
    return true;
  }

  #take(block: number, length: number): true {
    this.#emitLiteral(this.#offset);
    this.#emit.match(block, this.#bytes(this.#offset, this.#offset + length));
    this.#offset += length;
    this.#start = this.#offset;
    this.#wanted = block + 1;
    this.#weak = undefined;
    return true;
  }

  #emitLiteral(to: number): void {
    if (to > this.#start) this.#emit.literal(this.#bytes(this.#start, to));
    this.#start = to;
  }

  #bytes(from: number, to: number): Uint8Array {
    return (this.#kernel as ScanKernel).window.subarray(from, to);
  }
}

function isSearched(blockLength: number): boolean {
  return blockLength >= minSearchedBlock && blockLength <= maxSearchedBlock;
}

function signed(byte: number | undefined): number {
  return ((byte as number) << 24) >> 24;
}
