import { type Dirent, lstatSync, readdirSync, type Stats } from "node:fs";
import { constants } from "node:os";
import { type BytePath, joinPath, nativePath } from "../../../protocol/index.ts";
import type { Doubts } from "./doubts.ts";
import { isBetween, type Job, meetsFiles } from "./job.ts";
import { type InotifyInstance, inMask } from "./kernel.ts";
import { Leaves } from "./leaves.ts";
import { noSlot, rootSlot, type Slot, type WatchTable } from "./table.ts";

/** Set on a directory once everything in it has been reported. */
export const announced = 1;
/** Set on a directory that cannot be watched. */
export const unwatchable = 2;
/** Set on a name that may be a directory or nothing. */
export const tentative = 4;
/** Set on a directory that was looked for and not found: an event should tell what became of it. */
export const missing = 8;

type Work = Job & { readonly stack: Slot[] };

/** What a walker needs and whom it tells. */
export interface WalkerOptions {
  readonly root: string;
  readonly mask: number;
  readonly instance: InotifyInstance;
  readonly table: WatchTable;
  readonly doubts: Doubts;
  readonly excluded: (path: BytePath, isDirectory: boolean) => boolean;
  readonly onFile: (path: BytePath) => void;
  readonly onTree: (path: BytePath) => void;
  readonly onUnwatchable: (slot: Slot, errno: number) => void;
}

/**
 * Places watches: on each directory first the watch, then a listing of it, so that a name is seen
 * by one of the two whatever the speed at which names appear.
 */
export class Walker {
  readonly #options: WalkerOptions;
  readonly #table: WatchTable;
  readonly #leaves: Leaves = new Leaves();
  readonly #jobs: Work[] = [];

  constructor(options: WalkerOptions) {
    this.#options = options;
    this.#table = options.table;
  }

  get isIdle(): boolean {
    return this.#jobs.length === 0;
  }

  start(job: Job): void {
    this.#jobs.push({ ...job, stack: job.stack ?? [job.top] });
  }

