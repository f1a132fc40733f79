import { xxh64Wasm } from "./xxh64-wasm.ts";

/** A WebAssembly memory; Node's types leave them to the browser's. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** The part of the WebAssembly API that is used here. */
declare const WebAssembly: {
  Memory: new (size: { readonly initial: number }) => WasmMemory;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (
    module: object,
    imports: { readonly env: { readonly memory: WasmMemory } },
  ) => { readonly exports: object };
};

/** What xxh64.wat exports; addresses are those of its memory. */
interface HashExports {
  begin(seed: bigint): void;
  stripes(from: number, to: number): number;
  finish(from: number, to: number, total: number, seed: bigint): void;
  sum(from: number, to: number, seed: bigint): void;
}

const pageBytes = 64 * 1024;
const sumsAt = 16;
const resultAt = 48;

/** Whoever lays out a memory that is hashed leaves so many bytes at its front alone. */
export const reservedBytes = 64;

let module: object | undefined;

/** Computes XXH64 of what lies in one memory, without moving it. */
export class HashedMemory {
  readonly bytes: Uint8Array;
  /** The four sums that a hash consists of until its end; to be kept while others are computed. */
  readonly sums: Uint8Array;
  readonly #exports: HashExports;

  constructor(memory: WasmMemory) {
    module ??= new WebAssembly.Module(Buffer.from(xxh64Wasm, "base64"));
    this.#exports = new WebAssembly.Instance(module, { env: { memory } }).exports as HashExports;
    this.bytes = new Uint8Array(memory.buffer);
    this.sums = this.bytes.subarray(sumsAt, resultAt);
  }

  /** The sum of what lies in `[from, to)`, lowest byte first. */
  sum(from: number, to: number, seed: bigint): Uint8Array {
    this.#exports.sum(from, to, seed);
    return this.bytes.slice(resultAt, resultAt + 8);
  }

  /** Sets {@link sums} to those of nothing. */
  begin(seed: bigint): void {
    this.#exports.begin(seed);
  }

  /** Adds whole stripes of 32 bytes to {@link sums}; says where they end. */
  stripes(from: number, to: number): number {
    return this.#exports.stripes(from, to);
  }

  /** The sum of `total` bytes, of which those behind the last stripe lie in `[from, to)`. */
  finish(from: number, to: number, total: number, seed: bigint): Uint8Array {
    this.#exports.finish(from, to, total, seed);
    return this.bytes.slice(resultAt, resultAt + 8);
  }
}

/** The memories whose bytes need not be moved to be hashed. */
const memories = new WeakMap<ArrayBufferLike, WasmMemory | HashedMemory>();

/** What lies in `memory` is hashed there, until it grows: then it must be said again. */
export function hashInPlace(memory: WasmMemory): void {
  if (!memories.has(memory.buffer)) memories.set(memory.buffer, memory);
}

/** Undefined for bytes that must be moved to be hashed. */
export function hashedMemoryOf(bytes: Uint8Array): HashedMemory | undefined {
  const known = memories.get(bytes.buffer);
  if (known === undefined || known instanceof HashedMemory) return known;
  const hashed = new HashedMemory(known);
  memories.set(bytes.buffer, hashed);
  return hashed;
}

/** A buffer that need not be moved to be hashed; an ordinary one where there can be none. */
export function hashableBytes(length: number): Uint8Array {
  const memory = newMemory(reservedBytes + length);
  if (memory === undefined) return new Uint8Array(length);
  hashInPlace(memory);
  return new Uint8Array(memory.buffer, reservedBytes, length);
}

/** Undefined without WebAssembly, and where the addresses that it reserves are not to be had. */
function newMemory(bytes: number): WasmMemory | undefined {
  try {
    return new WebAssembly.Memory({ initial: Math.ceil(bytes / pageBytes) });
  } catch {
    return undefined;
  }
}
