import { type BytePath, rootPath } from "../../../protocol/index.ts";
import { Chains } from "./chains.ts";

/** The number of a directory in a {@link WatchTable}; numbers of removed directories are reused. */
export type Slot = number;

/** No directory. */
export const noSlot: Slot = -1;
/** The watched root, in every table. */
export const rootSlot: Slot = 0;

const none = -1;
const free = -3;
/** Parent of a directory that was moved away and not yet found again. */
const limbo = -2;

/**
 * The directories of a tree and their watches, without a path in it: each knows its parent and its
 * own name, so that renaming a directory is one step however much is below it.
 *
 * Columns of numbers instead of objects keep a directory below 100 bytes. One watch may stand for
 * several directories: the kernel has one per inode, and a bind mount shows an inode twice.
 */
export class WatchTable {
  #capacity = 1024;
  #used = 0;
  #free: Slot[] = [];
  #size = 0;
  #watched = 0;
  readonly #names: string[] = [];
  readonly #byName = new Chains();
  readonly #byWatch = new Chains();
  #wd = new Int32Array(this.#capacity);
  #parent = new Int32Array(this.#capacity);
  #firstChild = new Int32Array(this.#capacity);
  #next = new Int32Array(this.#capacity);
  #previous = new Int32Array(this.#capacity);
  #flags = new Uint8Array(this.#capacity);

  constructor() {
    this.#byName.reset(this.#capacity);
    this.#byWatch.reset(this.#capacity);
    this.#place(this.#take(), limbo, "");
  }

  /** Directories known, watched or not. */
  get size(): number {
    return this.#size;
  }

  /** Directories that have a watch. */
  get watched(): number {
    return this.#watched;
  }

  isUsed(slot: Slot): boolean {
    return slot < this.#used && this.#parent[slot] !== free;
  }

