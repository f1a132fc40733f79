import type { LiteralCodec } from "./compressed-tokens.ts";
import { chunkBytes, type TokenFrames } from "./token-frames.ts";

const minMatch = 4;
/** The format wants the last match to begin so far before the end … */
const lastMatchBytes = 12;
/** … and the last bytes to be literals. */
const lastLiteralBytes = 5;
const hashBits = 12;
/** Lengths of 15 and more go on in further bytes. */
const longLength = 15;

/**
 * lz4: every chunk is a block of its own, without frame and without history.
 *
 * Wire: protocol 31 and later, daemons since 3.2.0 (spec: token.c, send_compressed_token).
 */
export class Lz4Codec implements LiteralCodec {
  readonly pieceBytes: number = chunkBytes;
  readonly #compressor = new Lz4Compressor();

  compress(piece: Uint8Array, _isLast: boolean, frames: TokenFrames): void {
    const block = this.#compressor.compress(piece);
    if (block.length <= chunkBytes) {
      frames.data(block);
      return;
    }
    // Incompressible: it has grown beyond a chunk, its halves have not.
    const middle = piece.length >>> 1;
    frames.data(this.#compressor.compress(piece.subarray(0, middle)));
    frames.data(this.#compressor.compress(piece.subarray(middle)));
  }

  matched(): void {
    // matched blocks stay outside of the compressor
  }

  endFile(): void {
    // blocks know nothing of files
  }
}

/** Compresses blocks of at most {@link chunkBytes} in the LZ4 block format, greedily. */
class Lz4Compressor {
  /** Where four bytes with a given hash were seen last, plus one. */
  readonly #seen = new Uint16Array(2 ** hashBits);
  readonly #out = new Uint8Array(chunkBytes + (chunkBytes >>> 7) + 16);
  #length = 0;

  /** The block, as a view that is valid until the next call. */
  compress(input: Uint8Array): Uint8Array {
    this.#seen.fill(0);
    this.#length = 0;
    let literalFrom = 0;
    for (let at = 0; at <= input.length - lastMatchBytes; ) {
      const from = this.#lastSeen(input, at);
      if (from < 0) {
        at += 1 + ((at - literalFrom) >>> 6); // strides grow where nothing is found
        continue;
      }
      const length = matchLength(input, from, at);
      this.#sequence(input.subarray(literalFrom, at), at - from, length);
      at += length;
      literalFrom = at;
    }
    this.#literals(input.subarray(literalFrom), 0);
    return this.#out.subarray(0, this.#length);
  }

  /** Where the four bytes at `at` occur earlier, or -1; remembers `at`. */
  #lastSeen(input: Uint8Array, at: number): number {
    const word = wordAt(input, at);
    const hash = Math.imul(word, 0x9e3779b1) >>> (32 - hashBits);
    const from = (this.#seen[hash] as number) - 1;
    this.#seen[hash] = at + 1;
    return from >= 0 && wordAt(input, from) === word ? from : -1;
  }

  /** Literals, then a copy of `length` bytes from `distance` back. */
  #sequence(literals: Uint8Array, distance: number, length: number): void {
    const more = length - minMatch;
    this.#literals(literals, Math.min(more, longLength));
    this.#byte(distance);
    this.#byte(distance >>> 8);
    this.#rest(more);
  }

  #literals(literals: Uint8Array, matchBits: number): void {
    this.#byte((Math.min(literals.length, longLength) << 4) | matchBits);
    this.#rest(literals.length);
    this.#out.set(literals, this.#length);
    this.#length += literals.length;
  }

  /** What of a length did not fit into its four bits. */
  #rest(length: number): void {
    if (length < longLength) return;
    let rest = length - longLength;
    for (; rest >= 255; rest -= 255) this.#byte(255);
    this.#byte(rest);
  }

  #byte(value: number): void {
    this.#out[this.#length++] = value;
  }
}

function matchLength(input: Uint8Array, from: number, at: number): number {
  const most = input.length - lastLiteralBytes - at;
  let length = minMatch;
  while (length < most && input[from + length] === input[at + length]) length += 1;
  return length;
}

function wordAt(input: Uint8Array, at: number): number {
  return (
    (input[at] as number) |
    ((input[at + 1] as number) << 8) |
    ((input[at + 2] as number) << 16) |
    ((input[at + 3] as number) << 24)
  );
}
