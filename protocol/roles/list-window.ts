import { RsyncError } from "../errors.ts";
import type { FileEntry } from "../flist/entry.ts";

/** What was listed, by the numbers that the daemon has for it. */
export interface ListNumbers {
  /** Undefined for a number that nothing has, or nothing has any more. */
  entry(index: number): FileEntry | undefined;
  /** Where that entry stands among everything that was listed, from 0. */
  place(index: number): number;
  /** True for a number that {@link entry} knew once. */
  isPast(index: number): boolean;
  /**
   * The daemon has done with a list.
   *
   * @returns whether it has done with all of them.
   * @throws {RsyncError} BAD_STREAM when it cannot have: others are still to come.
   */
  finishList(): boolean;
  /** What has a number, for messages. */
  describe(): string;
}

/** The numbers of a list that is sent as a whole: each entry's is its place. */
export class WholeList implements ListNumbers {
  readonly #entries: readonly FileEntry[];

  constructor(entries: readonly FileEntry[]) {
    this.#entries = entries;
  }

  entry(index: number): FileEntry | undefined {
    return this.#entries[index];
  }

  place(index: number): number {
    return index;
  }

  isPast(): boolean {
    return false;
  }

  finishList(): boolean {
    return true;
  }

  describe(): string {
    return `${this.#entries.length} entries were listed`;
  }
}

/** A list that the daemon has not done with. */
interface OpenList {
  /** The number of its first entry; the one before it stands for its directory. */
  readonly first: number;
  readonly entries: readonly FileEntry[];
  /** Where its first entry stands among all entries of all lists. */
  readonly place: number;
  readonly directory: FileEntry | undefined;
  readonly directoryPlace: number;
}

/** Whose content a list is. */
export interface ListOwner {
  readonly directory: FileEntry | undefined;
  /** Where the directory stands among everything that was listed. */
  readonly place: number;
}

/**
 * The numbers of lists that are sent one after the other and forgotten one after the other.
 *
 *     0        "."         1 2 3    its content
 *     4        "sub"       5 6      its content: the hole stands for the directory
 *
 * Wire: incremental recursion, protocol 30 and later (spec 1 §7.12).
 */
export class ListWindow implements ListNumbers {
  /** In order; those that are done with are undefined, and dropped now and then. */
  #lists: (OpenList | undefined)[] = [];
  #oldest = 0;
  /** The list that the daemon asked for last. */
  #current = 0;
  #nextIndex = 1;
  #listed = 0;
  /** The number behind the current list's last entry. */
  #end = 0;
  #isComplete = false;

  /** How many numbers there are beyond the list that the daemon is at; an empty list has one, too. */
  get ahead(): number {
    return this.#nextIndex - 1 - this.#end;
  }

  /** How many entries were listed so far. */
  get listed(): number {
    return this.#listed;
  }

  /** The number of the next list's first entry. */
  get nextIndex(): number {
    return this.#nextIndex;
  }

  /** A list is sent. */
  add(entries: readonly FileEntry[], owner: ListOwner): void {
    const { directory, place: directoryPlace } = owner;
    const place = this.#listed;
    this.#lists.push({ first: this.#nextIndex, entries, place, directory, directoryPlace });
    this.#nextIndex += entries.length + 1;
    this.#listed += entries.length;
    if (this.#lists.length - 1 === this.#current) this.#moveTo(this.#current);
  }

  /** No further list is sent. */
  complete(): void {
    this.#isComplete = true;
  }

  entry(index: number): FileEntry | undefined {
    const list = this.#find(index);
    if (list === undefined) return undefined;
    return index < list.first ? list.directory : list.entries[index - list.first];
  }

  place(index: number): number {
    const list = this.#find(index);
    if (list === undefined) return -1;
    return index < list.first ? list.directoryPlace : list.place + index - list.first;
  }

  isPast(index: number): boolean {
    const first = this.#lists[this.#oldest]?.first ?? this.#nextIndex;
    return index >= 0 && index < first - 1;
  }

  finishList(): boolean {
    const isLast = this.#oldest >= this.#lists.length - 1;
    if (isLast && !this.#isComplete) {
      throw new RsyncError(
        "BAD_STREAM",
        `Cannot go on with the daemon: it has done with all lists, while others are still to come (${this.describe()})`,
      );
    }
    if (this.#oldest === this.#lists.length) return true;
    this.#lists[this.#oldest] = undefined;
    this.#oldest += 1;
    if (this.#current < this.#oldest) this.#moveTo(this.#oldest);
    if (this.#oldest > 64 && this.#oldest * 2 > this.#lists.length) this.#drop();
    return isLast;
  }

  describe(): string {
    const first = this.#lists[this.#oldest]?.first ?? this.#nextIndex;
    return `the lists that are open have ${first - 1} to ${this.#nextIndex - 2}`;
  }

  /** The list that has this number; requests come mostly in order. */
  #find(index: number): OpenList | undefined {
    const current = this.#lists[this.#current];
    if (current !== undefined && isIn(current, index)) return current;
    let low = this.#oldest;
    let high = this.#lists.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lists[middle] as OpenList).first - 1 <= index) low = middle;
      else high = middle - 1;
    }
    const found = this.#lists[low];
    if (found === undefined || !isIn(found, index)) return undefined;
    if (low > this.#current) this.#moveTo(low);
    return found;
  }

  #moveTo(list: number): void {
    this.#current = list;
    const { first, entries } = this.#lists[list] ?? { first: this.#nextIndex - 1, entries: [] };
    this.#end = first + entries.length;
  }

  #drop(): void {
    this.#lists = this.#lists.slice(this.#oldest);
    this.#current -= this.#oldest;
    this.#oldest = 0;
  }
}

function isIn({ first, entries }: OpenList, index: number): boolean {
  return index >= first - 1 && index < first + entries.length;
}
