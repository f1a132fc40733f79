import { type HashedMemory, hashableBytes, hashedMemoryOf } from "./hashed-memory.ts";
import type { Digest, StrongChecksum } from "./strong.ts";

const stripeBytes = 32;
const pieceBytes = 64 * 1024;

/** What lies elsewhere is moved here, piece by piece, behind what is left of the piece before. */
let moved: Uint8Array | undefined;

/** The checksum of a session with `seed`. */
export function openXxh64(seed: number): StrongChecksum {
  return new Xxh64Checksum(seed);
}

/**
 * XXH64: its seed is part of the algorithm, of blocks only. Digests are little-endian. What lies in
 * a {@link hashableBytes | buffer for it} is not moved.
 */
class Xxh64Checksum implements StrongChecksum {
  readonly name = "xxh64";
  readonly length = 8;
  readonly #seed: bigint;

  constructor(seed: number) {
    this.#seed = BigInt.asUintN(64, BigInt(seed)); // rsync widens its int: negative seeds fill up
  }

  block(data: Uint8Array): Uint8Array {
    return sumOf(data, this.#seed);
  }

  wholeFile(data: Uint8Array): Uint8Array {
    return sumOf(data, 0n);
  }

  start(): Digest {
    return new Xxh64Digest(0n);
  }
}

function sumOf(data: Uint8Array, seed: bigint): Uint8Array {
  const memory = hashedMemoryOf(data);
  if (memory !== undefined) {
    return memory.sum(data.byteOffset, data.byteOffset + data.length, seed);
  }
  if (data.length <= pieceBytes) {
    const [own, to] = buffer();
    to.set(data);
    return own.sum(to.byteOffset, to.byteOffset + data.length, seed);
  }
  const digest = new Xxh64Digest(seed);
  digest.update(data);
  return digest.digest();
}

class Xxh64Digest implements Digest {
  readonly #seed: bigint;
  #total = 0;
  /** The sums between two updates; others are computed meanwhile. */
  readonly #sums = new Uint8Array(stripeBytes);
  /** What is behind the last whole stripe. */
  readonly #rest = new Uint8Array(stripeBytes);
  #restLength = 0;

  constructor(seed: bigint) {
    this.#seed = seed;
  }

  update(chunk: Uint8Array): void {
    const memory = this.#restLength === 0 ? hashedMemoryOf(chunk) : undefined;
    if (memory !== undefined) {
      this.#take(memory, chunk.byteOffset, chunk.length);
      this.#total += chunk.length;
      return;
    }
    for (let at = 0; at < chunk.length; at += pieceBytes) {
      this.#move(chunk.subarray(at, at + pieceBytes));
    }
  }

  digest(): Uint8Array {
    const [memory, to] = buffer();
    to.set(this.#rest);
    this.#restore(memory);
    const from = to.byteOffset;
    return memory.finish(from, from + this.#restLength, this.#total, this.#seed);
  }

  #move(piece: Uint8Array): void {
    const [memory, to] = buffer();
    to.set(this.#rest);
    to.set(piece, this.#restLength);
    const length = this.#restLength + piece.length;
    this.#take(memory, to.byteOffset, length);
    this.#total += piece.length;
  }

  /** Takes what lies at an address, and remembers what is left of it. */
  #take(memory: HashedMemory, from: number, length: number): void {
    this.#restore(memory);
    const end = memory.stripes(from, from + length);
    this.#sums.set(memory.sums);
    this.#restLength = from + length - end;
    this.#rest.set(memory.bytes.subarray(end, from + length));
  }

  #restore(memory: HashedMemory): void {
    if (this.#total < stripeBytes) memory.begin(this.#seed);
    else memory.sums.set(this.#sums);
  }
}

function buffer(): readonly [HashedMemory, Uint8Array] {
  moved ??= hashableBytes(stripeBytes + pieceBytes);
  const memory = hashedMemoryOf(moved);
  if (memory !== undefined) return [memory, moved];
  throw new RangeError("Cannot compute xxh64: there is no WebAssembly, or no memory for it");
}
