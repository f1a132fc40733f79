import { type FileEntry, isDirectory } from "../../../protocol/index.ts";
import { ProgressLine, type ProgressOutput } from "../progress-line.ts";

/** How far a whole transfer is, in one line that lets the others be. */
export class Course {
  readonly #line: ProgressLine;
  readonly #startedAt = performance.now();
  /** Of what is listed, in its order; what is equal needs not be sent, but has been looked at. */
  readonly #sizes: number[] = [];
  #listedBytes = 0;
  #isListing = true;
  #passed = 0;
  #passedBytes = 0;
  #files = 0;
  #sentBytes = 0;

  constructor(output: ProgressOutput) {
    this.#line = new ProgressLine(output);
  }

  listed(entries: readonly FileEntry[], isLast: boolean): void {
    for (const entry of entries) {
      const size = isDirectory(entry) ? 0 : entry.size;
      this.#sizes.push(size);
      this.#listedBytes += size;
    }
    this.#isListing = !isLast;
  }

  /** All before the entry of this number has been dealt with, and so many bytes of it are through. */
  at(index: number, bytes: number): void {
    for (; this.#passed < Math.min(index, this.#sizes.length); this.#passed += 1) {
      this.#passedBytes += this.#sizes[this.#passed] ?? 0;
    }
    this.#line.show(() => ({
      files: this.#files,
      bytes: this.#sentBytes + bytes,
      share: this.#isListing ? undefined : this.#shareWith(bytes),
      elapsedMs: performance.now() - this.#startedAt,
    }));
  }

  /** A file is through. */
  sent(index: number, bytes: number): void {
    this.at(index, bytes);
    this.#files += 1;
    this.#sentBytes += bytes;
  }

  clear(): void {
    this.#line.clear();
  }

  #shareWith(bytes: number): number {
    if (this.#listedBytes > 0) return (this.#passedBytes + bytes) / this.#listedBytes;
    return this.#sizes.length === 0 ? 1 : this.#passed / this.#sizes.length;
  }
}
