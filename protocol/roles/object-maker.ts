import { differences, sameType } from "../destination/attributes.ts";
import { deviceNumber, type Found } from "../destination/tree.ts";
import { type FileEntry, isDevice, isDirectory, isRegularFile, isSymlink } from "../flist/entry.ts";
import { asBytePath, type BytePath, displayPath } from "../path.ts";
import type { Alternates } from "./alternates.ts";
import type { ReceivingJob } from "./receiving.ts";
import { itemFlags, type TellItem } from "./request.ts";

const ownerRights = 0o700;

/** Makes directories, symlinks, devices, fifos and sockets: what has no content to wait for. */
export class ObjectMaker {
  readonly #job: ReceivingJob;
  readonly #tell: TellItem;
  readonly #isRoot = process.geteuid?.() === 0;
  readonly #alternates: Alternates | undefined;
  /** Directories that were made before their turn. */
  readonly #prepared = new Set<BytePath>();

  constructor(job: ReceivingJob, tell: TellItem, alternates?: Alternates) {
    this.#job = job;
    this.#tell = tell;
    this.#alternates = alternates;
  }

  /** False for a regular file, which is not made here. @throws what the system refuses. */
  make(index: number, entry: FileEntry, found: Found | undefined): boolean {
    if (isRegularFile(entry)) return false;
    if (isDirectory(entry)) this.#makeDirectory(index, entry, found);
    else if (isSymlink(entry)) this.#makeSymlink(index, entry, found);
    else this.#makeNode(index, entry, found);
    return true;
  }

  /** Makes a directory that nobody but us can use before its turn has come. */
  prepareDirectory({ path }: FileEntry, found: Found | undefined): void {
    const { tree } = this.#job;
    if (found !== undefined) tree.removeFile(path);
    tree.makeDirectory(path, ownerRights);
    this.#prepared.add(path);
  }

  /** Takes back the rights that a directory had while it was filled. */
  finishDirectory(entry: FileEntry): void {
    if (this.#isRoot || !this.#isRestricted(entry)) return;
    const { tree, attributes } = this.#job;
    const found = tree.find(entry.path);
    if (found !== undefined && isDirectory(found))
      tree.setMode(entry.path, attributes.mode(entry, undefined));
  }

  #isRestricted(entry: FileEntry): boolean {
    const { attributes, transfer } = this.#job;
    const wanted = attributes.mode(entry, undefined);
    return transfer.perms === true && (wanted & ownerRights) !== ownerRights;
  }

