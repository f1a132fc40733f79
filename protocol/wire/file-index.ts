import type { Cursor } from "./cursor.ts";
import { readInt32 } from "./int.ts";
import type { Writer } from "./writer.ts";

/** In place of a file index: a phase, or the session, ends. */
export const indexDone = -1;
/** In place of a file index: no further file list follows (incremental recursion). */
export const indexListEnd = -2;
/** In place of a file index: five varints of deletion statistics follow. */
export const indexDeleteStats = -3;
/** In place of a file index: the list of the first directory follows; of the next: one less. */
export const indexFirstList = -101;

/** Reads the file indices of one direction of one session. */
export interface IndexReader {
  /**
   * The next index. Nothing is remembered until {@link accept}, so that a request of which only
   * the index has arrived can be read again. The caller checks the range.
   */
  read(from: Cursor): number;
  /** Makes `index` the one that the next difference counts from. */
  accept(index: number): void;
}

/** Writes the file indices of one direction of one session. */
export interface IndexWriter {
  write(to: Writer, index: number): void;
}

/**
 * Indices as plain integers, both ways.
 *
 * Wire: protocol 29 and earlier (spec 1 §5).
 */
export const plainIndices: IndexReader & IndexWriter = {
  read: readInt32,
  accept: () => {},
  write: (to, index) => to.int32(index),
};

/**
 * Reads file indices of one direction of one session, each coded as the difference to the last.
 *
 *     00                      done
 *     dd                      last + d, 1 … 253
 *     fe hh ll                last + difference, 0 … 32767, high byte first
 *     fe 80|n3 n0 n1 n2       the index itself
 *     ff …                    the same for negative numbers, with a memory of their own
 *
 * Wire: protocol 30 and later (spec 1 §5).
 */
export class FileIndexReader implements IndexReader {
  #lastPositive = -1;
  #lastNegative = 1;

  read(from: Cursor): number {
    const lead = from.uint8();
    if (lead === 0) return indexDone;
    if (lead !== 0xff) return readMagnitude(from, lead, this.#lastPositive);
    return -readMagnitude(from, from.uint8(), this.#lastNegative);
  }

  accept(index: number): void {
    if (index >= 0) this.#lastPositive = index;
    else if (index !== indexDone) this.#lastNegative = -index;
  }
}

/** Writes file indices of one direction of one session; the twin of {@link FileIndexReader}. */
export class FileIndexWriter implements IndexWriter {
  #lastPositive = -1;
  #lastNegative = 1;

  write(to: Writer, index: number): void {
    if (index === indexDone) {
      to.uint8(0);
    } else if (index >= 0) {
      writeMagnitude(to, index, this.#lastPositive);
      this.#lastPositive = index;
    } else {
      to.uint8(0xff);
      writeMagnitude(to, -index, this.#lastNegative);
      this.#lastNegative = -index;
    }
  }
}

function readMagnitude(from: Cursor, lead: number, last: number): number {
  if (lead !== 0xfe) return last + lead;
  const high = from.uint8();
  if ((high & 0x80) === 0) return last + ((high << 8) | from.uint8());
  const low = from.uint8() | (from.uint8() << 8) | (from.uint8() << 16);
  return ((high & 0x7f) << 24) | low;
}

function writeMagnitude(to: Writer, magnitude: number, last: number): void {
  const difference = magnitude - last;
  if (difference > 0 && difference < 0xfe) {
    to.uint8(difference);
    return;
  }
  to.uint8(0xfe);
  if (difference >= 0 && difference <= 0x7fff) {
    to.uint8(difference >> 8);
    to.uint8(difference & 0xff);
    return;
  }
  to.uint8(((magnitude >>> 24) & 0x7f) | 0x80);
  to.uint8(magnitude & 0xff);
  to.uint8((magnitude >> 8) & 0xff);
  to.uint8((magnitude >> 16) & 0xff);
}
