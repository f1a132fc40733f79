import type { FileEntry } from "./flist/entry.ts";
import type { BytePath } from "./path.ts";
import type { PushObserver } from "./report.ts";
import { hasSize } from "./totals.ts";

/** How far a push is. */
export interface PushProgress {
  /** Content that is through, and content that was listed so far. What needs not be sent is not in it. */
  readonly bytes: number;
  readonly totalBytes: number;
  /** Files that were sent, and everything that was listed so far. */
  readonly files: number;
  readonly totalFiles: number;
  /** What is being sent. */
  readonly path: BytePath;
  /**
   * Time left, in milliseconds, when all that is listed from here on has to be sent at the pace
   * so far; undefined before there is a pace, and while there is more to list.
   */
  readonly etaMs: number | undefined;
}

/** How often progress is told at most. */
const everyMs = 100;

/** Turns what happens in a push into progress. */
export class ProgressMeter {
  readonly #tell: (progress: PushProgress) => void;
  readonly #startedAt = performance.now();
  #toldAt = Number.NEGATIVE_INFINITY;
  #totalBytes = 0;
  #totalFiles = 0;
  #doneBytes = 0;
  #doneFiles = 0;
  /** Content of the entries before each: what is behind us there, sent or not. */
  #passedBytes: Float64Array = new Float64Array(0);
  #isComplete = false;
  #current: { readonly entry: FileEntry; readonly index: number } | undefined;

  constructor(tell: (progress: PushProgress) => void) {
    this.#tell = tell;
  }

  /** Tells where it ended. */
  finish(): void {
    this.#report(0, true);
  }

  /** What must be told of the push. */
  get observer(): PushObserver {
    return {
      listed: (entries, isLast) => this.#add(entries, isLast),
      sending: (entry, _, index) => {
        this.#current = { entry, index };
        this.#report(0);
      },
      step: (bytes) => this.#report(bytes),
      sent: (_, outcome) => {
        if (!("bytes" in outcome)) return;
        this.#report(outcome.bytes);
        this.#doneBytes += outcome.bytes;
        this.#doneFiles += 1;
      },
    };
  }

  #add(entries: readonly FileEntry[], isLast: boolean): void {
    const needed = this.#totalFiles + entries.length;
    if (needed > this.#passedBytes.length) {
      const larger = new Float64Array(isLast ? needed : needed * 2);
      larger.set(this.#passedBytes);
      this.#passedBytes = larger;
    }
    for (const entry of entries) {
      this.#passedBytes[this.#totalFiles] = this.#totalBytes;
      this.#totalFiles += 1;
      if (hasSize(entry)) this.#totalBytes += entry.size;
    }
    this.#isComplete = isLast;
  }

  #report(ofCurrent: number, isLast = false): void {
    const now = performance.now();
    if (this.#current === undefined || (!isLast && now - this.#toldAt < everyMs)) return;
    this.#toldAt = now;
    const { entry, index } = this.#current;
    const bytes = this.#doneBytes + ofCurrent;
    const left = this.#totalBytes - (this.#passedBytes[index] as number) - ofCurrent;
    const isKnown = this.#isComplete && bytes > 0;
    const elapsedMs = now - this.#startedAt;
    this.#tell({
      bytes,
      totalBytes: this.#totalBytes,
      files: this.#doneFiles,
      totalFiles: this.#totalFiles,
      path: entry.path,
      etaMs: isKnown ? Math.max(0, (left * elapsedMs) / bytes) : undefined,
    });
  }
}
