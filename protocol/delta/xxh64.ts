import xxhash, { type XXHashAPI } from "xxhash-wasm";
import type { Digest, LentMemory, StrongChecksum } from "./checksum.ts";
import { Xxh64Kernel } from "./xxh64-kernel.ts";

let loaded: Promise<XXHashAPI> | undefined;
let kernel: Xxh64Kernel | undefined;

/** The checksum of a session with `seed`; compiles its WebAssembly once per thread. */
export async function loadXxh64(seed: number): Promise<StrongChecksum> {
  loaded ??= xxhash();
  return new Xxh64Checksum(await loaded, seed);
}

/** Data above this goes through in pieces: xxhash-wasm keeps memory of its largest input for ever. */
const xxhashPieceBytes = 256 * 1024;

/** XXH64: its seed is part of the algorithm, of blocks only. Digests are little-endian. */
class Xxh64Checksum implements StrongChecksum {
  readonly name = "xxh64";
  readonly length = 8;
  readonly #xxhash: XXHashAPI;
  readonly #seed: bigint;

  constructor(api: XXHashAPI, seed: number) {
    this.#xxhash = api;
    this.#seed = BigInt.asUintN(64, BigInt(seed)); // rsync widens its int: negative seeds fill up
  }

  block(data: Uint8Array): Uint8Array {
    return this.#sum(data, this.#seed);
  }

  wholeFile(data: Uint8Array): Uint8Array {
    return this.#sum(data, 0n);
  }

  start(): Digest {
    return this.#start(0n);
  }

  /** xxhash-wasm copies all that it sums; what lies in this is summed in its place. */
  lend(): LentMemory | undefined {
    kernel ??= new Xxh64Kernel();
    return kernel.lend();
  }

  #sum(data: Uint8Array, seed: bigint): Uint8Array {
    if (data.length <= xxhashPieceBytes) return littleEndian(this.#xxhash.h64Raw(data, seed));
    const digest = this.#start(seed);
    digest.update(data);
    return digest.digest();
  }

  #start(seed: bigint): Digest {
    const state = this.#xxhash.create64(seed);
    return {
      update: (chunk) => {
        for (let at = 0; at < chunk.length; at += xxhashPieceBytes) {
          state.update(chunk.subarray(at, at + xxhashPieceBytes));
        }
      },
      digest: () => littleEndian(state.digest()),
    };
  }
}

const word = new DataView(new ArrayBuffer(8));
const wordBytes = new Uint8Array(word.buffer);

/** Four times as fast as a buffer's own function, which computes with the number. */
function littleEndian(value: bigint): Uint8Array {
  word.setBigUint64(0, value, true);
  return wordBytes.slice();
}
