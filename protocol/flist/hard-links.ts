import type { FileEntry } from "./entry.ts";

/** The first name of an object in a list. */
export interface FirstName {
  /** Undefined when it stands in an earlier list than the one that is written. */
  readonly entry: FileEntry | undefined;
  /** Its number in the order of sending. */
  readonly place: number;
}

/** Finds the entries of a session that are names of the same object. */
export class HardLinks {
  readonly #first = new Map<string, FirstName>();
  /** Of the lists before, whose entries are not kept. */
  readonly #before = new Map<string, number>();

  /**
   * @returns the first entry that is a name of this entry's object, perhaps the entry itself;
   *   undefined when the object can have no other name.
   */
  first(entry: FileEntry, place: number): FirstName | undefined {
    const key = objectKey(entry);
    if (key === undefined) return undefined;
    const known = this.#first.get(key);
    if (known !== undefined) return known;
    const before = this.#before.get(key);
    if (before !== undefined) return { entry: undefined, place: before };
    const first = { entry, place };
    this.#first.set(key, first);
    return first;
  }

  /** What comes now stands in another list. */
  closeList(): void {
    for (const [key, { place }] of this.#first) this.#before.set(key, place);
    this.#first.clear();
  }
}

/** The same for all names of one object that has several; undefined for one that has no other. */
export function objectKey({ identity, linkCount = 1 }: FileEntry): string | undefined {
  if (linkCount < 2 || identity === undefined) return undefined;
  return `${identity.device}:${identity.inode}`;
}
