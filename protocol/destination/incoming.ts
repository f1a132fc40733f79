import fs from "node:fs";
import type { Digest, StrongChecksum } from "../delta/strong.ts";
import type { BytePath } from "../path.ts";
import type { DestinationTree } from "./tree.ts";

/** Content is gathered up to this length before it is written. */
const stagingBytes = 256 * 1024;
const holeBytes = 4 * 1024;
const zeros = Buffer.alloc(holeBytes);

export interface IncomingOptions {
  /** `--inplace`: no file beside it. */
  readonly inplace?: boolean | undefined;
  /** `-S` */
  readonly sparse?: boolean | undefined;
  /** `--fsync` */
  readonly fsync?: boolean | undefined;
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
  #temporary: BytePath | undefined;
  #written = 0;
  /** Why it cannot be written; what comes is thrown away. */
  failure: NodeJS.ErrnoException | undefined;

  constructor(
    tree: DestinationTree,
    path: BytePath,
    strong: StrongChecksum,
    staging: Staging,
    options: IncomingOptions,
  ) {
    this.#tree = tree;
    this.#path = path;
    this.#strong = strong;
    this.#staging = staging;
    this.#options = { ...options, sparse: options.sparse && !options.inplace };
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
   * Completes the file and puts it in its place.
   *
   * @param prepare gives it its attributes, while it has no name that anybody knows.
   */
  commit(prepare: (descriptor: number) => void): void {
    this.#write();
    const descriptor = this.#descriptor as number;
    const { inplace, sparse, fsync } = this.#options;
    if (inplace || sparse) fs.ftruncateSync(descriptor, this.#written);
    prepare(descriptor);
    if (fsync) fs.fsyncSync(descriptor);
    if (this.#temporary !== undefined) this.#tree.rename(this.#temporary, this.#path);
    this.#temporary = undefined;
    this.#close();
  }

  /** Forgets the file; `keeps`, `--partial`: what has come so far takes the name. */
  discard({ keeps = false }: { readonly keeps?: boolean } = {}): void {
    try {
      if (keeps && this.failure === undefined && this.length > 0) this.#write();
    } finally {
      this.#leave(keeps);
    }
  }

  #leave(keeps: boolean): void {
    const temporary = this.#temporary;
    this.#temporary = undefined;
    try {
      if (temporary !== undefined && keeps && this.#written > 0) {
        this.#tree.setTime(temporary, 0, 0); // it must not look complete
        this.#tree.rename(temporary, this.#path);
      } else if (temporary !== undefined) {
        this.#tree.removeFile(temporary);
      }
    } finally {
      this.#close();
    }
  }

  #flush(): void {
    this.#digest ??= this.#strong.start();
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
    if (this.#options.sparse) writeSparsely(descriptor, bytes, this.#written);
    else writeWhole(descriptor, bytes, this.#written);
    this.#written += bytes.length;
    this.#staging.length = 0;
  }

  #open(): void {
    if (this.#descriptor !== undefined) return;
    if (this.#options.inplace) {
      this.#descriptor = this.#tree.openInPlace(this.#path);
      return;
    }
    const { path, descriptor } = this.#tree.createTemporary(this.#path);
    this.#temporary = path;
    this.#descriptor = descriptor;
  }

  #close(): void {
    if (this.#descriptor !== undefined) fs.closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/** Where content is gathered; one serves all files of a session, one after the other. */
export class Staging {
  readonly buffer: Buffer = Buffer.allocUnsafeSlow(stagingBytes);
  length = 0;

  get bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }
}

function writeWhole(descriptor: number, bytes: Uint8Array, position: number): void {
  for (let at = 0; at < bytes.length; ) {
    at += fs.writeSync(descriptor, bytes, at, bytes.length - at, position + at);
  }
}

/** Leaves out what is zero; in a new file there is nothing under it. */
function writeSparsely(descriptor: number, bytes: Uint8Array, position: number): void {
  for (let at = 0; at < bytes.length; at += holeBytes) {
    const part = bytes.subarray(at, at + holeBytes);
    const isHole = zeros.compare(part, 0, part.length, 0, part.length) === 0;
    if (!isHole) writeWhole(descriptor, part, position + at);
  }
}
