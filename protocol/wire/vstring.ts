import { RsyncError } from "../errors.ts";
import type { Cursor } from "./cursor.ts";
import type { Writer } from "./writer.ts";

const longestVstring = 0x7fff;

/**
 * A byte string behind its length.
 *
 *     0lllllll            bytes    up to 127
 *     1hhhhhhh llllllll   bytes    up to 32767, high part first
 *
 * Wire: protocol 29 and later (spec 1 §5).
 */
export function readVstring(from: Cursor): string {
  const lead = from.uint8();
  const length = lead < 0x80 ? lead : ((lead & 0x7f) << 8) | from.uint8();
  return from.latin1(length);
}

/**
 * Writes what {@link readVstring} reads back.
 *
 * @throws {RsyncError} BAD_STREAM when `text` has more than 32767 bytes.
 */
export function writeVstring(to: Writer, text: string): void {
  const { length } = text;
  if (length > longestVstring) {
    throw new RsyncError(
      "BAD_STREAM",
      `Cannot write a string of ${length} bytes: the wire has room for ${longestVstring}`,
    );
  }
  if (length > 0x7f) to.uint8(0x80 | (length >> 8));
  to.uint8(length & 0xff);
  to.latin1(text);
}
