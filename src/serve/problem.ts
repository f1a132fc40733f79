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

/** Every mistake of a configuration at once, in the order of its files. */
export class ConfError extends Error {
  static {
    Object.defineProperty(ConfError.prototype, "name", { value: "ConfError" });
  }

  readonly problems: readonly Problem[];
  /** What the command line exits with. */
  readonly exitCode: number = 1;

  constructor(problems: readonly Problem[]) {
    const inOrder = problems.toSorted(
      ({ place: a }, { place: b }) =>
        Number(a.file > b.file) - Number(a.file < b.file) || a.line - b.line,
    );
    super(inOrder.map(formatProblem).join("\n"));
    this.problems = inOrder;
  }
}

const mostProblems = 100;

/** Collects what reading finds, so that everything is said at once. */
export class Findings {
  readonly mistakes: Problem[] = [];
  readonly warnings: Problem[] = [];

  mistake(place: Place, text: string): void {
    add(this.mistakes, { place, text });
  }

  warn(place: Place, text: string): void {
    add(this.warnings, { place, text });
  }

  /** @throws {ConfError} when there are mistakes. */
  check(): void {
    if (this.mistakes.length > 0) throw new ConfError(this.mistakes);
  }
}

/** What stands in front of the modules is found in each of them, and said once. */
function add(problems: Problem[], problem: Problem): void {
  if (problems.length >= mostProblems) return;
  const said = formatProblem(problem);
  if (!problems.some((each) => formatProblem(each) === said)) problems.push(problem);
}

const longestQuote = 80;

/** A byte string of the file as messages show it: quoted, readable, cut when long. */
export function quoted(bytes: string): string {
  const shown = bytes === "" ? "" : displayPath(asBytePath(bytes));
  return shown.length > longestQuote ? `"${shown.slice(0, longestQuote)}…"` : `"${shown}"`;
}
