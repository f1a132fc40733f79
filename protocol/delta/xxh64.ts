import type { Digest, LentMemory, StrongChecksum } from "./strong.ts";
import { Xxh64Kernel } from "./xxh64-kernel.ts";

let kernel: Xxh64Kernel | undefined;

/** The checksum of a session with `seed`; compiles its WebAssembly once per thread. */
export function openXxh64(seed: number): StrongChecksum {
  kernel ??= new Xxh64Kernel();
  return new Xxh64Checksum(kernel, seed);
}

/** XXH64: its seed is part of the algorithm, of blocks only. Digests are little-endian. */
class Xxh64Checksum implements StrongChecksum {
  readonly name = "xxh64";
  readonly length = 8;
  readonly #kernel: Xxh64Kernel;
  readonly #seed: number;

  constructor(shared: Xxh64Kernel, seed: number) {
    this.#kernel = shared;
    this.#seed = seed;
  }

  block(data: Uint8Array): Uint8Array {
    return this.#kernel.sum(data, this.#seed);
  }

  wholeFile(data: Uint8Array): Uint8Array {
    return this.#kernel.sum(data, 0);
  }

  start(): Digest {
    const shared = this.#kernel;
    const state = shared.begin(0);
    return {
      update: (chunk) => shared.add(state, chunk),
      digest: () => shared.finish(state),
    };
  }

  lend(): LentMemory | undefined {
    return this.#kernel.lend();
  }
}
