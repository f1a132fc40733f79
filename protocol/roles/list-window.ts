import { RsyncError } from "../errors.ts";
import type { FileEntry } from "../flist/entry.ts";
import { ListQueue, type NumberedPart } from "./list-queue.ts";

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
interface OpenList extends NumberedPart {
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

/** Told of a list that nobody asks for any more, and whose content it was. */
export type ForgetList = (entries: readonly FileEntry[], directory: FileEntry | undefined) => void;

/**
 * The numbers of lists that are sent one after the other and forgotten one after the other.
 *
 *     0        "."         1 2 3    its content
 *     4        "sub"       5 6      its content: the hole stands for the directory
 *
 * Wire: incremental recursion, protocol 30 and later (spec 1 §7.12).
 */
export class ListWindow implements ListNumbers {
  readonly #lists = new ListQueue<OpenList>();
  readonly #onForgotten: ForgetList | undefined;
  /** The list that the daemon asked for last; undefined when it has done with all. */
  #current: OpenList | undefined;
  #nextIndex = 1;
  #listed = 0;
  #isComplete = false;

  /** @param onForgotten told of each list that is done with. */
  constructor(onForgotten?: ForgetList) {
    this.#onForgotten = onForgotten;
  }

  /** How many numbers there are beyond the list that the daemon is at; an empty list has one, too. */
  get ahead(): number {
    if (this.#current === undefined) return 0;
    return this.#nextIndex - 1 - this.#current.first - this.#current.entries.length;
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
    const first = this.#nextIndex;
    const list = { first, entries, place: this.#listed, directory, directoryPlace };
    this.#lists.push(list);
    this.#current ??= list;
    this.#nextIndex += entries.length + 1;
    this.#listed += entries.length;
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
    return index >= 0 && index < this.#oldestFirst - 1;
  }

  finishList(): boolean {
    const isLast = this.#lists.length <= 1;
    if (isLast && !this.#isComplete) {
      throw new RsyncError(
        "BAD_STREAM",
        `Cannot go on with the other side: it has done with all lists, while others are still to come (${this.describe()})`,
      );
    }
    const list = this.#lists.shift();
    if (list === undefined) return true;
    if (list === this.#current) this.#current = this.#lists.oldest;
    this.#onForgotten?.(list.entries, list.directory);
    return isLast;
  }

  describe(): string {
    return `the lists that are open have ${this.#oldestFirst - 1} to ${this.#nextIndex - 2}`;
  }

  get #oldestFirst(): number {
    return this.#lists.oldest?.first ?? this.#nextIndex;
  }

  #find(index: number): OpenList | undefined {
    const found = this.#lists.find(index);
    if (found !== undefined && found.first > (this.#current?.first ?? 0)) this.#current = found;
    return found;
  }
}
