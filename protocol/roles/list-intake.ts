import { RsyncError } from "../errors.ts";
import { type FileEntry, isDirectory } from "../flist/entry.ts";
import type { ListReader, NumberedList, ReadValue } from "../flist/list-reader.ts";
import { type BytePath, displayPath, parentPath, rootPath } from "../path.ts";
import { IncomingLists, type Slots } from "./incoming-lists.ts";

export interface ListIntakeOptions {
  readonly reader: ListReader;
  /** Lists come in pieces. */
  readonly isIncremental: boolean;
  /** Throws for a list that is not to be taken. Default: each is. */
  readonly expect?: ((slots: Slots) => void) | undefined;
  /** Something of a list could not be read by the sender. */
  readonly onIoError: (bits: number) => void;
  /** A list is here; `isLast`: no other follows. */
  readonly onListed: (entries: readonly FileEntry[], isLast: boolean) => void;
  /** Memory that was taken by a list is free again. */
  readonly onForgotten?: (bytes: number) => void;
}

/** What becomes of a list before it is worked off; every entry keeps its place. */
type ChangeSlots = (slots: Slots) => Slots | Promise<Slots>;

/** A directory whose list is still to come. */
interface Awaited {
  readonly path: BytePath;
  /** Undefined when it is not taken, and neither is what is in it. */
  readonly entry: FileEntry | undefined;
}

/**
 * Takes the lists of a session: the first, and those of directories that come while files do.
 *
 * Wire: lists in pieces come with protocol 30 and later (spec 1 §7.12).
 */
export class ListIntake {
  readonly lists: IncomingLists;
  readonly #options: ListIntakeOptions;
  /** By their numbers among all directories. */
  readonly #awaited = new Map<number, Awaited>();
  #numbered = 0;
  #change: ChangeSlots = (slots) => slots;

  constructor(options: ListIntakeOptions) {
    this.#options = options;
    this.lists = new IncomingLists(options);
  }

  /** Directories that were listed, and whose lists have not come. */
  get awaited(): readonly FileEntry[] {
    return [...this.#awaited.values()].flatMap(({ entry }) => entry ?? []);
  }

  /** Reads the first list, which is all where lists do not come in pieces. */
  async readFirst(read: ReadValue): Promise<NumberedList> {
    const { reader, isIncremental, expect } = this.#options;
    const list = await reader.read(read, { first: this.lists.nextIndex });
    expect?.(list.slots);
    if (isIncremental) expectChildren(list, rootPath);
    this.#options.onIoError(list.ioError);
    return list;
  }

  /**
   * Takes the first list.
   *
   * @param slots what of it is to be placed.
   * @param change what becomes of further lists.
   */
  begin(first: NumberedList, slots: Slots, change: ChangeSlots): void {
    const { isIncremental } = this.#options;
    this.#change = change;
    if (isIncremental) this.#number(first, slots);
    const root = isIncremental ? slots.find((entry) => entry?.path === "") : undefined;
    // The root's content stands beside it: no other list is.
    if (root !== undefined) this.#forget(rootPath);
    if (!isIncremental) this.lists.complete();
    this.lists.add(slots, root, first);
    this.#tell(slots);
  }

  /**
   * Reads the list of a directory.
   *
   * @throws {RsyncError} BAD_STREAM for one that has none, or has had its list; for names that lie
   *   elsewhere.
   */
  async take(directory: number, read: ReadValue): Promise<void> {
    const { reader, onIoError, expect } = this.#options;
    const awaited = this.#awaited.get(directory);
    if (awaited === undefined || this.lists.isComplete) {
      throw badList(`the list of directory ${directory}, which has none to come`);
    }
    const held = this.lists.held + this.#awaited.size;
    const list = await reader.read(read, { first: this.lists.nextIndex, held });
    expect?.(list.slots);
    expectChildren(list, awaited.path);
    onIoError(list.ioError);
    this.#awaited.delete(directory);
    const slots = await this.#change(list.slots);
    this.#number(list, slots);
    this.lists.add(slots, awaited.entry, list);
    this.#tell(slots);
  }

  /** No further list comes. @throws {RsyncError} BAD_STREAM when that was said before. */
  end(): void {
    if (this.lists.isComplete) throw badList("a second end of all lists");
    this.lists.complete();
    this.#options.onListed([], true);
  }

  #tell(slots: Slots): void {
    const entries = slots.filter((entry) => entry !== undefined);
    this.#options.onListed(entries, this.lists.isComplete);
  }

  /** Directories have numbers of their own, in which doubles are left out, but counted. */
  #number({ directories }: NumberedList, slots: Slots): void {
    const taken = new Map<BytePath, FileEntry>();
    for (const entry of slots) if (entry && isDirectory(entry)) taken.set(entry.path, entry);
    for (const directory of directories) {
      if (directory !== undefined) {
        const { path } = directory;
        this.#awaited.set(this.#numbered, { path, entry: taken.get(path) });
      }
      this.#numbered += 1;
    }
  }

  #forget(path: BytePath): void {
    for (const [number, awaited] of this.#awaited) {
      if (awaited.path === path) this.#awaited.delete(number);
    }
  }
}

/** A list has what lies directly in its directory, and nothing else. */
function expectChildren({ slots }: NumberedList, directory: BytePath): void {
  for (const entry of slots) {
    if (entry === undefined) continue;
    const isRoot = entry.path === "";
    if (isRoot ? directory === "" && isDirectory(entry) : parentPath(entry.path) === directory) {
      continue;
    }
    throw badList(`${displayPath(entry.path)} in the list of ${displayPath(directory)}`);
  }
}

function badList(found: string): RsyncError {
  return new RsyncError("BAD_STREAM", `Cannot take the file list: ${found}`);
}
