import { formatNumber } from "./number.ts";

/** Where a push is when a line of progress is written. */
export interface Position {
  /** Bytes that are through, of so many. */
  readonly bytes: number;
  readonly totalBytes: number;
  /** Files sent so far. */
  readonly files: number;
  /** Entries still to be looked at, of so many. */
  readonly left: number;
  readonly all: number;
  /** More may be listed. */
  readonly isListing: boolean;
}

const everyMs = 1_000;

/** Writes rsync's lines of progress, over each other, for one file or for everything. */
export class Meter {
  readonly #write: (text: string) => void;
  readonly #human: number;
  #startedAt = performance.now();
  #shownAt = Number.NEGATIVE_INFINITY;
  #bytesBefore = 0;

  constructor(write: (text: string) => void, human: number) {
    this.#write = write;
    this.#human = human;
  }

  /** What is measured begins now, with so many bytes through. */
  start(bytes = 0): void {
    this.#startedAt = performance.now();
    this.#shownAt = Number.NEGATIVE_INFINITY;
    this.#bytesBefore = bytes;
  }

  /** Whether a line was shown since the start. */
  get hasShown(): boolean {
    return this.#shownAt > Number.NEGATIVE_INFINITY;
  }

  /** Shows the position, unless that was just done. */
  show(position: Position): void {
    const now = performance.now();
    if (now - this.#shownAt < everyMs) return;
    this.#shownAt = now;
    this.#write(`${this.#line(position, now, false)}  `);
  }

  /** A file is complete. */
  complete(position: Position): void {
    const { files, left, all, isListing } = position;
    const counts = ` (xfr#${files}, ${isListing ? "ir" : "to"}-chk=${left}/${all})`;
    this.#write(this.#line(position, performance.now(), true) + counts);
  }

  #line({ bytes, totalBytes }: Position, now: number, isLast: boolean): string {
    const elapsedSeconds = (now - this.#startedAt) / 1_000;
    const rate = (bytes - this.#bytesBefore) / 1_024 / Math.max(elapsedSeconds, 0.001);
    const leftSeconds = (totalBytes - bytes) / 1_024 / Math.max(rate, 0.001);
    const percent = totalBytes === 0 ? 100 : Math.floor((100 * bytes) / totalBytes);
    const done = formatNumber(bytes, this.#human).padStart(15);
    const time = formatDuration(isLast ? elapsedSeconds : leftSeconds);
    return `\r${done} ${String(percent).padStart(3)}% ${formatRate(rate)} ${time}`;
  }
}

function formatRate(kibPerSecond: number): string {
  const units = ["kB/s", "MB/s", "GB/s"] as const;
  let rate = kibPerSecond;
  let unit = 0;
  while (rate > 1_024 && unit < units.length - 1) {
    rate /= 1_024;
    unit += 1;
  }
  return `${rate.toFixed(2).padStart(7)}${units[unit]}`;
}

/** `0:00:12`; what takes longer than anybody waits is `??:??:??`. */
function formatDuration(seconds: number): string {
  if (!(seconds < 9_999 * 3_600)) return "  ??:??:??";
  const whole = Math.floor(seconds);
  const two = (value: number): string => String(value).padStart(2, "0");
  const hours = String(Math.floor(whole / 3_600)).padStart(4);
  return `${hours}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}
