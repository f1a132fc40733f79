import { type FileEntry, isDirectory } from "../flist/entry.ts";
import { indexDeleteStats, indexDone } from "../wire/file-index.ts";
import { writeVarint } from "../wire/varint.ts";
import { EntryPlacer } from "./entry-placer.ts";
import { type IncomingList, inOrder } from "./incoming-lists.ts";
import { bytesPerEntry, Pace } from "./pace.ts";
import { Pruner } from "./pruner.ts";
import type { GeneratorLink, Meeting, ReceivingJob } from "./receiving.ts";
import { itemFlags } from "./request.ts";
import { withWanted } from "./wanted-values.ts";

/** In place of an index: nothing is told of the entry. */
const nobody = -1;

/**
 * Goes through lists: makes what has no content, asks for the content that is missing, deletes
 * what is not listed, and gives directories their times at the end (spec 2 §6).
 */
export class Generator {
  readonly #link: GeneratorLink;
  readonly #job: ReceivingJob;
  readonly #meeting: Meeting;
  readonly #pace: Pace;
  readonly #pruner: Pruner;
  readonly #placer: EntryPlacer;
  /** Lists that are worked off, but for what waits for content. */
  readonly #placed: IncomingList[] = [];
  /** Directories whose times are set at the very end. */
  readonly #directories: FileEntry[] = [];

  constructor(link: GeneratorLink, job: ReceivingJob, meeting: Meeting) {
    this.#link = link;
    this.#job = job;
    this.#meeting = meeting;
    this.#pace = new Pace(() => link.pace());
    this.#pruner = new Pruner(job, this.#pace);
    const tell = (index: number, flags: number, name?: string): void =>
      this.#tell(index, flags, name);
    this.#placer = new EntryPlacer(link, job, meeting, { pace: this.#pace, tell });
  }

  /** Everything from the first entry to the goodbye. */
  async run(): Promise<void> {
    const { lastPhase, repeatsGoodbye } = this.#link.dialect;
    for (let list = await this.#nextList(); list !== undefined; list = await this.#nextList()) {
      await this.#placeList(list);
    }
    await this.#placeUnlisted();
    await this.#finishLists();
    await this.#meeting.ended(1);
    this.#settle();
    await this.#again();
    this.#endPhase();
    await this.#meeting.ended(2);
    this.#settle();
    await this.#finish();
    for (let phase = 2; phase <= lastPhase; phase += 1) this.#endPhase();
    await this.#meeting.ended(lastPhase + 1);
    this.#tellDeleted();
    this.#endPhase();
    if (!repeatsGoodbye) return;
    await this.#meeting.ended(lastPhase + 2);
    this.#endPhase();
  }

