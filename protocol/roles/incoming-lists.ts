import { RsyncError } from "../errors.ts";
import type { FileEntry } from "../flist/entry.ts";
import { ListQueue, type NumberedPart } from "./list-queue.ts";

/** Entries by their numbers; those that do not count leave a gap. */
export type Slots = readonly (FileEntry | undefined)[];

/** A list that came, and has not been done with. */
export interface IncomingList extends NumberedPart {
  readonly entries: Slots;
  /** The places of entries in the order of their names, where that is another. */
  readonly order: readonly number[] | undefined;
  /** Where its first entry stands among everything that was listed. */
  readonly place: number;
  /** Whose content it is, where lists come in pieces. */
  readonly directory: FileEntry | undefined;
  /** The memory that it takes, about. */
  readonly bytes: number;
  /** So many of its entries wait for content, or for another name of theirs. */
  pending: number;
}

/** The entries of a list in the order of their names. */
export function inOrder({ entries, order }: Pick<IncomingList, "entries" | "order">): Slots {
  return order === undefined ? entries : order.map((at) => entries[at]);
}

type ListParts = Partial<Pick<IncomingList, "bytes" | "order">>;

export interface IncomingListsOptions {
  /** Lists come in pieces, each until the sender has done with it. Default false. */
  readonly isIncremental?: boolean;
  /** Memory that was taken by a list is free again. */
  readonly onForgotten?: ((bytes: number) => void) | undefined;
}

/**
 * What was listed to us: the generator takes one list after the other, the receiver knows their
 * numbers until the sender has done with them.
 *
 * Wire: lists in pieces come with protocol 30 and later (spec 1 §7.12).
 */
export class IncomingLists {
  readonly isIncremental: boolean;
  readonly #known = new ListQueue<IncomingList>();
  readonly #coming = new ListQueue<IncomingList>();
  readonly #onForgotten: IncomingListsOptions["onForgotten"];
  #finished = 0;
  #nextIndex: number;
  #listed = 0;
  #held = 0;
  #isComplete = false;

  constructor({ isIncremental = false, onForgotten }: IncomingListsOptions = {}) {
    this.isIncremental = isIncremental;
    this.#onForgotten = onForgotten;
    this.#nextIndex = isIncremental ? 1 : 0;
  }

  /** A list that came as a whole. */
  static whole(entries: Slots): IncomingLists {
    const lists = new IncomingLists();
    lists.add(entries);
    lists.complete();
    return lists;
  }

  /** No further list comes. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** The number of the next list's first entry. */
  get nextIndex(): number {
    return this.#nextIndex;
  }

  /** How many entries are in memory. */
  get held(): number {
    return this.#held;
  }

  /**
   * @param directory whose content it is, where lists come in pieces.
   * @param more the memory that it takes, about, and the order of its names.
   */
  add(entries: Slots, directory?: FileEntry, { bytes = 0, order }: ListParts = {}): void {
    const first = this.#nextIndex;
    const list = { first, entries, order, place: this.#listed, directory, bytes, pending: 0 };
    this.#nextIndex += entries.length + 1;
    this.#listed += entries.length;
    this.#held += entries.length;
    this.#known.push(list);
    this.#coming.push(list);
  }

  complete(): void {
    this.#isComplete = true;
  }

  /** The next list to be worked off; undefined when there is none by now. */
  take(): IncomingList | undefined {
    return this.#coming.shift();
  }

  /** The list that has this number. */
  list(index: number): IncomingList | undefined {
    return this.#known.find(index);
  }

  /** Undefined for a number that nothing has, or nothing has any more. */
  entry(index: number): FileEntry | undefined {
    const list = this.#known.find(index);
    if (list === undefined) return undefined;
    return index < list.first ? list.directory : list.entries[index - list.first];
  }

  /** Where an entry stands among everything that was listed. */
  place(index: number): number {
    const list = this.#known.find(index);
    return list === undefined ? 0 : list.place + Math.max(0, index - list.first);
  }

  /** An entry waits for something. */
  wait(index: number): void {
    const list = this.#known.find(index);
    if (list !== undefined) list.pending += 1;
  }

  /** It does so no more. */
  settle(index: number): void {
    const list = this.#known.find(index);
    if (list !== undefined) list.pending -= 1;
  }

  /** Nothing more is asked for of the oldest list, and the sender is told so. */
  finishOldest(): void {
    this.#finished += 1;
  }

  /**
   * The sender has ended something: the oldest list, which is forgotten, or a phase.
   *
   * @returns true for a phase: there are no lists, or none any more.
   * @throws {RsyncError} BAD_STREAM for a list that we have not done with.
   */
  endList(): boolean {
    if (!this.isIncremental || this.#known.length === 0) return true;
    if (this.#finished === 0) {
      throw new RsyncError(
        "BAD_STREAM",
        "Cannot take what the other side sends: it has done with a list before we have",
      );
    }
    this.#finished -= 1;
    const list = this.#known.shift() as IncomingList;
    this.#held -= list.entries.length;
    this.#onForgotten?.(list.bytes);
    return this.#known.length === 0;
  }
}