  /** True while a tree that holds `slot` is being watched and has not been reported yet. */
  isUnreported(slot: Slot): boolean {
    return this.#jobs.some(
      ({ report, top }) => report === "tree" && this.#table.isWithin(slot, top),
    );
  }

  /** Works until done or for `budgetMs`. */
  run(budgetMs: number): void {
    const deadline = performance.now() + budgetMs;
    for (let job = this.#jobs[0]; job; job = this.#jobs[0]) {
      for (let slot = job.stack.pop(); slot !== undefined; slot = job.stack.pop()) {
        this.#visit(job, slot);
        if (performance.now() > deadline) return;
      }
      this.#jobs.shift();
      this.#report(job);
    }
  }

  /** Forgets a directory, all below it, and their watches. */
  drop(slot: Slot): void {
    this.#table.remove(slot, (wd) => this.#options.instance.removeWatch(wd));
  }

  /** True when the watch of a directory is on what its path leads to now. */
  isStillWatched(slot: Slot): boolean {
    const path = this.#table.path(slot);
    if (slot === rootSlot) return true;
    if (path === undefined || this.#table.watch(slot) === 0) return false;
    const { instance, root, mask } = this.#options;
    const wd = instance.addWatch(`${root}/${path}`, mask);
    // A stranger, watched by the very question.
    if (wd > 0 && !this.#table.hasWatch(wd)) instance.removeWatch(wd);
    return wd === this.#table.watch(slot);
  }

  /** Waits for the event that tells where a directory is. */
  miss(slot: Slot): void {
    this.#table.setFlag(slot, missing, true);
    this.#options.doubts.add(slot);
  }

  #report(job: Job): void {
    if (job.report !== "tree" || !this.#table.isUsed(job.top)) return;
    const path = this.#table.path(job.top);
    // Without a watch it is gone, of which an event tells, or it cannot be watched: then it is scanned
    // and reported by who does that.
    if (path !== undefined && this.#table.watch(job.top) !== 0) this.#options.onTree(path);
  }

  #visit(job: Work, slot: Slot): void {
    if (!this.#table.isUsed(slot)) return;
    const path = this.#table.path(slot);
    // Moved away at the moment: it is looked at again when its new place is known.
    if (path === undefined) this.#options.doubts.add(slot);
    else this.#watchAndList(job, slot, path);
  }

  #watchAndList(job: Work, slot: Slot, path: BytePath): void {
    const outcome = this.#place(slot, path);
    if (outcome === "failed") return;
    if (outcome === "other") for (const child of this.#table.children(slot)) this.drop(child);
    if (job.report === "tree" || job.report === "files") {
      this.#table.setFlag(slot, announced, true);
    }
    const stats = this.#stat(path);
    if (stats && job.report === "recent" && isBetween(stats.mtimeMs, job)) {
      this.#options.onTree(path);
    }
    if (stats && slot !== rootSlot && !meetsFiles(job) && this.#isLeaf(path, stats)) return;
    for (const entry of this.#list(slot, path)) this.#meet(job, slot, path, entry);
  }

  #meet(job: Work, slot: Slot, path: BytePath, entry: Dirent): void {
    if (entry.isDirectory()) {
      const child = this.#child(job, slot, path, entry.name);
      if (child !== noSlot) job.stack.push(child);
    } else if (meetsFiles(job)) this.#meetFile(job, joinPath(path, entry.name));
  }

  #meetFile(job: Job, file: BytePath): void {
    if (this.#options.excluded(file, false)) return;
    const stats = job.report === "files" ? undefined : this.#stat(file);
    const counts = job.report === "files" || (stats && isBetween(stats.ctimeMs, job));
    if (counts) this.#options.onFile(file);
  }

  /** The subdirectory to look at next, or none when it is excluded or looked after already. */
  #child(job: Job, parent: Slot, path: BytePath, name: string): Slot {
    const known = this.#table.find(parent, name);
    if (this.#options.excluded(joinPath(path, name), true)) {
      if (known !== noSlot) this.drop(known);
      return noSlot;
    }
    if (known === noSlot) return this.#newChild(job, parent, name);
    return this.#table.watch(known) === 0 || job.isDeep ? known : noSlot;
  }

  #newChild(job: Job, parent: Slot, name: string): Slot {
    const child = this.#table.add(parent, name);
    if (job.report !== "strangers") return child;
    this.start({ top: child, report: "tree" });
    return noSlot;
  }

  #place(slot: Slot, path: BytePath): "new" | "same" | "other" | "failed" {
    const { instance, root, mask, doubts } = this.#options;
    const isRoot = slot === rootSlot;
    const wd = instance.addWatch(
      isRoot ? root : `${root}/${path}`,
      isRoot ? (mask | inMask.deleteSelf | inMask.moveSelf) & ~inMask.dontFollow : mask,
    );
    if (wd < 0) return this.#refuse(slot, -wd);
    this.#table.setFlag(slot, unwatchable | tentative | missing, false);
    const before = this.#table.watch(slot);
    if (before === wd) return "same";
    const unused = this.#table.attach(slot, wd);
    if (unused !== 0) instance.removeWatch(unused);
    doubts.add(slot);
    return before === 0 ? "new" : "other";
  }

  #refuse(slot: Slot, errno: number): "failed" {
    const isGone =
      errno === constants.errno.ENOENT ||
      errno === constants.errno.ENOTDIR ||
      errno === constants.errno.ELOOP;
    if (isGone) this.miss(slot);
    else this.#options.onUnwatchable(slot, errno);
    return "failed";
  }

  #list(slot: Slot, path: BytePath): Dirent[] {
    try {
      return readdirSync(nativePath(this.#options.root, path) as string, {
        withFileTypes: true,
        encoding: "latin1",
      });
    } catch (error) {
      this.#refuse(slot, Math.abs((error as NodeJS.ErrnoException).errno ?? constants.errno.EIO));
      return [];
    }
  }

  #isLeaf(path: BytePath, stats: Stats): boolean {
    return this.#leaves.isLeaf(nativePath(this.#options.root, path), stats);
  }

  #stat(path: BytePath): Stats | undefined {
    try {
      return lstatSync(nativePath(this.#options.root, path), { throwIfNoEntry: false });
    } catch {
      return undefined; // gone: its removal is an event of a directory that is watched
    }
  }
}
