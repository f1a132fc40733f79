import { Cursor, NeedMoreBytes } from "../wire/cursor.ts";

const initialBytes = 16 * 1024;

/** Bytes that have arrived and were not read yet, in one piece. */
export class ByteQueue {
  #bytes: Buffer = Buffer.allocUnsafe(initialBytes);
  #start = 0;
  #end = 0;
  #passed = 0;
  #cursor: Cursor | undefined;

  /** Unread bytes. */
  get available(): number {
    return this.#end - this.#start;
  }

  /** Bytes that were ever here, or have passed. */
  get appended(): number {
    return this.#passed;
  }

  /** Bytes that have been read. */
  get position(): number {
    return this.#passed - this.available;
  }

  /** Copies `view`. */
  append(view: Uint8Array): void {
    this.#cursor = undefined;
    if (this.#start === this.#end) this.#start = this.#end = 0;
    if (this.#end + view.length > this.#bytes.length) this.#makeRoom(view.length);
    this.#bytes.set(view, this.#end);
    this.#end += view.length;
    this.#passed += view.length;
  }

  /** Counts bytes that were read where they lay. */
  pass(bytes: number): void {
    this.#passed += bytes;
  }

  /** One value if all of it is here, else undefined and nothing is consumed. */
  tryRead<T>(decode: (from: Cursor) => T): T | undefined {
    this.#cursor ??= new Cursor(this.#bytes.subarray(0, this.#end), this.#start);
    const cursor = this.#cursor;
    try {
      const value = decode(cursor);
      this.#start = cursor.offset;
      return value;
    } catch (error) {
      if (!(error instanceof NeedMoreBytes)) throw error;
      cursor.rewind(this.#start);
      return undefined;
    }
  }

  /** All that is unread, as a copy; here it was never. */
  takeBack(): Buffer {
    const bytes = Buffer.from(this.#bytes.subarray(this.#start, this.#end));
    this.#passed -= bytes.length;
    this.#start = this.#end;
    this.#cursor = undefined; // it stands in front of bytes that are here no more
    return bytes;
  }

  #makeRoom(length: number): void {
    const needed = this.available + length;
    const fits = needed * 2 <= this.#bytes.length;
    const target = fits
      ? this.#bytes
      : Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(target, 0, this.#start, this.#end);
    this.#bytes = target;
    this.#end -= this.#start;
    this.#start = 0;
  }
}
