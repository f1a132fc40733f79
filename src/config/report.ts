import type { Mistake, Note } from "./mistake.ts";
import { placeAt, type SourceFile } from "./source.ts";

// A hostile file can hold a mistake in every byte, and finding each one's line costs a scan.
const mostFindings = 100;

/** Collects what reading a configuration found, so that everything is said at once. */
export class Report {
  readonly #source: SourceFile;
  readonly #mistakes: Mistake[] = [];
  readonly #notes: Note[] = [];

  constructor(source: SourceFile) {
    this.#source = source;
  }

  mistake(offset: number, text: string): void {
    if (this.#mistakes.length >= mostFindings) return;
    this.#mistakes.push({ ...placeAt(this.#source, offset), text });
  }

  warning(offset: number, text: string): void {
    this.#say(offset, "warning", text);
  }

  note(offset: number, text: string): void {
    this.#say(offset, "note", text);
  }

  get failed(): boolean {
    return this.#mistakes.length > 0;
  }

  /** In the order of the file. */
  get mistakes(): readonly Mistake[] {
    return inFileOrder(this.#mistakes);
  }

  /** In the order of the file. */
  get notes(): readonly Note[] {
    return inFileOrder(this.#notes);
  }

  #say(offset: number, severity: Note["severity"], text: string): void {
    if (this.#notes.length >= mostFindings) return;
    const note = { ...placeAt(this.#source, offset), severity, text };
    // What several readers miss at one place is missing once.
    const isKnown = this.#notes.some(
      (known) => known.text === text && known.line === note.line && known.column === note.column,
    );
    if (!isKnown) this.#notes.push(note);
  }
}

function inFileOrder<T extends Mistake>(findings: readonly T[]): readonly T[] {
  return findings.toSorted((a, b) => a.line - b.line || a.column - b.column);
}