  #makeDirectory(index: number, entry: FileEntry, found: Found | undefined): void {
    const { tree, attributes, transfer } = this.#job;
    const { path } = entry;
    const isPrepared = this.#prepared.delete(path) && found !== undefined;
    const isThere = found !== undefined && isDirectory(found) && !isPrepared;
    const isMade = path === "" && this.#job.hasMadeRoot === true;
    if (isThere && !isMade) this.#tell(index, attributes.compare(entry, found));
    else this.#tellDirectory(index, entry);
    if (transfer.dryRun) return;
    if (!isPrepared) {
      if (found !== undefined && !isThere) tree.removeFile(path);
      if (!isThere) tree.makeDirectory(path, attributes.mode(entry, undefined) | ownerRights);
    }
    const here = isThere ? found : (tree.find(path) as Found);
    attributes.apply(path, entry, here, isThere ? found : undefined);
    // Whoever is not root must be able to write into it meanwhile.
    if (!this.#isRoot && this.#isRestricted(entry)) {
      tree.setMode(path, attributes.mode(entry, undefined) | ownerRights);
    }
  }

  #tellDirectory(index: number, entry: FileEntry): void {
    const like = this.#alternates?.object(index, entry);
    if (like === undefined) this.#tell(index, itemFlags.localChange | itemFlags.isNew);
    else if (like !== "done" && like !== "told") this.#tell(index, this.#change(entry, like));
  }

  #makeSymlink(index: number, entry: FileEntry, found: Found | undefined): void {
    const { tree, transfer, events } = this.#job;
    const { path, linkTarget } = entry;
    if (!transfer.links || linkTarget === undefined) {
      this.#skip(path);
      return;
    }
    if (transfer.safeLinks && isUnsafe(linkTarget, path)) {
      if (this.#job.tellsUnsafe !== false) events.told(unsafeText(path, linkTarget));
      return;
    }
    if (found !== undefined && isSymlink(found) && tree.linkTarget(path) === linkTarget) {
      this.#keep(index, entry, found);
      return;
    }
    if (this.#isElsewhere(index, entry, found) || transfer.dryRun) return;
    tree.makeSymlink(path, linkTarget, (at) => this.#finish(at, entry, found));
    events.inPlace(index);
  }

  #makeNode(index: number, entry: FileEntry, found: Found | undefined): void {
    const { tree, transfer, events } = this.#job;
    const { path } = entry;
    if (!(isDevice(entry) ? transfer.devices : transfer.specials)) {
      this.#skip(path);
      return;
    }
    const isSame = found !== undefined && sameType(found, entry);
    if (isSame && (!isDevice(entry) || found.special === deviceNumber(entry))) {
      this.#keep(index, entry, found);
      return;
    }
    if (this.#isElsewhere(index, entry, found) || transfer.dryRun) return;
    tree.makeNode(path, entry, (at) => this.#finish(at, entry, found));
    events.inPlace(index);
  }

  /** True when nothing is to be made; else it was told that something is. */
  #isElsewhere(index: number, entry: FileEntry, found: Found | undefined): boolean {
    const like = found === undefined ? this.#alternates?.object(index, entry) : undefined;
    if (like === "done") {
      if (!this.#job.transfer.dryRun) this.#job.events.inPlace(index);
      return true;
    }
    if (like !== "told") this.#tellMade(index, entry, like ?? found);
    return false;
  }

  /** What is made here, and differs from something of its kind. */
  #change(entry: FileEntry, found: Found): number {
    const { attributes } = this.#job;
    const time = attributes.keepsTime(entry) ? 0 : differences.time;
    return itemFlags.localChange | attributes.compare(entry, found) | time;
  }

  #finish(at: BytePath, entry: FileEntry, replaced: Found | undefined): void {
    const { tree, attributes, places } = this.#job;
    attributes.apply(at, entry, tree.find(at) as Found, replaced);
    const backups = replaced === undefined ? undefined : places?.backups;
    if (backups) for (const _ of backups.keep(entry.path));
  }

  #keep(index: number, entry: FileEntry, found: Found): void {
    const { attributes, transfer, events } = this.#job;
    this.#tell(index, attributes.compare(entry, found));
    if (transfer.dryRun) return;
    attributes.apply(entry.path, entry, found, found);
    events.inPlace(index);
  }

  #tellMade(index: number, entry: FileEntry, found: Found | undefined): void {
    const isNew = found === undefined || !sameType(found, entry);
    const different = isNew
      ? itemFlags.localChange | itemFlags.isNew
      : differences.content | this.#change(entry, found);
    this.#tell(index, different);
  }

  #skip(path: BytePath): void {
    this.#job.events.told(`skipping non-regular file "${displayPath(path)}"`);
  }
}

/** What is said of a link that is left out, in rsync's words. */
export function unsafeText(path: BytePath, target: string): string {
  return `ignoring unsafe symlink "${displayPath(path)}" -> "${displayPath(asBytePath(target))}"`;
}

/** True for a link that leads out of the tree: absolute, or up more often than down. */
export function isUnsafe(target: string, path: BytePath): boolean {
  if (target === "" || target.startsWith("/")) return true;
  let depth = path.split("/").length - 1;
  for (const name of target.split("/")) {
    if (name === "..") depth -= 1;
    else if (name !== "" && name !== ".") depth += 1;
    if (depth < 0) return true;
  }
  return false;
}
