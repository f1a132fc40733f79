import { BlockSums, basisLength, type ReadSumHead, readSumHead } from "../delta/sums.ts";
import { RsyncError } from "../errors.ts";
import { type FileEntry, isRegularFile } from "../flist/entry.ts";
import type { Output } from "../mux/mux.ts";
import { displayPath } from "../path.ts";
import type { Cursor } from "../wire/cursor.ts";
import { indexDone } from "../wire/file-index.ts";
import { encoded } from "../wire/writer.ts";
import { type AttributeSender, readWantedNumbers } from "./attribute-sender.ts";
import { type Dialect, openDialect } from "./dialect.ts";
import { type Basis, FileSender, type FileSenderOptions, type SendOutcome } from "./file-sender.ts";
import { GrowingBytes } from "./growing-bytes.ts";
import type { ListFeed } from "./list-feed.ts";
import { type ListNumbers, WholeList } from "./list-window.ts";
import { Pace } from "./pace.ts";
import { type Item, itemFlags, type Request } from "./request.ts";

/** The sender's side of a session. */
export interface SenderLink {
  /** The next value, at once when it is here; what was written is sent before it waits. */
  read<T>(decode: (from: Cursor) => T): T | Promise<T>;
  readonly output: Output;
  /** Lets other work run, and waits while the peer is slower than we are. */
  pace(): Promise<void>;
}

export interface SenderOptions extends FileSenderOptions {
  /** The list that was sent, in wire order; empty with a feed. */
  readonly entries: readonly FileEntry[];
  /** Sends further lists while files are sent. Default: one list is all. */
  readonly feed?: ListFeed | undefined;
  readonly protocol: number;
  /** Of a session that sends extended attributes. */
  readonly attributes?: AttributeSender | undefined;
  /** `-n`: items are answered, content is not. Default false. */
  readonly dryRun?: boolean;
  readonly onItem?: (item: Item) => void;
  readonly onSent?: (index: number, outcome: SendOutcome) => void;
  /** How many files, directories, symlinks, devices and specials were deleted. */
  readonly onDeleteStats?: (counts: readonly number[]) => void;
  /** All is sent; what is written now stands before the goodbye. */
  readonly onSentAll?: () => void;
}

/** Content is asked for in the first phase, and once more in the second. */
const lastContentPhase = 1;
/** What an item that asks for nothing counts for: a peer that only talks must read us, too. */
const bytesPerItem = 64;

/**
 * Answers what the generator asks, until both sides have said goodbye (spec 2 §1.4).
 *
 * @throws {RsyncError} BAD_STREAM when it asks for what no generator asks for; what ended the link.
 */
export async function runSender(link: SenderLink, options: SenderOptions): Promise<void> {
  const dialect = options.feed?.dialect ?? openDialect(options.protocol, options.entries.length);
  const sender = new Sender(link, dialect, options);
  for (let phase = 0; phase <= dialect.lastPhase; phase += 1) {
    await sender.answerPhase(phase);
    sender.writeDone();
  }
  options.onSentAll?.();
  await sender.expectDone();
  if (!dialect.repeatsGoodbye) return;
  sender.writeDone();
  await sender.expectDone();
}

class Sender {
  readonly #link: SenderLink;
  readonly #options: SenderOptions;
  readonly #dialect: Dialect;
  readonly #feed: ListFeed | undefined;
  readonly #numbers: ListNumbers;
  /** How often each entry's content was asked for: once, and once more when its checksum failed. */
  readonly #timesAsked: GrowingBytes;
  readonly #decodeRequest: (from: Cursor) => Request;
  readonly #decodeSumHead: (from: Cursor) => ReadSumHead;
  readonly #pace: Pace;
  readonly #files: FileSender;

  constructor(link: SenderLink, dialect: Dialect, options: SenderOptions) {
    const { strong, protocol, entries, feed } = options;
    this.#link = link;
    this.#dialect = dialect;
    this.#options = options;
    this.#feed = feed;
    this.#numbers = feed?.numbers ?? new WholeList(entries);
    this.#decodeRequest = (from) => dialect.readRequest(from);
    this.#decodeSumHead = (from) => readSumHead(from, strong.length, protocol);
    this.#timesAsked = new GrowingBytes(entries.length);
    this.#pace = new Pace(() => link.pace());
    const { output } = link;
    this.#files = new FileSender({ output, dialect, pace: this.#pace }, options);
  }

