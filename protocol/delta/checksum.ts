/**
 * Strong checksums by rsync's names. `old-md4` is what protocols 27 to 29 use for transfers:
 * MD4 whose whole-file sum includes the session's seed.
 */
export type ChecksumName =
  | "xxh64"
  | "xxh3"
  | "xxh128"
  | "md5"
  | "md4"
  | "sha1"
  | "none"
  | "old-md4";

/** A checksum in the making. */
export interface Digest {
  update(chunk: Uint8Array): void;
  /** The result; the object is spent afterwards. */
  digest(): Uint8Array;
}

/** Memory in which data may be gathered that will be summed: it is summed where it lies. */
export interface LentMemory {
  /** 256 KiB, of any content. */
  readonly bytes: Uint8Array;
  /** The sum of a whole file that comes in chunks, which best lie in it. */
  start(): Digest;
  /** Nothing is written to it afterwards. */
  release(): void;
}

/** One session's strong checksum: the negotiated algorithm with the session's seed. */
export interface StrongChecksum {
  readonly name: ChecksumName;
  /** Length of a digest in bytes. */
  readonly length: number;
  /** The sum of one block, seeded. */
  block(data: Uint8Array): Uint8Array;
  /** The sum of a whole file that is in memory. */
  wholeFile(data: Uint8Array): Uint8Array;
  /** The sum of a whole file that comes in chunks. */
  start(): Digest;
  /** Undefined, or not there at all, where there is none: any other memory does as well. */
  lend?(): LentMemory | undefined;
}