  /** The child called `name`, or {@link noSlot}. */
  find(parent: Slot, name: string): Slot {
    let slot = this.#byName.first(hashOf(parent, name));
    while (slot !== none && (this.#parent[slot] !== parent || this.#names[slot] !== name)) {
      slot = this.#byName.next(slot);
    }
    return slot;
  }

  /** Adds a directory without a watch; the name must be new below `parent`. */
  add(parent: Slot, name: string): Slot {
    const slot = this.#take();
    this.#place(slot, parent, name);
    this.#link(slot);
    return slot;
  }

  /** Its path below the root; undefined while it, or a directory above it, is moved away. */
  path(slot: Slot): BytePath | undefined {
    if (slot === rootSlot) return rootPath;
    let path = this.#names[slot] ?? "";
    let above = this.#parent[slot] ?? limbo;
    while (above > rootSlot) {
      path = `${this.#names[above]}/${path}`;
      above = this.#parent[above] ?? limbo;
    }
    return above === rootSlot ? (path as BytePath) : undefined;
  }

  name(slot: Slot): string {
    return this.#names[slot] ?? "";
  }

  parent(slot: Slot): Slot {
    const parent = this.#parent[slot] ?? noSlot;
    return parent >= 0 ? parent : noSlot;
  }

  /** True when `slot` is `ancestor` or lies below it. */
  isWithin(slot: Slot, ancestor: Slot): boolean {
    let at = slot;
    while (at >= 0 && at !== ancestor) at = this.#parent[at] ?? none;
    return at === ancestor;
  }

  children(slot: Slot): Slot[] {
    const children: Slot[] = [];
    let child = this.#firstChild[slot] ?? none;
    for (; child !== none; child = this.#next[child] ?? none) children.push(child);
    return children;
  }

  /** The watch of a directory, 0 when it has none. */
  watch(slot: Slot): number {
    return this.#wd[slot] ?? 0;
  }

  /** True when any directory has this watch. */
  hasWatch(wd: number): boolean {
    let slot = this.#byWatch.first(wd);
    while (slot !== none && this.#wd[slot] !== wd) slot = this.#byWatch.next(slot);
    return slot !== none;
  }

  /** The directories a watch stands for; one, but for bind mounts and moves not read yet. */
  slotsOf(wd: number): Slot[] {
    const slots: Slot[] = [];
    let slot = this.#byWatch.first(wd);
    for (; slot !== none; slot = this.#byWatch.next(slot)) {
      if (this.#wd[slot] === wd) slots.push(slot);
    }
    return slots;
  }

  /** Gives a directory its watch. Returns the watch it had, when no directory uses it any more. */
  attach(slot: Slot, wd: number): number {
    if (this.#wd[slot] === wd) return 0;
    const unused = this.detach(slot);
    this.#wd[slot] = wd;
    this.#byWatch.add(wd, slot);
    this.#watched += 1;
    return unused;
  }

  /** Takes its watch from a directory. Returns it when no other directory uses it, otherwise 0. */
  detach(slot: Slot): number {
    const wd = this.#wd[slot] ?? 0;
    if (wd === 0) return 0;
    this.#byWatch.remove(wd, slot);
    this.#wd[slot] = 0;
    this.#watched -= 1;
    return this.hasWatch(wd) ? 0 : wd;
  }

  /** Puts a directory, with all below it, under another name; the name must be free. */
  move(slot: Slot, parent: Slot, name: string): void {
    if (this.#parent[slot] !== limbo) this.#unlink(slot);
    this.#parent[slot] = parent;
    this.#names[slot] = name;
    this.#link(slot);
  }

  /** Takes a directory out of the tree until it is moved to a new place or removed. */
  moveAway(slot: Slot): void {
    this.#unlink(slot);
    this.#parent[slot] = limbo;
  }

  /** Forgets a directory and all below it; `release` gets each watch that is no longer used. */
  remove(slot: Slot, release: (wd: number) => void): void {
    if (this.#parent[slot] !== limbo) this.#unlink(slot);
    const pending = [slot];
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      for (const child of this.children(at)) {
        this.#byName.remove(this.#hash(child), child);
        pending.push(child);
      }
      this.#forget(at, release);
    }
  }

  hasFlag(slot: Slot, flag: number): boolean {
    return ((this.#flags[slot] ?? 0) & flag) !== 0;
  }

  setFlag(slot: Slot, flag: number, on: boolean): void {
    const flags = this.#flags[slot] ?? 0;
    this.#flags[slot] = on ? flags | flag : flags & ~flag;
  }

  #forget(slot: Slot, release: (wd: number) => void): void {
    const wd = this.detach(slot);
    if (wd !== 0) release(wd);
    this.#parent[slot] = free;
    this.#names[slot] = "";
    this.#free.push(slot);
    this.#size -= 1;
  }

  #take(): Slot {
    this.#size += 1;
    const reused = this.#free.pop();
    if (reused !== undefined) return reused;
    if (this.#used === this.#capacity) this.#grow();
    this.#used += 1;
    return this.#used - 1;
  }

  #place(slot: Slot, parent: Slot, name: string): void {
    this.#names[slot] = name;
    this.#parent[slot] = parent;
    this.#wd[slot] = 0;
    this.#flags[slot] = 0;
    this.#firstChild[slot] = none;
    this.#next[slot] = none;
    this.#previous[slot] = none;
  }

  #link(slot: Slot): void {
    const parent = this.#parent[slot] ?? none;
    const first = this.#firstChild[parent] ?? none;
    this.#next[slot] = first;
    this.#previous[slot] = none;
    if (first !== none) this.#previous[first] = slot;
    this.#firstChild[parent] = slot;
    this.#byName.add(this.#hash(slot), slot);
  }

  #unlink(slot: Slot): void {
    const parent = this.#parent[slot] ?? none;
    const next = this.#next[slot] ?? none;
    const previous = this.#previous[slot] ?? none;
    if (next !== none) this.#previous[next] = previous;
    if (previous !== none) this.#next[previous] = next;
    else this.#firstChild[parent] = next;
    this.#byName.remove(this.#hash(slot), slot);
  }

  #hash(slot: Slot): number {
    return hashOf(this.#parent[slot] ?? none, this.#names[slot] ?? "");
  }

  #grow(): void {
    this.#capacity *= 2;
    this.#wd = widened(this.#wd);
    this.#parent = widened(this.#parent);
    this.#firstChild = widened(this.#firstChild);
    this.#next = widened(this.#next);
    this.#previous = widened(this.#previous);
    const flags = new Uint8Array(this.#capacity);
    flags.set(this.#flags);
    this.#flags = flags;
    this.#byName.reset(this.#capacity);
    this.#byWatch.reset(this.#capacity);
    for (let slot = 0; slot < this.#used; slot += 1) {
      if ((this.#parent[slot] ?? none) >= 0) this.#byName.add(this.#hash(slot), slot);
      const wd = this.#wd[slot] ?? 0;
      if (wd !== 0) this.#byWatch.add(wd, slot);
    }
  }
}

function hashOf(parent: Slot, name: string): number {
  let hash = Math.imul(parent, 0x9e3779b1);
  for (let i = 0; i < name.length; i += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  }
  return hash ^ (hash >>> 15);
}

function widened(column: Int32Array): Int32Array<ArrayBuffer> {
  const wide = new Int32Array(column.length * 2);
  wide.set(column);
  return wide;
}
