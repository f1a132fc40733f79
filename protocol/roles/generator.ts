import { sameType } from "../destination/attributes.ts";
import type { Found } from "../destination/tree.ts";
import { type FileEntry, isDirectory } from "../flist/entry.ts";
import type { Output } from "../mux/mux.ts";
import { type BytePath, baseName, parentPath } from "../path.ts";
import { indexDeleteStats, indexDone } from "../wire/file-index.ts";
import { writeVarint } from "../wire/varint.ts";
import type { Dialect } from "./dialect.ts";
import { FileRequests } from "./file-requests.ts";
import { LinkGroups } from "./link-groups.ts";
import { ObjectMaker } from "./object-maker.ts";
import { Pace } from "./pace.ts";
import type { Meeting, ReceivingJob } from "./receiving.ts";
import { itemFlags } from "./request.ts";

export interface GeneratorLink {
  readonly output: Output;
  readonly dialect: Dialect;
  /** Lets other work run, and waits while the peer is slower than we are. */
  pace(): Promise<void>;
}

/** Looking at one entry counts for so much in a step. */
const bytesPerEntry = 2 * 1024;

/**
 * Goes through a list: makes what has no content, asks for the content that is missing, deletes
 * what is not listed, and gives directories their times at the end (spec 2 §6).
 */
export class Generator {
  readonly #link: GeneratorLink;
  readonly #job: ReceivingJob;
  readonly #meeting: Meeting;
  readonly #pace: Pace;
  readonly #maker: ObjectMaker;
  readonly #files: FileRequests;
  readonly #links: LinkGroups;
  readonly #listed = new Map<BytePath, Set<string>>();
  readonly #delayed: BytePath[] = [];
  #saidKept = false;

  constructor(link: GeneratorLink, job: ReceivingJob, meeting: Meeting) {
    this.#link = link;
    this.#job = job;
    this.#meeting = meeting;
    this.#pace = new Pace(() => link.pace());
    const tell = (index: number, flags: number, name?: string): void =>
      this.#tell(index, flags, name);
    this.#maker = new ObjectMaker(job, tell);
    this.#links = new LinkGroups(job, tell);
    this.#files = new FileRequests(link, job, meeting, { pace: this.#pace, tell });
  }

  /** Everything from the first entry to the goodbye. */
  async run(): Promise<void> {
    const { lastPhase, repeatsGoodbye } = this.#link.dialect;
    const when = this.#deletesWhen();
    if (when !== undefined) this.#collectListed();
    if (when === "before") await this.#prune();
    await this.#firstPass(when);
    this.#endPhase();
    await this.#meeting.ended(1);
    this.#settle();
    await this.#again();
    this.#endPhase();
    await this.#meeting.ended(2);
    this.#settle();
    await this.#finish(when);
    for (let phase = 2; phase <= lastPhase; phase += 1) this.#endPhase();
    await this.#meeting.ended(lastPhase + 1);
    this.#tellDeleted();
    this.#endPhase();
    if (!repeatsGoodbye) return;
    await this.#meeting.ended(lastPhase + 2);
    this.#endPhase();
  }

  async #firstPass(when: string | undefined): Promise<void> {
    const { slots } = this.#job;
    for (const [index, entry] of slots.entries()) {
      if (entry === undefined) continue;
      await this.#place(index, entry);
      if (isDirectory(entry) && entry.hasContent) {
        if (when === "during") await this.#pruneDirectory(entry.path);
        if (when === "delay") this.#delayed.push(...this.#extraneous(entry.path));
      }
      this.#settle();
      this.#pace.spend(bytesPerEntry);
      if (this.#pace.isDue) await this.#pace.take();
    }
  }

