/**
 * Receives one event. `name` is a byte string, "" for an event on the watched directory itself;
 * `wd` is -1 for an overflow.
 */
export type RecordVisitor = (wd: number, mask: number, cookie: number, name: string) => void;

/**
 * Walks the events of one read from an inotify descriptor.
 *
 *     int32 wd | uint32 mask | uint32 cookie | uint32 length | name, filled up with NUL to length
 *
 * All in the machine's byte order (inotify(7)); the kernel never splits an event over two reads.
 * @returns the number of events.
 */
export function visitRecords(bytes: Buffer, visit: RecordVisitor): number {
  const fields = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let count = 0;
  let at = 0;
  while (at + 16 <= bytes.length) {
    const length = fields.getUint32(at + 12, littleEndian);
    visit(
      fields.getInt32(at, littleEndian),
      fields.getUint32(at + 4, littleEndian),
      fields.getUint32(at + 8, littleEndian),
      length === 0 ? "" : nameAt(bytes, at + 16, length),
    );
    at += 16 + length;
    count += 1;
  }
  return count;
}

function nameAt(bytes: Buffer, start: number, length: number): string {
  // The padding is short; looking for its first NUL from the end meets few bytes.
  let end = start + length;
  while (end > start && bytes[end - 1] === 0) end -= 1;
  return bytes.toString("latin1", start, end);
}

const littleEndian: boolean = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
