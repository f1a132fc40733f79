import { createHash } from "node:crypto";
import { writeVarint } from "../wire/varint.ts";
import type { Writer } from "../wire/writer.ts";

/** An extended attribute: its name as a byte string, and its value. */
export interface ExtendedAttribute {
  readonly name: string;
  readonly value: Uint8Array;
}

/** Longer values stay here until they are asked for; the list has their sums. */
export const longestListedValue = 32;

/** Sets beyond these are written out each time: that is legal, and costs no memory. */
const mostRemembered = 100_000;

/** Numbers the sets that were written out, so that an equal one is named by its number. */
export class Repetitions {
  readonly #numbers = new Map<string, number>();
  #written = 0;

  /**
   * Writes the number of an equal set, plus 1, or 0.
   *
   * @returns false when the set itself must follow.
   */
  write(to: Writer, key: string): boolean {
    const number = this.#numbers.get(key);
    writeVarint(to, number === undefined ? 0 : number + 1);
    if (number !== undefined) return true;
    if (this.#numbers.size < mostRemembered) this.#numbers.set(key, this.#written);
    this.#written += 1;
    return false;
  }
}

/**
 * Writes the extended attributes of one entry after the other.
 *
 *     number of an equal set + 1
 *     0 count (name-length value-length name NUL value-or-sum)*
 *
 * Wire: protocol 30 and later (spec 1 §7.9).
 */
export class XattrWriter {
  readonly #repetitions = new Repetitions();

  /** @param attributes sorted by their names. */
  write(to: Writer, attributes: readonly ExtendedAttribute[]): void {
    const listed = attributes.map(({ name, value }) => ({
      name,
      length: value.length,
      told: value.length > longestListedValue ? sumOf(value) : value,
    }));
    const key = listed.map(({ name, length, told }) => `${name}\0${length}\0${textOf(told)}`);
    if (this.#repetitions.write(to, key.join("\0"))) return;
    writeVarint(to, listed.length);
    for (const { name, length, told } of listed) {
      writeVarint(to, name.length + 1);
      writeVarint(to, length);
      to.latin1(`${name}\0`);
      to.bytes(told);
    }
  }
}

/** Whatever sums files have: this one is never negotiated, and never seeded. */
function sumOf(value: Uint8Array): Uint8Array {
  return createHash("md5").update(value).digest();
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}
