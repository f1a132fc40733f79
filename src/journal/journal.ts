import { lstatSync, readFileSync, renameSync, type Stats } from "node:fs";
import { asBytePath, displayPath, nativePath, rootPath } from "../../protocol/index.ts";
import { counted } from "../amount.ts";
import { beside, writeAtomically } from "../state/atomic-file.ts";
import { formatJournal, type JournalEntry, journalMark } from "./entry.ts";
import { isOldScript, type OldFailure, parseOldScript } from "./old-script.ts";

/** Larger files are none that sersync wrote. */
const mostBytes = 64 * 1024 * 1024;

/** Who writes into each file: several configurations may name the same one. */
const writers = new Map<string, Set<() => Iterable<JournalEntry>>>();

/** What an old script at the journal's place was to do, and what became of it. */
export interface Inherited {
  readonly failures: readonly OldFailure[];
  /** What a person should know; undefined: nothing was there, or a journal of ours. */
  readonly message: string | undefined;
}

/**
 * The failLog: a file that tells people what could not be delivered. Never executed, readable by its
 * owner alone, always whole.
 */
export class Journal {
  readonly #path: string;
  readonly #entries: () => Iterable<JournalEntry>;
  readonly #tell: (warning: string) => void;
  #file: string | Buffer;
  #wasTold = false;
  #written = "";
  /** Something of ours stands in the file, or did when we came. */
  #isThere = false;

  /** `path` is absolute, a byte string; `entries` is asked at each writing. */
  constructor(
    path: string,
    entries: () => Iterable<JournalEntry>,
    tell: (warning: string) => void,
  ) {
    this.#path = path;
    this.#file = nativePath(path, rootPath);
    this.#entries = entries;
    this.#tell = tell;
  }

  /** Looks at what is at its place; to be called once, before anything is written. */
  inherit(): Inherited {
    const shown = displayPath(asBytePath(this.#path));
    const found = this.#look();
    if (found === "nothing" || found === "a journal") {
      this.#isThere = found === "a journal";
      return { failures: [], message: undefined };
    }
    if (typeof found === "object" && this.#setAside()) {
      const failures = parseOldScript(found.script);
      const message = `${shown} is a script of sersync 2.5: ${counted(failures.length, "path of it is", "paths of it are")} taken over, and it is kept as ${shown}.sersync-2.5; it is never run`;
      return { failures, message };
    }
    const what = typeof found === "object" ? "a script that cannot be renamed" : found;
    this.#file = beside(this.#file, ".journal");
    const message = `${shown} is ${what} and is not touched: what cannot be delivered is written to ${shown}.journal`;
    return { failures: [], message };
  }

  /** Joins those who write into this file. */
  open(): void {
    const known = writers.get(this.#path) ?? new Set();
    known.add(this.#entries);
    writers.set(this.#path, known);
  }

  /** Writes what stands in it now; never throws. */
  async write(): Promise<void> {
    const all = [...(writers.get(this.#path) ?? [])].flatMap((entries) => [...entries()]);
    const lines = [...formatJournal(all)];
    const text = lines.join("\n");
    if (text === this.#written || (all.length === 0 && !this.#isThere)) return;
    try {
      await writeAtomically(this.#file, lines);
      this.#written = text;
      this.#isThere = all.length > 0;
      this.#wasTold = false;
    } catch (error) {
      if (!this.#wasTold) this.#tell(`Cannot write the failLog: ${(error as Error).message}`);
      this.#wasTold = true;
    }
  }

  /** What stood in it through us does so no more, when it is written again. */
  close(): void {
    writers.get(this.#path)?.delete(this.#entries);
  }

  #setAside(): boolean {
    try {
      renameSync(this.#file, beside(this.#file, ".sersync-2.5"));
      return true;
    } catch {
      return false;
    }
  }

  #look(): "nothing" | "a journal" | "a strange file" | "no regular file" | { script: string } {
    let stats: Stats | undefined;
    let text: string;
    try {
      stats = lstatSync(this.#file, { throwIfNoEntry: false });
      if (stats === undefined) return "nothing";
      if (!stats.isFile()) return "no regular file";
      if (stats.size > mostBytes) return "a strange file";
      text = readFileSync(this.#file, "latin1");
    } catch {
      return "a strange file";
    }
    if (text.trim() === "") return "nothing";
    if (text.startsWith(journalMark)) return "a journal";
    // In /tmp anybody may put a script; only our own, or root's, tells of our paths.
    const isTrusted = stats.uid === process.getuid?.() || stats.uid === 0;
    return isTrusted && isOldScript(text) ? { script: text } : "a strange file";
  }
}
