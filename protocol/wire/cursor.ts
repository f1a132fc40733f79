/** Thrown when a read needs bytes that have not arrived; the caller rewinds and waits for more. */
export class NeedMoreBytes extends Error {}

// One instance for all: running short is ordinary, and a stack trace for each would cost more than
// the read itself.
const needMoreBytes = new NeedMoreBytes("the value is not complete yet");

/** Reads forward through bytes that are already here. Never waits, never copies. */
export class Cursor {
  readonly #bytes: Uint8Array;
  #offset: number;

  constructor(bytes: Uint8Array, offset = 0) {
    this.#bytes = bytes;
    this.#offset = offset;
  }

  get offset(): number {
    return this.#offset;
  }

  /** How many bytes can be read without running short. */
  get available(): number {
    return this.#bytes.length - this.#offset;
  }

  /** Goes back to an offset where a value began, to read it again when more has arrived. */
  rewind(offset: number): void {
    if (offset > this.#offset) throw new RangeError("a cursor rewinds, it does not skip");
    this.#offset = offset;
  }

  uint8(): number {
    const value = this.#bytes[this.#offset];
    if (value === undefined) throw needMoreBytes;
    this.#offset += 1;
    return value;
  }

  /** Four bytes as a signed number, the lowest first; without a view, which would cost more. */
  int32(): number {
    const bytes = this.#bytes;
    const at = this.#offset;
    if (at + 4 > bytes.length) throw needMoreBytes;
    this.#offset = at + 4;
    return (
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    );
  }

  /** The next `length` bytes, as a view: valid until the source takes its next chunk. */
  bytes(length: number): Uint8Array {
    const end = this.#offset + length;
    if (end > this.#bytes.length) throw needMoreBytes;
    const view = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return view;
  }

  /** The next `length` bytes as a byte string (one char per byte). */
  latin1(length: number): string {
    const view = this.bytes(length);
    return Buffer.from(view.buffer, view.byteOffset, view.length).toString("latin1");
  }
}
