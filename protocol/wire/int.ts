import type { Cursor } from "./cursor.ts";

/** A 16-bit unsigned integer, little-endian. */
export function readUint16(from: Cursor): number {
  const low = from.uint8();
  return low | (from.uint8() << 8);
}

/** A 32-bit signed integer, little-endian: rsync's plain `int`. */
export function readInt32(from: Cursor): number {
  return from.int32();
}

/** The same four bytes as an unsigned number. */
export function readUint32(from: Cursor): number {
  return readInt32(from) >>> 0;
}

/**
 * An integer of up to 53 bits in four bytes, or in a mark and eight.
 *
 * Wire: protocol 29 and earlier.
 */
export function readLongint(from: Cursor): number {
  const small = readInt32(from);
  if (small !== -1) return small;
  const low = readUint32(from);
  return low + readInt32(from) * 2 ** 32;
}
