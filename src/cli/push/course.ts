import { type FileEntry, isDirectory } from "../../../protocol/index.ts";
import type { Outputs } from "../outputs.ts";
import { ProgressLine, type ProgressOutput } from "../progress-line.ts";
import type { PushCommand } from "./command.ts";

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

/**
 * On a terminal a bar, unless `--progress` draws its own or `-q` wants quiet; elsewhere lines now and
 * then, but only for who wants to be told something: others may be a schedule that mails what is said.
 */
export function courseOf(
  { telling, transfer }: Pick<PushCommand, "telling" | "transfer">,
  { progress }: Outputs,
): Course | undefined {
  const { quiet, stats, progress: asked } = telling;
  if (progress === undefined || quiet || transfer.dryRun) return undefined;
  const isWanted = progress.columns === undefined ? stats + asked > 0 : asked === 0;
  return isWanted ? new Course(progress) : undefined;
}

/** The same outputs; what is written there makes the bar go away before. */
export function besides(course: Course | undefined, { out, err, ...others }: Outputs): Outputs {
  if (course === undefined) return { out, err, ...others };
  const cleared =
    (write: (text: string) => void) =>
    (text: string): void => {
      course.clear();
      write(text);
    };
  return { ...others, out: cleared(out), err: cleared(err) };
}
