import type { BytePath } from "../path.ts";

/** In place of nanoseconds: the time of writing stays. */
export const now = -1;

/** What a file has besides its content. */
export interface NewFileAttributes {
  /** `staysOwner` leaves it as the system makes it; the group likewise. */
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly mtimeSeconds: number;
  /** Or {@link now}. */
  readonly mtimeNanoseconds: number;
}

/** A small file that is whole, and where it goes. */
export interface WholeFile extends NewFileAttributes {
  /** An open directory; descriptors are the same in all threads. */
  readonly directory: number;
  /** Names in it, that end with a NUL: where it is written, and what it is called then. */
  readonly temporary: Uint8Array;
  readonly name: Uint8Array;
  readonly content: Uint8Array;
}

/** A file of so many bytes fits into an empty batch, whatever its name. */
export const longestContent: number = 32 * 1024;
const longestNames = 2 * 256;
const headerBytes = 40;
const longestRecord = headerBytes + longestNames + longestContent;
const batchBytes = 256 * 1024;
/** Descriptors are few. */
const mostDirectories = 8;
/** Then others get their turn. */
const mostFiles = 1_024;

/**
 * Small files one behind the other in a buffer, which another thread can take over:
 *
 *     directory (4)  mode (4)  uid (4)  gid (4)  seconds (8, a double)  nanoseconds (4)
 *     content's length (4)  temporary name's length (2)  name's length (2)  unused (4)
 *     temporary name  name  content
 */
export class FileBatch {
  /** Whoever has written its files may use it again. */
  readonly buffer: Buffer;
  readonly #directories = new Map<BytePath, number>();
  #length = 0;
  #files = 0;

  /** @param buffer of a batch that is done with. */
  constructor(buffer: Buffer = Buffer.allocUnsafeSlow(batchBytes)) {
    this.buffer = buffer;
  }

  get isEmpty(): boolean {
    return this.#files === 0;
  }

  /** True when not every file fits any more. */
  get isFull(): boolean {
    const isLong = this.#length + longestRecord > batchBytes;
    return isLong || this.#files >= mostFiles || this.#directories.size >= mostDirectories;
  }

  /** What was added, as {@link readFiles} reads it. */
  get bytes(): Buffer {
    return this.buffer.subarray(0, this.#length);
  }

  /** Descriptors that are needed until the files are written. */
  get directories(): Iterable<number> {
    return this.#directories.values();
  }

  /** The descriptor of a directory; it belongs to the batch. */
  directory(path: BytePath, open: () => number): number {
    const known = this.#directories.get(path);
    if (known !== undefined) return known;
    const opened = open();
    this.#directories.set(path, opened);
    return opened;
  }

  /** @param names the temporary one and the other, as byte strings without NUL. */
  add(
    directory: number,
    [temporary, name]: readonly [string, string],
    attributes: NewFileAttributes,
    content: Uint8Array,
  ): void {
    const to = this.buffer;
    const { uid, gid, mode, mtimeSeconds, mtimeNanoseconds } = attributes;
    let at = to.writeInt32LE(directory, this.#length);
    at = to.writeUInt32LE(mode, at);
    at = to.writeUInt32LE(uid, at);
    at = to.writeUInt32LE(gid, at);
    at = to.writeDoubleLE(mtimeSeconds, at);
    at = to.writeInt32LE(mtimeNanoseconds, at);
    at = to.writeUInt32LE(content.length, at);
    at = to.writeUInt16LE(temporary.length + 1, at);
    at = to.writeUInt16LE(name.length + 1, at) + 4;
    at += to.write(temporary, at, "latin1");
    to[at++] = 0;
    at += to.write(name, at, "latin1");
    to[at++] = 0;
    to.set(content, at);
    this.#length = at + content.length;
    this.#files += 1;
  }
}

/** The files of a batch, in order; views of `from`. */
export function* readFiles(from: Buffer): Generator<WholeFile> {
  for (let start = 0; start < from.length; ) {
    const contentLength = from.readUInt32LE(start + 28);
    const temporaryAt = start + headerBytes;
    const nameAt = temporaryAt + from.readUInt16LE(start + 32);
    const contentAt = nameAt + from.readUInt16LE(start + 34);
    yield {
      directory: from.readInt32LE(start),
      mode: from.readUInt32LE(start + 4),
      uid: from.readUInt32LE(start + 8),
      gid: from.readUInt32LE(start + 12),
      mtimeSeconds: from.readDoubleLE(start + 16),
      mtimeNanoseconds: from.readInt32LE(start + 24),
      temporary: from.subarray(temporaryAt, nameAt),
      name: from.subarray(nameAt, contentAt),
      content: from.subarray(contentAt, contentAt + contentLength),
    };
    start = contentAt + contentLength;
  }
}
