import { type FileEntry, isDirectory } from "../flist/entry.ts";
import type { Stepwise } from "../flist/stepwise.ts";
import { type BytePath, parentPath } from "../path.ts";
import type { DirectoryList, ListSource } from "./tree-lists.ts";

/** Says of an entry why it cannot be listed; undefined: it can. */
export type Objection = (entry: FileEntry) => string | undefined;

/** Keeps out of lists what cannot be told to the other side, and what lies below it. */
export class Admission {
  readonly #objection: Objection;
  readonly #onLeftOut: (entry: FileEntry, why: string) => void;
  readonly #directories = new Set<BytePath>();
  #hasLeftOut = false;

  /** @param onLeftOut told of each entry that is left out, but of nothing below it. */
  constructor(objection: Objection, onLeftOut: (entry: FileEntry, why: string) => void) {
    this.#objection = objection;
    this.#onLeftOut = onLeftOut;
  }

  /** Something is not listed: whoever deletes what is missing must not. */
  get hasLeftOut(): boolean {
    return this.#hasLeftOut;
  }

  /** Asked of a directory before it is asked of what lies in it. */
  readonly admits = (entry: FileEntry): boolean => {
    const isBelow = entry.path !== "" && this.#directories.has(parentPath(entry.path));
    const why = isBelow ? undefined : this.#objection(entry);
    if (!isBelow && why === undefined) return true;
    if (why !== undefined) this.#onLeftOut(entry, why);
    if (isDirectory(entry)) this.#directories.add(entry.path);
    this.#hasLeftOut = true;
    return false;
  };

  /** The same lists without what is not admitted. */
  lists(all: ListSource): ListSource {
    const kept = (list: DirectoryList | undefined): DirectoryList | undefined => this.#kept(list);
    const steps = all.steps?.bind(all);
    const isIncomplete = (): boolean => all.incomplete || this.#hasLeftOut;
    return {
      next: () => kept(all.next()),
      ...(steps && {
        *steps(): Stepwise<DirectoryList | undefined> {
          return kept(yield* steps());
        },
      }),
      get hasMore() {
        return all.hasMore;
      },
      get incomplete() {
        return isIncomplete();
      },
    };
  }

  #kept(list: DirectoryList | undefined): DirectoryList | undefined {
    if (list === undefined) return undefined;
    const { directory } = list;
    const entries = list.entries.filter(this.admits);
    const isLeftOut = directory !== undefined && this.#directories.has(directory.path);
    return isLeftOut ? undefined : { directory, entries };
  }
}