  /** Waits for the next list; undefined when there are no more. */
  async #nextList(): Promise<IncomingList | undefined> {
    const { lists } = this.#job;
    for (;;) {
      const list = lists.take();
      if (list !== undefined) return list;
      if (lists.isComplete) return undefined;
      this.#settle();
      await this.#again();
      this.#endLists(1); // the sender needs one that is open
      this.#link.output.flush();
      await this.#meeting.news();
    }
  }

  async #placeList(list: IncomingList): Promise<void> {
    const { first, entries, directory, order = entries.keys() } = list;
    const { isIncremental } = this.#job.lists;
    this.#endLists(0);
    await this.#pruner.begin(inOrder(list));
    if (directory !== undefined) await this.#visit(first - 1, directory);
    for (const at of order) {
      const entry = entries[at];
      if (entry === undefined) continue;
      if (isIncremental && isDirectory(entry)) await this.#placer.prepare(entry);
      else {
        const visiting = this.#visit(first + at, entry);
        if (visiting !== undefined) await visiting;
      }
    }
    if (directory !== undefined) this.#placer.leave(directory);
    this.#placed.push(list);
  }

  /** Undefined when that was all, as it mostly is. */
  #visit(index: number, entry: FileEntry): Promise<void> | undefined {
    const placing = this.#placer.place(index, entry);
    if (placing !== undefined || isDirectory(entry)) return this.#finishVisit(entry, placing);
    return this.#turn();
  }

  async #finishVisit(entry: FileEntry, placing: Promise<void> | undefined): Promise<void> {
    await placing;
    if (isDirectory(entry) && entry.hasContent) await this.#pruner.visit(entry.path);
    await this.#turn();
  }

  /** One entry is done: it is the receiver's turn, now and then. */
  #turn(): Promise<void> | undefined {
    this.#settle();
    this.#pace.spend(bytesPerEntry);
    return this.#pace.isDue ? this.#pace.take() : undefined;
  }

  /** No list came of these, and none will. */
  async #placeUnlisted(): Promise<void> {
    for (const entry of this.#job.intake?.awaited ?? []) {
      await this.#placer.place(nobody, entry);
      this.#placer.finishDirectory(entry);
    }
  }

  /** What the receiver has done meanwhile: between two items, so that ours do not get into others. */
  #settle(): void {
    for (const { index, inPlace } of this.#meeting.takeSettled()) {
      this.#placer.settled(index, inPlace);
    }
  }

  /** All lists are worked off; what is in pieces ends when all that it asked for is here. */
  async #finishLists(): Promise<void> {
    if (!this.#job.lists.isIncremental) this.#endPhase();
    while (this.#job.lists.isIncremental) {
      this.#settle();
      await this.#again();
      this.#endLists(0);
      this.#link.output.flush();
      if (this.#placed.length === 0) return;
      await this.#meeting.news();
    }
  }

  /** Tells the sender of lists that nothing more is asked for of, but for so many. */
  #endLists(left: number): void {
    const { lists } = this.#job;
    while (lists.isIncremental && this.#placed.length > left) {
      const [list] = this.#placed;
      if (list === undefined || list.pending > 0) return;
      this.#placed.shift();
      lists.finishOldest();
      this.#link.dialect.writeIndex(this.#link.output, indexDone);
      if (list.directory === undefined) continue;
      if (this.#pruner.when === "delay") this.#directories.push(list.directory);
      else this.#placer.finishDirectory(list.directory);
    }
  }

  /** Files that came with a wrong sum, once more. */
  async #again(): Promise<void> {
    for (const index of this.#meeting.takeRedo()) await this.#placer.again(index);
  }

  async #finish(): Promise<void> {
    const { transfer, lists } = this.#job;
    const only = lists.isIncremental ? undefined : lists.list(0);
    const whole = only === undefined ? [] : inOrder(only);
    await this.#pruner.finish(whole);
    if (transfer.dryRun) return;
    for (const entry of [...this.#directories, ...whole].toReversed()) {
      if (entry === undefined || !isDirectory(entry)) continue;
      this.#placer.finishDirectory(entry);
      this.#pace.spend(bytesPerEntry);
      if (this.#pace.isDue) await this.#pace.take();
    }
  }

  /** What was done without content: through the sender, which keeps the order of the list. */
  #tell(index: number, flags: number, name?: string): void {
    const { protocol, events, lists, tree, tellsAll = false } = this.#job;
    if (index === nobody) return;
    const entry = lists.entry(index);
    if (entry === undefined) return;
    const marks = itemFlags.basisTypeFollows | itemFlags.nameFollows | itemFlags.localChange;
    if ((flags & ~marks) === 0 && !tellsAll && !name) return;
    const named = name === undefined ? 0 : itemFlags.nameFollows;
    const at = (flags & itemFlags.isNew) === 0 ? { tree, path: entry.path } : undefined;
    const item = { kind: "item", index, flags: flags | named, basisType: undefined, name } as const;
    if (protocol < 29) events.item(index, item);
    else this.#link.dialect.writeItem(this.#link.output, withWanted(item, entry, at, this.#job));
  }

  /** Wire: protocol 31 and later, from a daemon to who pushes (spec 2 §1.4). */
  #tellDeleted(): void {
    const { deleteStats, protocol } = this.#job;
    if (deleteStats === undefined || protocol < 31) return;
    const { output, dialect } = this.#link;
    dialect.writeIndex(output, indexDeleteStats);
    for (const count of deleteStats()) writeVarint(output, count);
  }

  #endPhase(): void {
    this.#link.dialect.writeIndex(this.#link.output, indexDone);
    this.#link.output.flush();
  }
}