  /** Answers items until the generator says that the phase is over. */
  async answerPhase(phase: number): Promise<void> {
    for (;;) {
      if (this.#feed?.isDue) await this.#feed.catchUp();
      const item = await this.#nextItem();
      if (item === undefined) {
        if (this.#numbers.finishList()) return;
        this.writeDone();
        continue;
      }
      // What can be answered at once is: a promise for each of a million files would be felt.
      const answering = this.#answer(item, phase);
      if (answering !== undefined) await answering;
      if (this.#pace.isDue) await this.#pace.take();
    }
  }

  writeDone(): void {
    this.#dialect.writeIndex(this.#link.output, indexDone);
  }

  async expectDone(): Promise<void> {
    const item = await this.#nextItem();
    if (item === undefined) return;
    throw badRequest(`index ${item.index} after the last phase`);
  }

  #nextItem(): Item | undefined | Promise<Item | undefined> {
    for (;;) {
      const request = this.#link.read(this.#decodeRequest);
      if (request instanceof Promise) return this.#awaitItem(request);
      if (request.kind === "done") return undefined;
      if (this.#isItem(request)) return this.#expectListed(request);
    }
  }

  async #awaitItem(coming: Promise<Request>): Promise<Item | undefined> {
    const request = await (this.#feed?.untilHere(coming) ?? coming);
    if (request.kind === "done") return undefined;
    return this.#isItem(request) ? this.#expectListed(request) : this.#nextItem();
  }

  #isItem(request: Request): request is Item {
    if (request.kind === "list" || request.kind === "lists end") {
      throw badRequest("a file list, which is ours to send");
    }
    if (request.kind === "delete stats") this.#options.onDeleteStats?.(request.counts);
    return request.kind === "item" && !this.#dialect.isKeepAlive(request);
  }

  #expectListed(item: Item): Item {
    if (this.#numbers.entry(item.index) !== undefined) return item;
    throw badRequest(`index ${item.index}, but ${this.#numbers.describe()}`);
  }

  #answer(item: Item, phase: number): Promise<void> | undefined {
    const { onItem, attributes } = this.#options;
    onItem?.(item);
    this.#pace.spend(bytesPerItem + (item.name?.length ?? 0));
    if (attributes?.isAsked(item)) return this.#answerWithAttributes(item, phase, attributes);
    return this.#answerItem(item, phase);
  }

  /** Long values of extended attributes stand between an item and what else is said of it. */
  async #answerWithAttributes(item: Item, phase: number, sender: AttributeSender): Promise<void> {
    const wanted = await this.#link.read(readWantedNumbers);
    const entry = this.#numbers.entry(item.index) as FileEntry;
    const attributes = encoded((to) => sender.answer(to, entry, wanted));
    this.#pace.spend(attributes.length);
    await this.#answerItem({ ...item, attributes }, phase);
  }

  #answerItem(item: Item, phase: number): Promise<void> | undefined {
    const { dryRun = false } = this.#options;
    const entry = this.#numbers.entry(item.index) as FileEntry;
    const isTransfer = (item.flags & itemFlags.transfer) !== 0;
    if (isTransfer) this.#checkAsked(item.index, entry, phase);
    if (!isTransfer || dryRun) {
      this.#dialect.writeItem(this.#link.output, item);
      return undefined;
    }
    const head = this.#link.read(this.#decodeSumHead);
    if (head instanceof Promise || head.count > 0) return this.#answerWithSums(item, entry, head);
    return this.#answerTransfer(item, entry, { head });
  }

  /** Waits for the block sums before it answers. */
  async #answerWithSums(
    item: Item,
    entry: FileEntry,
    coming: ReadSumHead | Promise<ReadSumHead>,
  ): Promise<void> {
    const head = await coming;
    const isFirst = this.#timesAsked.get(this.#numbers.place(item.index)) === 1;
    if (this.#options.append && isFirst) {
      // What is there is told by its length alone.
      await this.#answerTransfer(item, entry, { head, appendedTo: basisLength(head) });
      return;
    }
    const sums = head.count > 0 ? new BlockSums(head) : undefined;
    while (sums !== undefined && !(await this.#link.read((from) => readSums(from, sums))));
    await this.#answerTransfer(item, entry, { head, sums });
  }

  #answerTransfer(item: Item, entry: FileEntry, basis: Basis): Promise<void> | undefined {
    const sending = this.#files.send(item, entry, basis);
    if (sending instanceof Promise) {
      return sending.then((outcome) => this.#options.onSent?.(item.index, outcome));
    }
    this.#options.onSent?.(item.index, sending);
    return undefined;
  }

  /** Law 6: content is sent for regular files of the list only, and at most twice each. */
  #checkAsked(index: number, entry: FileEntry, phase: number): void {
    const place = this.#numbers.place(index);
    const times = this.#timesAsked.get(place) + 1;
    this.#timesAsked.set(place, times);
    if (isRegularFile(entry) && times <= 2 && phase <= lastContentPhase) return;
    throw badRequest(
      `the content of "${displayPath(entry.path)}" (mode ${entry.mode.toString(8)}), for the ${times}. time, in phase ${phase}`,
    );
  }
}

/** False while more sums are to come; a step of nothing waits for the next bytes. */
function readSums(from: Cursor, sums: BlockSums): boolean {
  if (from.available < 4 + sums.head.announcedStrongLength) from.bytes(from.available + 1);
  return sums.read(from);
}

function badRequest(found: string): RsyncError {
  return new RsyncError("BAD_STREAM", `Cannot serve the other side: it asks for ${found}`);
}
