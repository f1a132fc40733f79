import { formatBytes } from "../amount.ts";

/** Where it is told how far something is. */
export interface ProgressOutput {
  readonly write: (text: string) => void;
  /** The width of the terminal, where one line is written over and over; undefined: plain lines. */
  readonly columns: (() => number) | undefined;
}

/** How far something is. */
export interface Progress {
  readonly files: number;
  readonly bytes: number;
  /** From 0 to 1; undefined where the whole is not known yet. */
  readonly share: number | undefined;
  readonly elapsedMs: number;
}

const barWidth = 20;
const redrawMs = 200;
const plainMs = 5_000;

/** Bar, files, bytes, rate, and the time that is left. */
export function formatProgress({ files, bytes, share, elapsedMs }: Progress): string {
  const seconds = elapsedMs / 1_000;
  const rate = seconds > 0 ? bytes / seconds : 0;
  const done = `${files.toLocaleString("en")} ${files === 1 ? "file" : "files"}, ${formatBytes(bytes)}, ${formatBytes(rate)}/s`;
  if (share === undefined) return done;
  const filled = Math.round(Math.min(1, share) * barWidth);
  const bar = `[${"#".repeat(filled)}${"-".repeat(barWidth - filled)}]`;
  const percent = String(Math.floor(Math.min(1, share) * 100)).padStart(3);
  const left = share > 0 ? `, ${formatSpan((seconds * (1 - share)) / share)} left` : "";
  return `${bar} ${percent}%  ${done}${left}`;
}

/** `1:02:03`; what takes longer than anybody waits is told in days. */
function formatSpan(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole >= 360_000) return `${Math.round(whole / 86_400)} days`;
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${Math.floor(whole / 3_600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

/** One line at the end of a terminal, or now and then a plain one where there is none. */
export class ProgressLine {
  readonly #output: ProgressOutput;
  #isShown = false;
  #shownAt = performance.now();

  constructor(output: ProgressOutput) {
    this.#output = output;
  }

  /** Shows it, unless something was shown a moment ago. */
  show(progress: () => Progress): void {
    const { write, columns } = this.#output;
    const now = performance.now();
    if (now - this.#shownAt < (columns === undefined ? plainMs : redrawMs)) return;
    this.#shownAt = now;
    const text = formatProgress(progress());
    if (columns === undefined) write(`sersync: ${text}\n`);
    else write(`\r\u001b[K${text.slice(0, Math.max(1, columns() - 1))}`);
    this.#isShown = columns !== undefined;
  }

  /** Makes room for a line of somebody else's. */
  clear(): void {
    if (this.#isShown) this.#output.write("\r\u001b[K");
    this.#isShown = false;
  }
}
