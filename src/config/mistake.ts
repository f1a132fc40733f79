import { display } from "../display.ts";

/** A place in a configuration file: line and column count from 1, the column in bytes. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Something wrong in a configuration file, and where. Never holds a secret. */
export interface Mistake extends Place {
  readonly text: string;
}

/** Something worth knowing about a configuration that works. */
export interface Note extends Place {
  /** "warning": probably not what was meant; "note": only said. */
  readonly severity: "warning" | "note";
  readonly text: string;
}

/** `file:line:column: text`, the form editors jump to. */
export function formatMistake(file: string, mistake: Mistake): string {
  return `${file}:${mistake.line}:${mistake.column}: ${mistake.text}`;
}

/** `file:line:column: warning: text`. */
export function formatNote(file: string, note: Note): string {
  return `${file}:${note.line}:${note.column}: ${note.severity}: ${note.text}`;
}

/** Every mistake of one configuration file at once, in the order of the file. */
export class ConfigError extends Error {
  static {
    Object.defineProperty(ConfigError.prototype, "name", { value: "ConfigError" });
  }

  readonly file: string;
  readonly mistakes: readonly Mistake[];
  /** What the command line exits with. */
  readonly exitCode: number = 1;

  constructor(file: string, mistakes: readonly Mistake[], options: ErrorOptions = {}) {
    super(mistakes.map((mistake) => formatMistake(file, mistake)).join("\n"), options);
    this.file = file;
    this.mistakes = mistakes;
  }
}

const longestQuote = 80;

/** A byte string from the file as it is shown in messages: quoted, readable, cut when long. */
export function quote(bytes: string): string {
  const shown = display(bytes);
  return shown.length > longestQuote ? `"${shown.slice(0, longestQuote)}…"` : `"${shown}"`;
}
