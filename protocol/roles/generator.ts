import { sameType } from "../destination/attributes.ts";
import type { Steps } from "../destination/location.ts";
import { noPlaces } from "../destination/places.ts";
import type { Found } from "../destination/tree.ts";
import { type FileEntry, isDirectory, isSymlink } from "../flist/entry.ts";
import type { Output } from "../mux/mux.ts";
import { type BytePath, baseName, parentPath } from "../path.ts";
import { indexDeleteStats, indexDone } from "../wire/file-index.ts";
import { writeVarint } from "../wire/varint.ts";
import { Alternates } from "./alternates.ts";
import type { Dialect } from "./dialect.ts";
import { FileRequests } from "./file-requests.ts";
import { LinkGroups } from "./link-groups.ts";
import { ObjectMaker } from "./object-maker.ts";
import { bytesPerEntry, drain, Pace } from "./pace.ts";
import { isInPlace } from "./placing.ts";
import { QuickCheck } from "./quick-check.ts";
import type { Meeting, ReceivingJob } from "./receiving.ts";
import { itemFlags } from "./request.ts";

export interface GeneratorLink {
  readonly output: Output;
  readonly dialect: Dialect;
  /** Lets other work run, and waits while the peer is slower than we are. */
  pace(): Promise<void>;
}

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
  /** Directories that are not made, and what is in them neither. */
  readonly #leftOut = new Set<BytePath>();
  #saidKept = false;

  constructor(link: GeneratorLink, job: ReceivingJob, meeting: Meeting) {
    this.#link = link;
    this.#job = job;
    this.#meeting = meeting;
    this.#pace = new Pace(() => link.pace());
    const tell = (index: number, flags: number, name?: string): void =>
      this.#tell(index, flags, name);
    const check = new QuickCheck({ ...job, pace: this.#pace });
    const common = { pace: this.#pace, tell, check };
    const alternates = job.places?.alternates.length ? new Alternates(job, common) : undefined;
    this.#maker = new ObjectMaker(job, tell, alternates);
    this.#links = new LinkGroups(job, tell);
    this.#files = new FileRequests(link, job, meeting, { ...common, alternates });
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
    const { events } = this.#job;
    try {
      const found = this.#find(entry);
      if (entry.mode === 0) {
        await this.#delete(entry, found);
        return;
      }
      if (this.#isLeftOut(entry, found)) return;
      if (this.#links.defers(index, entry, found)) return;
      const inWay = found !== undefined && isDirectory(found) && !sameType(found, entry);
      if (inWay && !(await this.#makeWay(entry))) return;
      const here = inWay || (await this.#putAside(entry, found)) ? undefined : found;
      const asking = this.#maker.make(index, entry, here)
        ? undefined
        : this.#files.request(index, entry, here);
      if (asking !== undefined) await asking;
      if (this.#files.lastAsked !== index) this.#links.settled(index, true);
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
      if (error.name === "RsyncError") throw error;
      if (isDirectory(entry)) this.#leftOut.add(entry.path);
      events.failed(entry.path, error.message);
      this.#links.settled(index, false);
    }
  }

  #find(entry: FileEntry): Found | undefined {
    const { tree, transfer } = this.#job;
    const found = tree.find(entry.path);
    const isKept =
      transfer.keepDirlinks && found !== undefined && isSymlink(found) && isDirectory(entry);
    return isKept ? (tree.adopt(entry.path) ?? found) : found;
  }

  /** Whatever is in a directory that is left out is left out, too. */
  #isLeftOut(entry: FileEntry, found: Found | undefined): boolean {
    const { existing, ignoreExisting } = this.#job.transfer;
    const isKept = found !== undefined && !(isDirectory(entry) && isDirectory(found));
    const isLeftOut =
      (existing && found === undefined) ||
      (ignoreExisting && isKept) ||
      (this.#leftOut.size > 0 && this.#leftOut.has(parentPath(entry.path)));
    if (isLeftOut && isDirectory(entry)) this.#leftOut.add(entry.path);
    return isLeftOut === true;
  }

  /** An entry of mode 0 deletes its name; a directory with content only when that was asked for. */
  async #delete({ path }: FileEntry, found: Found | undefined): Promise<void> {
    const { transfer, deleter } = this.#job;
    if (found === undefined) return;
    const isDeep = transfer.force === true || Boolean(transfer.delete);
    if (isDeep) await this.#drain(deleter.remove(path));
    else await this.#drain(deleter.removeAlone(path, found));
  }

  /** What is of another type goes where it cannot be replaced in one step; true when it is gone. */
  async #putAside(entry: FileEntry, found: Found | undefined): Promise<boolean> {
    const { places = noPlaces, transfer, tree } = this.#job;
    if (found === undefined || isDirectory(found) || sameType(found, entry)) return false;
    if (places.backups === undefined && !isInPlace(transfer)) return false;
    if (transfer.dryRun) return true;
    if (places.backups !== undefined) await this.#drain(places.backups.move(entry.path));
    else tree.removeFile(entry.path);
    return true;
  }

  /** A directory stands where something else goes. */
  async #makeWay({ path }: FileEntry): Promise<boolean> {
    const { transfer, deleter, events } = this.#job;
    if (transfer.dryRun && !transfer.force && !transfer.delete) return true;
    const empties = Boolean(transfer.force || transfer.delete);
    if (await this.#drain(deleter.makeWay(path, empties))) return true;
    events.failed(path, "a directory is in the way, and it is not empty");
    return false;
  }

  /** Files that came with a wrong sum, once more. */
  async #again(): Promise<void> {
    for (const index of this.#meeting.redo.splice(0)) {
      await this.#files.again(index, this.#job.slots[index] as FileEntry);
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

  #drain<T>(steps: Steps<T>): Promise<T> {
    return drain(steps, this.#pace);
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
