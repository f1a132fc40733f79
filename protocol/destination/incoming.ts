import fs from "node:fs";
import type { Digest, LentMemory, StrongChecksum } from "../delta/checksum.ts";
import type { BytePath } from "../path.ts";
import type { Area } from "./area.ts";
import { libC } from "./libc.ts";
import type { Location } from "./location.ts";
import { temporaryName, temporaryPath } from "./temporary.ts";
import type { DestinationTree } from "./tree.ts";

/** Content is gathered up to this length before it is written. */
const stagingBytes = 256 * 1024;
const holeBytes = 4 * 1024;
const zeros = Buffer.alloc(holeBytes);

export interface IncomingOptions {
  /** It is written there: `--inplace`, or a file in a partial directory that is completed. */
  readonly writesTo?: Location | undefined;
  /** Where it is written otherwise; default beside its name. */
  readonly area?: Area | undefined;
  /** Bytes that are there, and stay: `--append`. Default 0. */
  readonly start?: number | undefined;
  /** `-S` */
  readonly sparse?: boolean | undefined;
  /** `--fsync` */
  readonly fsync?: boolean | undefined;
  /** `--preallocate`: so many bytes are reserved. Default none. */
  readonly reserves?: number | undefined;
}

/** One file on its way: written under a name of its own until it is whole and checked. */
export class IncomingFile {
  readonly #tree: DestinationTree;
  readonly #path: BytePath;
  readonly #options: IncomingOptions;
  readonly #strong: StrongChecksum;
  readonly #staging: Staging;
  #digest: Digest | undefined;
  #descriptor: number | undefined;
  #temporary: Location | undefined;
  #written: number;
  /** Why it cannot be written; what comes is thrown away. */
  failure: NodeJS.ErrnoException | undefined;

  constructor(
    tree: DestinationTree,
    path: BytePath,
    strong: StrongChecksum,
    staging: Staging,
    options: IncomingOptions = {},
  ) {
    this.#tree = tree;
    this.#path = path;
    this.#strong = strong;
    this.#staging = staging;
    this.#options = options;
    this.#written = options.start ?? 0;
    staging.length = 0;
  }

  /** Bytes so far. */
  get length(): number {
    return this.#written + this.#staging.length;
  }

