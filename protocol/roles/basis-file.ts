import fs from "node:fs";
import { basisLength, type SumHead } from "../delta/sums.ts";
import { RsyncError } from "../errors.ts";

/** What is here of a file already, opened when the first block of it is wanted. */
export class BasisFile {
  readonly #head: SumHead;
  readonly #open: () => number;
  #descriptor: number | undefined;

  constructor(head: SumHead, open: () => number) {
    this.#head = head;
    this.#open = open;
  }

  /** Where blocks lie. @throws {RsyncError} BAD_STREAM for blocks that there are not. */
  range(first: number, count: number): { readonly from: number; readonly to: number } {
    const { blockLength } = this.#head;
    if (first < 0 || first + count > this.#head.count) {
      const found = `block ${first + count - 1}, but there are ${this.#head.count}`;
      throw new RsyncError("BAD_STREAM", `Cannot take what the other side sends: ${found}`);
    }
    const to = Math.min((first + count) * blockLength, basisLength(this.#head));
    return { from: first * blockLength, to };
  }

  /** As much of a range as fits. What cannot be read is zero: the sum will be wrong. */
  read(
    into: Buffer,
    from: number,
    to: number,
    onError: (error: NodeJS.ErrnoException) => void,
  ): Uint8Array {
    const bytes = into.subarray(0, Math.min(into.length, to - from));
    let read = 0;
    try {
      this.#descriptor ??= this.#open();
      read = fs.readSync(this.#descriptor, bytes, 0, bytes.length, from);
    } catch (error) {
      onError(error as NodeJS.ErrnoException);
    }
    if (read < bytes.length) bytes.fill(0, read);
    return bytes;
  }

  close(): void {
    if (this.#descriptor !== undefined) fs.closeSync(this.#descriptor);
  }
}
