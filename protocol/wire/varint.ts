import { RsyncError } from "../errors.ts";
import type { Cursor } from "./cursor.ts";
import type { Writer } from "./writer.ts";

/**
 * A signed 32-bit integer in one to five bytes.
 *
 *     0xxxxxxx                        7 bits
 *     10xxxxxx  b0                    14 bits: the lead byte holds the highest bits,
 *     110xxxxx  b0 b1                 21 bits  the bytes after it are little-endian
 *     1110xxxx  b0 b1 b2              28 bits
 *     11110000  b0 b1 b2 b3           32 bits
 *
 * Wire: protocol 30 and later (spec 1 §5).
 *
 * @throws {RsyncError} BAD_STREAM when the lead byte announces more than four bytes.
 */
export function readVarint(from: Cursor): number {
  const lead = from.uint8();
  const following = countLeadingOnes(lead);
  if (following > 4) {
    throw new RsyncError("BAD_STREAM", `Cannot read varint: lead byte is 0x${lead.toString(16)}`, {
      offset: from.offset - 1,
    });
  }
  let value = 0;
  for (let i = 0; i < following; i += 1) value |= from.uint8() << (8 * i);
  const high = lead & (0xff >> following);
  return following < 4 ? value | (high << (8 * following)) : value;
}

/** Writes what {@link readVarint} reads back as `value`, a signed 32-bit integer. */
export function writeVarint(to: Writer, value: number): void {
  const length = value === 0 ? 1 : 4 - (Math.clz32(value) >> 3);
  const high = (value >>> (8 * (length - 1))) & 0xff;
  const fitsInLead = high < 1 << (8 - length);
  const following = fitsInLead ? length - 1 : length;
  to.uint8(((0xff << (8 - following)) & 0xff) | (fitsInLead ? high : 0));
  for (let i = 0; i < following; i += 1) to.uint8((value >>> (8 * i)) & 0xff);
}

/**
 * A signed 64-bit integer in `minimum` to nine bytes; sizes use a minimum of 3, times of 4.
 *
 *     lead  b0 … b(minimum-2)  extra…     the lead byte's ones count the extra bytes, its other
 *                                         bits are the highest byte when it fits there
 *
 * Wire: protocol 30 and later (spec 1 §5).
 *
 * @throws {RsyncError} BAD_STREAM when the value is outside ±2^53, which no size or time reaches.
 */
export function readVarlong(from: Cursor, minimum: number): number {
  const start = from.offset;
  const lead = from.uint8();
  const extra = Math.min(countLeadingOnes(lead), 6);
  const following = minimum - 1 + extra;
  let low = 0;
  let high = 0;
  for (let i = 0; i <= following; i += 1) {
    const byte = i < following ? from.uint8() : lead & (0xff >> (extra + 1));
    if (i < 4) low |= byte << (8 * i);
    else if (i < 8) high |= byte << (8 * (i - 4));
  }
  const number = high * 0x1_0000_0000 + (low >>> 0);
  if (!Number.isSafeInteger(number)) {
    throw new RsyncError("BAD_STREAM", `Cannot read varlong: ${number} is beyond 2^53`, {
      offset: start,
    });
  }
  return number;
}

/** Writes what {@link readVarlong} reads back as `value`, an integer within ±2^53. */
export function writeVarlong(to: Writer, value: number, minimum: number): void {
  const low = value >>> 0;
  const high = Math.floor(value / 0x1_0000_0000) >>> 0;
  let length = significantBytes(low, high);
  if (length < minimum) length = minimum;
  const top = byteOf(low, high, length - 1);
  const extra = length - minimum;
  const fitsInLead = top < 1 << (7 - extra);
  const ones = fitsInLead ? extra : extra + 1;
  to.uint8(((0xff << (8 - ones)) & 0xff) | (fitsInLead ? top : 0));
  const following = fitsInLead ? length - 1 : length;
  for (let i = 0; i < following; i += 1) to.uint8(byteOf(low, high, i));
}

function significantBytes(low: number, high: number): number {
  if (high !== 0) return 8 - (Math.clz32(high) >> 3);
  return low === 0 ? 0 : 4 - (Math.clz32(low) >> 3);
}

function byteOf(low: number, high: number, index: number): number {
  return ((index < 4 ? low : high) >>> (8 * (index & 3))) & 0xff;
}

function countLeadingOnes(byte: number): number {
  return Math.clz32(~(byte << 24));
}