  append(bytes: Uint8Array): void {
    if (this.failure !== undefined) return;
    const { buffer } = this.#staging;
    for (let at = 0; at < bytes.length; ) {
      if (this.#staging.length === buffer.length) this.#flush();
      const part = bytes.subarray(at, at + buffer.length - this.#staging.length);
      buffer.set(part, this.#staging.length);
      this.#staging.length += part.length;
      at += part.length;
    }
  }

  /** Takes bytes that are in their place already, in a file that is written to where it lies. */
  keep(bytes: Uint8Array): void {
    if (this.failure !== undefined) return;
    if (this.#staging.length > 0) this.#flush();
    this.sum(bytes);
    this.#written += bytes.length;
  }

  /** What is before the start belongs to the sum, too. */
  sum(bytes: Uint8Array): void {
    this.#digest ??= this.#staging.start();
    this.#digest.update(bytes);
  }

  /** True when what has come has the sender's sum; nothing more comes. */
  matches(sum: Uint8Array): boolean {
    const { bytes } = this.#staging;
    const whole = this.#digest === undefined ? this.#strong.wholeFile(bytes) : this.#finish(bytes);
    return Buffer.compare(whole, sum) === 0;
  }

  #finish(bytes: Uint8Array): Uint8Array {
    this.#digest?.update(bytes);
    return this.#digest?.digest() ?? new Uint8Array(0);
  }

  /**
   * Completes the file, and says where it lies; whoever moves it from there says {@link settle}.
   *
   * @param prepare gives it its attributes, while it has no name that anybody knows.
   */
  complete(prepare: (descriptor: number) => void): Location {
    this.#write();
    const descriptor = this.#descriptor as number;
    const { writesTo, sparse, fsync, reserves } = this.#options;
    if (writesTo || sparse || reserves) fs.ftruncateSync(descriptor, this.#written);
    prepare(descriptor);
    if (fsync) fs.fsyncSync(descriptor);
    return this.#temporary ?? (writesTo as Location);
  }

  /** It has its name. */
  settle(): void {
    this.#temporary = undefined;
    this.#close();
  }

  /**
   * Forgets the file; what comes is thrown away.
   *
   * @param keep takes what has come so far; what it leaves is removed.
   */
  discard(keep?: (from: Location, descriptor: number) => void): void {
    try {
      if (keep && this.failure === undefined && this.length > 0) this.#write();
      if (keep && this.#temporary && this.#written > 0) {
        keep(this.#temporary, this.#descriptor as number);
        this.#temporary = undefined;
      }
    } finally {
      const left = this.#temporary;
      this.#temporary = undefined;
      this.#close();
      this.failure ??= Object.assign(new Error("it was given up"), { code: "ECANCELED" });
      left?.tree.removeFile(left.path);
    }
  }

  #flush(): void {
    this.#digest ??= this.#staging.start();
    this.#digest.update(this.#staging.bytes);
    try {
      this.#write();
    } catch (error) {
      this.failure = error as NodeJS.ErrnoException;
    }
    this.#staging.length = 0;
  }

  #write(): void {
    const bytes = this.#staging.bytes;
    this.#open();
    const descriptor = this.#descriptor as number;
    const { sparse, writesTo, reserves } = this.#options;
    const isEmpty = writesTo === undefined && !reserves;
    if (sparse) writeSparsely(descriptor, bytes, this.#written, isEmpty);
    else writeWhole(descriptor, bytes, this.#written);
    this.#written += bytes.length;
    this.#staging.length = 0;
  }

  #open(): void {
    if (this.#descriptor !== undefined) return;
    const { writesTo, area, start = 0, reserves = 0 } = this.#options;
    if (writesTo !== undefined) {
      this.#descriptor = writesTo.tree.openInPlace(writesTo.path);
      if (fs.fstatSync(this.#descriptor).size < start) {
        throw Object.assign(new Error("it has become shorter meanwhile"), { code: "ESTALE" });
      }
    } else {
      const { tree, path } = area?.at(temporaryName(this.#path)) ?? {
        tree: this.#tree,
        path: temporaryPath(this.#path),
      };
      this.#descriptor = tree.createFile(path);
      this.#temporary = { tree, path };
    }
    if (reserves > 0) reserve(this.#descriptor, reserves);
  }

  #close(): void {
    if (this.#descriptor !== undefined) fs.closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/** Where content is gathered; one serves all files of a session, one after the other. */
export class Staging {
  readonly buffer: Uint8Array;
  length = 0;
  readonly #strong: StrongChecksum;
  readonly #lent: LentMemory | undefined;

  /** @param strong what all of them are summed with. */
  constructor(strong: StrongChecksum) {
    this.#strong = strong;
    this.#lent = strong.lend?.();
    this.buffer = this.#lent?.bytes ?? Buffer.allocUnsafeSlow(stagingBytes);
  }

  /** The sum of a file that is too long to be gathered whole. */
  start(): Digest {
    return (this.#lent ?? this.#strong).start();
  }

  /** No file follows, and the last has what there was for it. */
  release(): void {
    this.#lent?.release();
  }

  get bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }
}

/** A file system that cannot do it takes the file all the same. */
function reserve(descriptor: number, bytes: number): void {
  try {
    libC()?.reserve(descriptor, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") throw error;
  }
}

function writeWhole(descriptor: number, bytes: Uint8Array, position: number): void {
  for (let at = 0; at < bytes.length; ) {
    at += fs.writeSync(descriptor, bytes, at, bytes.length - at, position + at);
  }
}

/**
 * Leaves out what is zero: in an empty file there is nothing under it, in another a hole is made.
 *
 * @param isEmpty nothing was ever written there, and nothing is reserved.
 */
function writeSparsely(
  descriptor: number,
  bytes: Uint8Array,
  position: number,
  isEmpty: boolean,
): void {
  for (let at = 0; at < bytes.length; at += holeBytes) {
    const part = bytes.subarray(at, at + holeBytes);
    const isHole = zeros.compare(part, 0, part.length, 0, part.length) === 0;
    const isLeftOut = isHole && (isEmpty || libC()?.punch(descriptor, position + at, part.length));
    if (!isLeftOut) writeWhole(descriptor, part, position + at);
  }
}
