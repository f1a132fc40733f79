import { asBytePath, displayPath } from "../../protocol/index.ts";

/** A line of an rsyncd.conf, or of a file that it includes; lines count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

/** Something about a line that somebody should know. Never holds a secret. */
export interface Problem {
  readonly place: Place;
  readonly text: string;
}

/** `file:line: text`, the form editors jump to. */
export function formatProblem({ place, text }: Problem): string {
  return `${place.file}:${place.line}: ${text}`;
}

/** Every mistake of a configuration at once. */
export class ConfError extends Error {
  static {
    Object.defineProperty(ConfError.prototype, "name", { value: "ConfError" });
  }

  readonly problems: readonly Problem[];
  /** What the command line exits with. */
  readonly exitCode: number = 1;

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join("\n"));
    this.problems = problems;
  }
}

const mostProblems = 100;

/** Collects what reading finds, so that everything is said at once. */
export class Findings {
  readonly mistakes: Problem[] = [];
  readonly warnings: Problem[] = [];

  mistake(place: Place, text: string): void {
    if (this.mistakes.length < mostProblems) this.mistakes.push({ place, text });
  }

  warn(place: Place, text: string): void {
    if (this.warnings.length < mostProblems) this.warnings.push({ place, text });
  }

  /** @throws {ConfError} when there are mistakes. */
  check(): void {
    if (this.mistakes.length > 0) throw new ConfError(this.mistakes);
  }
}

const longestQuote = 80;

/** A byte string of the file as messages show it: quoted, readable, cut when long. */
export function quoted(bytes: string): string {
  const shown = bytes === "" ? "" : displayPath(asBytePath(bytes));
  return shown.length > longestQuote ? `"${shown.slice(0, longestQuote)}…"` : `"${shown}"`;
}
