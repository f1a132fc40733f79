/**
 * Append-only output buffer. Grows when full; {@link Mux} overrides that and sends a frame instead.
 *
 * Integers are little-endian, as everywhere on rsync's wire.
 */
export class Writer {
  /** The bytes written so far are `buffer[0 … offset)`. */
  protected buffer: Buffer;
  protected offset = 0;

  constructor(capacityBytes = 256) {
    this.buffer = Buffer.allocUnsafe(capacityBytes);
  }

  uint8(value: number): void {
    this.makeRoom(1);
    this.buffer[this.offset++] = value;
  }

  uint16(value: number): void {
    this.makeRoom(2);
    this.buffer[this.offset++] = value;
    this.buffer[this.offset++] = value >>> 8;
  }

  int32(value: number): void {
    this.makeRoom(4);
    this.offset = this.buffer.writeInt32LE(value | 0, this.offset);
  }

  /** A byte string, one byte per char. */
  latin1(text: string): void {
    this.makeRoom(text.length);
    this.offset += this.buffer.write(text, this.offset, "latin1");
  }

  /** Copies `view`, whatever its length. */
  bytes(view: Uint8Array): void {
    this.makeRoom(view.length);
    this.buffer.set(view, this.offset);
    this.offset += view.length;
  }

  /** What has been written, as a view; the writer starts anew. */
  take(): Uint8Array {
    const written = this.buffer.subarray(0, this.offset);
    this.buffer = Buffer.allocUnsafe(this.buffer.length);
    this.offset = 0;
    return written;
  }

  /** Makes sure that `length` bytes fit behind `offset`. */
  protected makeRoom(length: number): void {
    if (this.offset + length <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.offset + length));
    this.buffer.copy(larger, 0, 0, this.offset);
    this.buffer = larger;
  }
}

/** What `write` appends, as bytes of their own. */
export function encoded(write: (to: Writer) => void): Uint8Array {
  const writer = new Writer();
  write(writer);
  return writer.take();
}
