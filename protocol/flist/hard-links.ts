import type { FileEntry } from "./entry.ts";

/** The first name of an object in a list. */
export interface FirstName {
  readonly entry: FileEntry;
  /** Its place in the order of sending, from 0. */
  readonly place: number;
}

/** Finds the entries of one list that are names of the same object. */
export class HardLinks {
  readonly #first = new Map<string, FirstName>();

  /**
   * @returns the first entry that is a name of this entry's object, perhaps the entry itself;
   *   undefined when the object can have no other name.
   */
  first(entry: FileEntry, place: number): FirstName | undefined {
    const key = objectKey(entry);
    if (key === undefined) return undefined;
    const known = this.#first.get(key);
    if (known !== undefined) return known;
    const first = { entry, place };
    this.#first.set(key, first);
    return first;
  }
}

/** The same for all names of one object that has several; undefined for one that has no other. */
export function objectKey({ identity, linkCount = 1 }: FileEntry): string | undefined {
  if (linkCount < 2 || identity === undefined) return undefined;
  return `${identity.device}:${identity.inode}`;
}
