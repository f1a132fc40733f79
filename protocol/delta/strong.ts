import { createHash, hash } from "node:crypto";
import type { ChecksumName, Digest, StrongChecksum } from "./checksum.ts";
import { Md4, md4 } from "./md4.ts";
import { loadXxh64 } from "./xxh64.ts";

export interface StrongChecksumOptions {
  /** The daemon announced that MD5 block sums begin with the seed (compat flag 0x20). */
  readonly seedFix: boolean;
}

/** An algorithm without seed. */
interface Algorithm {
  readonly length: number;
  hash(data: Uint8Array): Uint8Array;
  start(): Digest;
}

/**
 * The strong checksum `name` for a session with `seed` (a signed 32-bit integer).
 *
 * The sum of a file list (`--checksum`) is `wholeFile` of the same name, of `md4` for `old-md4`:
 * lists are never seeded.
 *
 * Wire: protocol 27 and later. Digest bytes are in wire order, shortened sums are prefixes.
 */
export async function loadStrongChecksum(
  name: ChecksumName,
  seed: number,
  options: StrongChecksumOptions,
): Promise<StrongChecksum> {
  switch (name) {
    case "xxh64":
      return loadXxh64(seed);
    case "xxh3":
    case "xxh128":
      // Read only where it is asked for: it is large, and compiled for each session.
      return (await import("./xxh3.ts")).loadXxh3(name, seed);
    case "none":
      return noChecksum;
    case "md5":
      return new SeededChecksum(name, openssl("md5"), seed, options.seedFix ? "before" : "after");
    case "sha1":
      return new SeededChecksum(name, openssl("sha1"), seed, "before");
    case "md4":
    case "old-md4":
      return new SeededChecksum(name, seedlessMd4, seed, "after");
  }
}

/** Blocks above this are fed to the digest in two parts, instead of being joined with the seed. */
const joinedBlockBytes = 128 * 1024;

/** An algorithm that knows no seed: four little-endian bytes stand before or after a block. */
class SeededChecksum implements StrongChecksum {
  readonly name: ChecksumName;
  readonly length: number;
  readonly #algorithm: Algorithm;
  readonly #seedBytes: Uint8Array;
  readonly #seedFirst: boolean;
  #joined = new Uint8Array(0);

  constructor(name: ChecksumName, algorithm: Algorithm, seed: number, seeded: "before" | "after") {
    this.name = name;
    this.length = algorithm.length;
    this.#algorithm = algorithm;
    this.#seedBytes = encodeSeed(seed);
    this.#seedFirst = seeded === "before";
  }

  block(data: Uint8Array): Uint8Array {
    const seed = this.#seedBytes;
    if (seed.every((byte) => byte === 0)) return this.#algorithm.hash(data);
    const [first, second] = this.#seedFirst ? [seed, data] : [data, seed];
    return data.length <= joinedBlockBytes
      ? this.#algorithm.hash(this.#join(first, second))
      : this.#stream(first, second);
  }

  wholeFile(data: Uint8Array): Uint8Array {
    return this.name === "old-md4"
      ? this.#stream(this.#seedBytes, data)
      : this.#algorithm.hash(data);
  }

  start(): Digest {
    const digest = this.#algorithm.start();
    if (this.name === "old-md4") digest.update(this.#seedBytes);
    return digest;
  }

  #join(first: Uint8Array, second: Uint8Array): Uint8Array {
    const length = first.length + second.length;
    if (this.#joined.length < length) this.#joined = new Uint8Array(length);
    this.#joined.set(first);
    this.#joined.set(second, first.length);
    return this.#joined.subarray(0, length);
  }

  #stream(first: Uint8Array, second: Uint8Array): Uint8Array {
    const digest = this.#algorithm.start();
    digest.update(first);
    digest.update(second);
    return digest.digest();
  }
}

function encodeSeed(seed: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(seed | 0);
  return bytes;
}

function openssl(name: "md5" | "sha1"): Algorithm {
  return {
    length: name === "md5" ? 16 : 20,
    hash: (data) => hash(name, data, "buffer"),
    start: () => {
      const running = createHash(name);
      return { update: (chunk) => void running.update(chunk), digest: () => running.digest() };
    },
  };
}

const seedlessMd4: Algorithm = { length: 16, hash: md4, start: () => new Md4() };

const noDigest = new Uint8Array(1);

/** `--checksum-choice=none`: a single zero byte stands for every sum; files always travel whole. */
const noChecksum: StrongChecksum = {
  name: "none",
  length: 1,
  block: () => noDigest,
  wholeFile: () => noDigest,
  start: () => ({ update: () => undefined, digest: () => noDigest }),
};
