import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { writeAtomically } from "./atomic-file.ts";
import { recordFile } from "./directory.ts";
import { encodeRecord, parseRecord, type TargetRecord } from "./record.ts";

/** A target whose state is kept. */
export interface Kept {
  readonly root: string;
  readonly target: string;
  /** Grows with every change of what {@link record} tells. */
  revision(): number;
  record(): TargetRecord;
}

/** What was pending when a record was lost, nobody knows. */
const unknown: Omit<TargetRecord, "root" | "target"> = {
  identity: undefined,
  clean: false,
  reconciledAt: undefined,
  owed: undefined,
  halted: undefined,
  paths: [],
};

/** Which store writes a file: after a reload the new one. */
const owners = new Map<string, StateStore>();

/**
 * What survives restarts, a file for each target in one directory. Where it cannot be written the
 * mirror works without; that is said once.
 */
export class StateStore {
  readonly #directory: string;
  readonly #tell: (warning: string) => void;
  readonly #kept = new Map<string, { readonly kept: Kept; saved: number | undefined }>();
  #isUsable: boolean;
  #wasTold = false;

  constructor(directory: string, tell: (warning: string) => void) {
    this.#directory = directory;
    this.#tell = tell;
    this.#isUsable = this.#makeDirectory();
  }

  /**
   * What is known of a target from before; undefined when nothing is. Of one whose record cannot be
   * used no more than that it did not end in order.
   */
  read(root: string, target: string): TargetRecord | undefined {
    const file = recordFile(this.#directory, root, target);
    const text = this.#readText(file);
    if (text === undefined) return undefined;
    try {
      const record = parseRecord(text);
      if (record.root === root && record.target === target) return record;
      throw new SyntaxError(`it is that of ${record.target}`);
    } catch (error) {
      this.#setAside(file, (error as Error).message);
      return { root, target, ...unknown };
    }
  }

  /** This target's state is kept, once the files are claimed. */
  keep(kept: Kept): void {
    const file = recordFile(this.#directory, kept.root, kept.target);
    this.#kept.set(file, { kept, saved: undefined });
  }

  /** From now on this store writes the files of its targets, and no other of this process does. */
  claim(): void {
    for (const file of this.#kept.keys()) owners.set(file, this);
  }

  /** Writes one record as it is; never throws. */
  async write(record: TargetRecord): Promise<void> {
    if (!this.#isUsable) return;
    try {
      const file = recordFile(this.#directory, record.root, record.target);
      await writeAtomically(file, encodeRecord(record));
    } catch (error) {
      this.#complain((error as Error).message);
    }
  }

  /** Writes what has changed since it was written last; never throws. */
  async save(): Promise<void> {
    if (!this.#isUsable) return;
    for (const [file, entry] of this.#kept) {
      const revision = entry.kept.revision();
      if (entry.saved === revision || owners.get(file) !== this) continue;
      try {
        await writeAtomically(file, encodeRecord(entry.kept.record()));
        entry.saved = revision;
        this.#wasTold = false;
      } catch (error) {
        this.#complain((error as Error).message);
      }
    }
  }

  /** Writes everything, whatever has changed, and keeps nothing more. */
  async close(): Promise<void> {
    for (const entry of this.#kept.values()) entry.saved = undefined;
    await this.save();
    for (const file of this.#kept.keys()) if (owners.get(file) === this) owners.delete(file);
    this.#kept.clear();
  }

  #makeDirectory(): boolean {
    try {
      makeDirectories(this.#directory);
      return true;
    } catch (error) {
      this.#complain((error as Error).message);
      return false;
    }
  }

  #readText(file: string): string | undefined {
    try {
      return readFileSync(file, "utf8");
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== "ENOENT" && this.#isUsable) this.#complain(message);
      return undefined;
    }
  }

  #setAside(file: string, why: string): void {
    const aside = `${file}.bad`;
    try {
      renameSync(file, aside);
      this.#tell(
        `Cannot use the state file ${file}: ${why}; it is kept as ${aside}, and everything is compared`,
      );
    } catch (error) {
      this.#complain((error as Error).message);
    }
  }

  #complain(found: string): void {
    if (this.#wasTold) return;
    this.#wasTold = true;
    this.#tell(
      `Cannot keep state in ${this.#directory}: ${found}; what is pending when the program ends is forgotten (name another directory with --state-dir)`,
    );
  }
}

/** Node's own recursive form never comes back from where nothing can be made, as below /proc. */
function makeDirectories(directory: string): void {
  if (existsSync(directory)) return;
  const parent = dirname(directory);
  if (parent !== directory) makeDirectories(parent);
  mkdirSync(directory, { mode: 0o700 });
}
