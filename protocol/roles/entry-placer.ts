import { sameType } from "../destination/attributes.ts";
import type { Steps } from "../destination/location.ts";
import { noPlaces } from "../destination/places.ts";
import type { Found } from "../destination/tree.ts";
import { type FileEntry, isDirectory, isRegularFile, isSymlink } from "../flist/entry.ts";
import { type BytePath, parentPath } from "../path.ts";
import { Alternates } from "./alternates.ts";
import { FileRequests } from "./file-requests.ts";
import { LinkGroups } from "./link-groups.ts";
import { ObjectMaker } from "./object-maker.ts";
import { drain, type Pace } from "./pace.ts";
import { isInPlace } from "./placing.ts";
import { QuickCheck } from "./quick-check.ts";
import type { GeneratorLink, Meeting, ReceivingJob } from "./receiving.ts";
import type { TellItem } from "./request.ts";

/** Puts one entry after the other in place, or asks for what it lacks (spec 2 §6.1). */
export class EntryPlacer {
  readonly #job: ReceivingJob;
  readonly #pace: Pace;
  readonly #maker: ObjectMaker;
  readonly #files: FileRequests;
  readonly #links: LinkGroups;
  /** Directories that are not made, and what is in them neither. */
  readonly #leftOut = new Set<BytePath>();

  constructor(
    link: GeneratorLink,
    job: ReceivingJob,
    meeting: Meeting,
    { pace, tell }: { readonly pace: Pace; readonly tell: TellItem },
  ) {
    this.#job = job;
    this.#pace = pace;
    const check = new QuickCheck({ ...job, pace });
    const common = { pace, tell, check };
    const alternates = job.places?.alternates.length ? new Alternates(job, common) : undefined;
    this.#maker = new ObjectMaker(job, tell, alternates);
    this.#links = new LinkGroups(job, tell);
    this.#files = new FileRequests(link, job, meeting, { ...common, alternates });
  }

  /** One entry's failure is its own: the others go on. Undefined when that was all. */
  place(index: number, entry: FileEntry): Promise<void> | undefined {
    try {
      const placing = this.#place(index, entry);
      return placing?.catch((error: unknown) => this.#fail(index, entry, error));
    } catch (error) {
      this.#fail(index, entry, error);
      return undefined;
    }
  }

  #place(index: number, entry: FileEntry): Promise<void> | undefined {
    if (this.#isPassedOver(entry)) return undefined;
    const found = this.#find(entry);
    if (entry.mode === 0) return this.#delete(entry, found);
    if (this.#isLeftOut(entry, found)) return undefined;
    this.#makeAbove(entry.path);
    if (this.#links.defers(index, entry, found)) return undefined;
    const isOther = found !== undefined && !sameType(found, entry);
    return isOther ? this.#replace(index, entry, found) : this.#put(index, entry, found);
  }

  /** Puts an entry where something of another type is. */
  async #replace(index: number, entry: FileEntry, found: Found): Promise<void> {
    const inWay = isDirectory(found);
    if (inWay && !(await this.#makeWay(entry))) return;
    const here = inWay || (await this.#putAside(entry, found)) ? undefined : found;
    await this.#put(index, entry, here);
  }

  #put(index: number, entry: FileEntry, here: Found | undefined): Promise<void> | undefined {
    const asking = this.#maker.make(index, entry, here)
      ? undefined
      : this.#files.request(index, entry, here);
    if (asking !== undefined) return asking.then(() => this.#settleUnasked(index));
    this.#settleUnasked(index);
    return undefined;
  }

  /** What waits for an entry goes on at once, where no content was asked for. */
  #settleUnasked(index: number): void {
    if (this.#files.lastAsked !== index) this.#links.settled(index, true);
  }

  #fail(index: number, entry: FileEntry, error: unknown): void {
    if (!(error instanceof Error && "code" in error) || error.name === "RsyncError") throw error;
    if (isDirectory(entry)) this.#leftOut.add(entry.path);
    this.#job.events.failed(entry.path, error.message);
    this.#links.settled(index, false);
  }

  /**
   * Makes a directory that is missing, so that the one around it changes no more when its turn is
   * over; the rest comes with its list, and so does what is to be told.
   */
  async prepare(entry: FileEntry): Promise<void> {
    try {
      if (this.#isPassedOver(entry)) return;
      const found = this.#find(entry);
      const isThere = found !== undefined && isDirectory(found);
      if (this.#isLeftOut(entry, found) || isThere || this.#job.transfer.dryRun) return;
      this.#makeAbove(entry.path);
      const here = (await this.#putAside(entry, found)) ? undefined : found;
      this.#maker.prepareDirectory(entry, here);
    } catch (error) {
      if (!(error instanceof Error && "code" in error) || error.name === "RsyncError") throw error;
    }
  }

  /** Content came, or will not: what waits for it goes on. */
  settled(index: number, inPlace: boolean): void {
    this.#links.settled(index, inPlace);
    this.#job.lists.settle(index);
  }

  /** Asks once more for a file that came wrong. */
  async again(index: number): Promise<void> {
    await this.#files.again(index, this.#job.lists.entry(index) as FileEntry);
  }

  /** The list of a directory was worked off, and so were the directories in it. */
  leave(directory: FileEntry): void {
    this.#leftOut.delete(directory.path);
  }

  /** Nothing changes in a directory any more. */
  finishDirectory(entry: FileEntry): void {
    const { attributes, transfer, events } = this.#job;
    if (transfer.dryRun || this.#isPassedOver(entry)) return;
    try {
      this.#maker.finishDirectory(entry);
      attributes.applyDirectoryTime(entry.path, entry);
    } catch (error) {
      events.failed(entry.path, (error as Error).message);
    }
  }

  /** A directory above a name, with `--no-implied-dirs`: it is what it is. */
  #isPassedOver({ isImplied }: FileEntry): boolean {
    const { relative, impliedDirs } = this.#job.transfer;
    return isImplied === true && relative === true && impliedDirs === false;
  }

  /** And where it is missing, it is made, as any directory would be. */
  #makeAbove(path: BytePath): void {
    const { tree, transfer } = this.#job;
    const above = parentPath(path);
    const isAsked = transfer.relative && transfer.impliedDirs === false && !transfer.dryRun;
    if (!isAsked || above === "" || tree.find(above) !== undefined) return;
    this.#makeAbove(above);
    tree.makeDirectory(above, 0o777);
  }

  #find(entry: FileEntry): Found | undefined {
    const { tree, transfer } = this.#job;
    // Nothing is in it that we have not put there, and of what is listed that is no file.
    const isNew = isRegularFile(entry) && !transfer.backup && tree.hasMade(parentPath(entry.path));
    if (isNew) return undefined;
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
      (this.#leftOut.size > 0 &&
        (this.#leftOut.has(parentPath(entry.path)) || this.#leftOut.has(entry.path)));
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

  #drain<T>(steps: Steps<T>): Promise<T> {
    return drain(steps, this.#pace);
  }
}