  /** What the receiver has done meanwhile: between two items, so that ours do not get into others. */
  #settle(): void {
    for (const { index, inPlace } of this.#meeting.settled.splice(0)) {
      this.#links.settled(index, inPlace);
    }
  }

  /** One entry's failure is its own: the others go on. */
  async #place(index: number, entry: FileEntry): Promise<void> {
    const { tree, transfer, events } = this.#job;
    try {
      const found = tree.find(entry.path);
      if (entry.mode === 0) {
        await this.#delete(entry, found);
        return;
      }
      if (transfer.existing && found === undefined) return;
      const isThere = found !== undefined && !isDirectory(entry);
      if (transfer.ignoreExisting && isThere) return;
      if (this.#links.defers(index, entry, found)) return;
      const inWay = found !== undefined && isDirectory(found) && !sameType(found, entry);
      if (inWay && !(await this.#makeWay(entry))) return;
      const here = inWay ? undefined : found;
      const asking = this.#maker.make(index, entry, here)
        ? undefined
        : this.#files.request(index, entry, here);
      if (asking !== undefined) await asking;
      if (this.#files.lastAsked !== index) this.#links.settled(index, true);
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
      if (error.name === "RsyncError") throw error;
      events.failed(entry.path, error.message);
      this.#links.settled(index, false);
    }
  }

  /** An entry of mode 0 deletes its name; a directory with content only when that was asked for. */
  async #delete({ path }: FileEntry, found: Found | undefined): Promise<void> {
    const { transfer, deleter } = this.#job;
    if (found === undefined) return;
    const isDeep = transfer.force === true || Boolean(transfer.delete);
    if (isDeep) await this.#drain(deleter.remove(path));
    else deleter.removeAlone(path, found);
  }

  /** A directory stands where something else goes. */
  async #makeWay({ path }: FileEntry): Promise<boolean> {
    const { tree, transfer, deleter, events } = this.#job;
    if (transfer.dryRun) return true;
    if (transfer.force || transfer.delete) {
      if (await this.#drain(deleter.remove(path))) return true;
    } else {
      try {
        tree.removeDirectory(path);
        return true;
      } catch {
        // not empty, or not ours: said below
      }
    }
    events.failed(path, "a directory is in the way, and it is not empty");
    return false;
  }

  /** Files that came with a wrong sum, once more. */
  async #again(): Promise<void> {
    const { slots, tree } = this.#job;
    for (const index of this.#meeting.redo.splice(0)) {
      const entry = slots[index] as FileEntry;
      await this.#files.ask(index, entry, tree.find(entry.path), { isRedo: true });
    }
  }

  async #finish(when: string | undefined): Promise<void> {
    const { slots, attributes, transfer, deleter, events } = this.#job;
    if (when === "after") await this.#prune();
    if (when === "delay" && this.#mayDelete()) {
      for (const path of this.#delayed) await this.#drain(deleter.remove(path));
    }
    if (deleter.skipped > 0) {
      events.deletionsStopped(deleter.skipped);
    }
    if (transfer.dryRun) return;
    for (const entry of slots.toReversed()) {
      if (entry === undefined || !isDirectory(entry)) continue;
      try {
        this.#maker.finishDirectory(entry);
        attributes.applyDirectoryTime(entry.path, entry);
      } catch (error) {
        events.failed(entry.path, (error as Error).message);
      }
      this.#pace.spend(bytesPerEntry);
      if (this.#pace.isDue) await this.#pace.take();
    }
  }

  #deletesWhen(): "before" | "during" | "delay" | "after" | undefined {
    const { transfer, protocol } = this.#job;
    if (!transfer.delete) return undefined;
    if (transfer.delete !== true) return transfer.delete;
    return protocol < 30 ? "before" : "during";
  }

  #collectListed(): void {
    for (const entry of this.#job.slots) {
      if (entry === undefined || entry.path === "") continue;
      const directory = parentPath(entry.path);
      const names = this.#listed.get(directory) ?? new Set();
      names.add(baseName(entry.path));
      this.#listed.set(directory, names);
    }
  }

  async #prune(): Promise<void> {
    for (const entry of this.#job.slots) {
      if (entry !== undefined && isDirectory(entry) && entry.hasContent) {
        await this.#pruneDirectory(entry.path);
      }
    }
  }

  async #pruneDirectory(directory: BytePath): Promise<void> {
    for (const path of this.#extraneous(directory)) {
      if (!this.#mayDelete()) return;
      await this.#drain(this.#job.deleter.remove(path, this.#job.tree.find(directory)?.device));
    }
  }

  #extraneous(directory: BytePath): BytePath[] {
    if (!this.#mayDelete()) return [];
    return this.#job.deleter.extraneous(directory, this.#listed.get(directory) ?? new Set());
  }

  /** What a sender could not read is missing from its list, and must not be deleted. */
  #mayDelete(): boolean {
    const { senderFailed, transfer, events } = this.#job;
    if (!senderFailed() || transfer.ignoreErrors) return true;
    if (!this.#saidKept) events.told("IO error encountered -- skipping file deletion");
    this.#saidKept = true;
    return false;
  }

  async #drain<T>(steps: Steps<T>): Promise<T> {
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
      this.#pace.spend(bytesPerEntry);
      if (this.#pace.isDue) await this.#pace.take();
    }
  }

  /** What was done without content: through the sender, which keeps the order of the list. */
  #tell(index: number, flags: number, name?: string): void {
    const { protocol, events, tellsAll = false } = this.#job;
    const marks = itemFlags.basisTypeFollows | itemFlags.nameFollows | itemFlags.localChange;
    if ((flags & ~marks) === 0 && !tellsAll && !name) return;
    const named = name === undefined ? 0 : itemFlags.nameFollows;
    const item = { kind: "item", index, flags: flags | named, basisType: undefined, name } as const;
    if (protocol < 29) events.item(index, item);
    else this.#link.dialect.writeItem(this.#link.output, item);
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

type Steps<T> = globalThis.Generator<void, T>;
