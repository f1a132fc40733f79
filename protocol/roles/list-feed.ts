import type { StrongChecksum } from "../delta/checksum.ts";
import type { ModeChange } from "../flist/chmod.ts";
import { type FileEntry, isDirectory } from "../flist/entry.ts";
import { EntryWriter } from "../flist/entry-writer.ts";
import { generalError, type ListFormat, writeEnd } from "../flist/list.ts";
import { paced } from "../flist/stepwise.ts";
import type { Output } from "../mux/mux.ts";
import { type BytePath, rootPath } from "../path.ts";
import type { FileSource } from "../source/source.ts";
import type { DirectoryList, ListSource } from "../source/tree-lists.ts";
import { indexFirstList, indexListEnd } from "../wire/file-index.ts";
import type { Dialect } from "./dialect.ts";
import { withDigests } from "./list-digests.ts";
import { type ForgetList, ListWindow } from "./list-window.ts";

/** So many are listed beyond what the daemon is at before it is waited for (rsync's own numbers). */
const fewestAhead = 1_000;
/** So many are while it is waited for. */
const mostAhead = 10_000;
const entriesPerStep = 2_000;

export interface ListFeedOptions {
  readonly lists: ListSource;
  readonly format: ListFormat;
  readonly source: FileSource;
  /** Sums of all files are listed, by this checksum. Default: they are not. */
  readonly digest: StrongChecksum | undefined;
  readonly changeMode: ModeChange | undefined;
  /** Lets other work run, and waits while the peer is slower than we are. */
  readonly pace: () => Promise<void>;
  /** A list is on its way; `isLast`: no other follows. */
  readonly onListed: (entries: readonly FileEntry[], isLast: boolean) => void;
  /** The peer has done with a list, whose content it is. */
  readonly onForgotten?: ForgetList | undefined;
}

/** What lists are written to. */
export interface ListFeedLink {
  readonly output: Output;
  readonly dialect: Dialect;
}

/**
 * Sends file lists bit by bit: always some entries ahead of what the daemon asks for, so that
 * neither it nor we hold a whole tree.
 *
 * Wire: incremental recursion, protocol 30 and later (spec 1 §7.12).
 */
export class ListFeed {
  /** The numbers of what was sent. */
  readonly numbers: ListWindow;
  readonly #link: ListFeedLink;
  readonly #options: ListFeedOptions;
  readonly #writer: EntryWriter;
  /** Those that have no list of their own yet. */
  readonly #directories = new Map<BytePath, Listed>();
  #numbered = 0;
  #isComplete = false;

  constructor(link: ListFeedLink, options: ListFeedOptions) {
    this.#link = link;
    this.#options = options;
    this.#writer = new EntryWriter(options.format);
    this.numbers = new ListWindow(options.onForgotten);
  }

  /** In what numbers are written, those of lists and those of answers. */
  get dialect(): Dialect {
    return this.#link.dialect;
  }

  /** True when a list must be sent before the daemon is waited for. */
  get isDue(): boolean {
    return !this.#isComplete && this.numbers.ahead < fewestAhead;
  }

  /** Sends the first list, and those that the daemon wants to have before it begins. */
  async begin(): Promise<void> {
    await this.#sendNext();
    await this.catchUp();
  }

  /** Sends lists until there are enough of them. */
  async catchUp(): Promise<void> {
    while (this.isDue) await this.#sendNext();
  }

  /** Sends lists while nothing else is to be done, until `coming` is here. */
  async untilHere<T>(coming: Promise<T>): Promise<T> {
    let isHere = false;
    const settled = coming.finally(() => {
      isHere = true;
    });
    settled.catch(() => {}); // told by whoever awaits it, below
    while (!isHere && !this.#isComplete && this.numbers.ahead < mostAhead) {
      await this.#sendNext();
      await this.#options.pace();
    }
    return settled;
  }

  async #sendNext(): Promise<void> {
    const { lists, onListed, pace } = this.#options;
    const list = lists.steps ? await paced(lists.steps(), pace) : lists.next();
    const isLast = !lists.hasMore;
    if (list !== undefined) await this.#send(list, isLast);
    else onListed([], isLast);
    if (!isLast) return;
    this.#isComplete = true;
    this.numbers.complete();
    this.#link.dialect.writeIndex(this.#link.output, indexListEnd);
  }

  async #send({ directory, entries }: DirectoryList, isLast: boolean): Promise<void> {
    const { output, dialect } = this.#link;
    const { format, lists, onListed } = this.#options;
    const told = await this.#told(entries);
    const first = this.numbers.nextIndex;
    const owner = this.#adopt(directory?.path, told);
    this.numbers.add(told, { directory: owner?.entry, place: owner?.place ?? -1 });
    onListed(told, isLast);
    if (directory !== undefined && owner !== undefined) {
      dialect.writeIndex(output, indexFirstList - owner.number);
    }
    this.#writer.beginList(first);
    await this.#write(told);
    writeEnd(output, format, lists.incomplete ? generalError : 0);
  }

  async #write(entries: readonly FileEntry[]): Promise<void> {
    const { converts } = this.#options.format;
    let step = 0;
    for (const entry of entries) {
      this.#writer.write(this.#link.output, converts === undefined ? entry : converts(entry));
      step += 1;
      if (step % entriesPerStep === 0) await this.#options.pace();
    }
  }

  async #told(entries: readonly FileEntry[]): Promise<readonly FileEntry[]> {
    const { digest, source, pace, changeMode } = this.#options;
    const changed = changeMode === undefined ? entries : entries.map(changeMode);
    return digest === undefined ? changed : withDigests(changed, source, digest, pace);
  }

  /** Numbers a list's directories. @returns the one whose list it is. */
  #adopt(path: BytePath | undefined, entries: readonly FileEntry[]): Listed | undefined {
    let place = this.numbers.listed - 1;
    for (const entry of entries) {
      place += 1;
      if (!isDirectory(entry)) continue;
      this.#directories.set(entry.path, { entry, place, number: this.#numbered });
      this.#numbered += 1;
    }
    const owner = this.#directories.get(path ?? rootPath);
    this.#directories.delete(path ?? rootPath);
    return owner;
  }
}

/** A directory that was listed. */
interface Listed {
  readonly entry: FileEntry;
  readonly place: number;
  /** Among all directories of all lists. */
  readonly number: number;
}
