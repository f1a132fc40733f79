import type { Digest, LentMemory } from "./checksum.ts";
import { xxh64Wasm } from "./xxh64-wasm.ts";

/** The part of the WebAssembly API that is used here; Node's types leave it to the browser's. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: object };
};

/** What xxh64.wat exports. */
interface Xxh64Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly begin: (seed: number) => void;
  readonly stripes: (at: number, end: number) => void;
  readonly finish: (length: number, at: number, end: number) => void;
}

const stripeBytes = 32;
const digestBytes = 8;
/** The running sums come first in memory; behind them what is less than a stripe. */
const tailAt = 32;
const stateBytes = tailAt + stripeBytes;
/** Data that lies elsewhere is copied to here, piece by piece. */
const pieceAt = 64 * 1024;
const pieceBytes = 256 * 1024;
/** Memory that is lent: as many areas as xxh64.wat has room for. */
const areasAt: number = pieceAt + pieceBytes;
const areaBytes = 256 * 1024;

/** One sum on its way: what the memory begins with while it is worked on. */
interface State {
  readonly sums: Uint8Array;
  length: number;
}

/**
 * XXH64 of whole files, in WebAssembly; one for a thread. Its memory never grows, so that views of
 * it stay: where content is gathered in it, nothing is copied for the sum.
 */
export class Xxh64Kernel {
  readonly #exports: Xxh64Exports;
  readonly #bytes: Uint8Array;
  readonly #areas: number[] = [];

  constructor() {
    const module = new WebAssembly.Module(Buffer.from(xxh64Wasm, "base64"));
    this.#exports = new WebAssembly.Instance(module).exports as Xxh64Exports;
    this.#bytes = new Uint8Array(this.#exports.memory.buffer);
    const end = this.#bytes.length - areaBytes;
    for (let at = areasAt; at <= end; at += areaBytes) this.#areas.push(at);
  }

  /** Memory from which data is added without a copy; undefined when all is lent. */
  lend(): LentMemory | undefined {
    const at = this.#areas.pop();
    if (at === undefined) return undefined;
    let isBack = false;
    return {
      bytes: this.#bytes.subarray(at, at + areaBytes),
      start: () => this.#start(),
      release: () => {
        if (!isBack) this.#areas.push(at);
        isBack = true;
      },
    };
  }

  #start(): Digest {
    this.#exports.begin(0);
    const state = { sums: this.#bytes.slice(0, stateBytes), length: 0 };
    return {
      update: (chunk) => this.#update(state, chunk),
      digest: () => this.#finish(state),
    };
  }

  #update(state: State, data: Uint8Array): void {
    this.#bytes.set(state.sums);
    this.#add(data, state.length % stripeBytes);
    state.sums.set(this.#bytes.subarray(0, stateBytes));
    state.length += data.length;
  }

  #finish({ sums, length }: State): Uint8Array {
    this.#bytes.set(sums);
    this.#exports.finish(length, tailAt, tailAt + (length % stripeBytes));
    return this.#bytes.slice(0, digestBytes);
  }

  /** Adds data behind so many bytes of an incomplete stripe. */
  #add(data: Uint8Array, tail: number): void {
    let at = 0;
    if (tail > 0) {
      at = Math.min(stripeBytes - tail, data.length);
      this.#bytes.set(data.subarray(0, at), tailAt + tail);
      if (tail + at < stripeBytes) return;
      this.#exports.stripes(tailAt, tailAt + stripeBytes);
    }
    const end = data.length - ((data.length - at) % stripeBytes);
    while (at < end) {
      const piece = data.subarray(at, Math.min(end, at + pieceBytes));
      const where = this.#place(piece);
      this.#exports.stripes(where, where + piece.length);
      at += piece.length;
    }
    this.#bytes.set(data.subarray(end), tailAt);
  }

  #place(piece: Uint8Array): number {
    if (piece.buffer === this.#bytes.buffer) return piece.byteOffset;
    this.#bytes.set(piece, pieceAt);
    return pieceAt;
  }
}
