import { lstatSync, readdirSync, type Stats } from "node:fs";
import { type BytePath, joinPath, nativePath, rootPath } from "../../../protocol/index.ts";
import type { ChangeBatch } from "../batch.ts";
import type { EventSwitches } from "../events.ts";
import { directoryMarkOf, markOf } from "./mark.ts";

/** What was seen of a directory when it was last looked at. */
interface Seen {
  readonly inode: number;
  /** Sorted, with "/" between them: one string costs a third of as many strings. */
  names: string;
  /** What each name was. */
  marks: Float64Array;
  /** The directories among them. */
  folders: Map<string, Seen> | undefined;
}

/** A directory to be looked at. */
interface Task {
  readonly path: BytePath;
  readonly seen: Seen;
  /** `known`: differences are reported; `new`: nothing is, the whole tree will be. */
  readonly kind: "known" | "new";
}

/** What a scanner looks at, and how. */
export interface ScannerOptions {
  readonly root: string;
  /** Where in it the tree begins that is looked at; default the root itself. */
  readonly start?: BytePath;
  readonly events: EventSwitches;
  readonly excluded: (path: BytePath, isDirectory: boolean) => boolean;
  /** Gets what has changed; may be called at any step. */
  readonly report: (add: (batch: ChangeBatch) => void) => void;
  /** A directory, or a name in it, cannot be looked at: what was known of it stands. */
  readonly onUnreadable: (path: BytePath, code: string) => void;
}

/** So many names are looked at in one step. */
const namesPerStep = 200;

/**
 * Compares a tree with what it was at the last scan.
 *
 * Costs one readdir per directory and one lstat per name and scan; keeps about 30 bytes per file
 * (its name and one number) and 300 per directory.
 */
export class Scanner {
  readonly #options: ScannerOptions;
  #root: Seen | undefined;
  #rootMark = 0;
  #directories = 0;
  #sinceMs = Number.POSITIVE_INFINITY;
  /** Found in this scan; reported at its end, when all of them is known. */
  #newTrees: BytePath[] = [];

  constructor(options: ScannerOptions) {
    this.#options = options;
  }

  /** Directories seen by the last scan. */
  get directories(): number {
    return this.#directories;
  }

  /**
   * Scans the tree, a step at a time. The first scan learns what there is, and reports of it only what
   * changed after `sinceMs` (ms since 1970).
   */
  *scan(sinceMs: number = Number.POSITIVE_INFINITY): Generator<void, void, void> {
    this.#sinceMs = sinceMs;
    const isFirst = this.#root === undefined;
    this.#root ??= unseen(0);
    let directories = 0;
    const { start = rootPath } = this.#options;
    const tasks: Task[] = [{ path: start, seen: this.#root, kind: isFirst ? "new" : "known" }];
    this.#lookAtStart(start, { isFirst });
    for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
      yield* this.#visit(task, tasks);
      directories += 1;
    }
    this.#directories = directories;
    const newTrees = this.#newTrees;
    this.#newTrees = [];
    this.#options.report((batch) => {
      for (const path of newTrees) batch.tree(path);
    });
  }

  #lookAtStart(start: BytePath, { isFirst }: { readonly isFirst: boolean }): void {
    const stats = this.#stat(start);
    if (stats === undefined || stats === "unreadable") return;
    const mark = directoryMarkOf(stats);
    if (isFirst && stats.mtimeMs >= this.#sinceMs) this.#newTrees.push(start);
    if (!isFirst && mark !== this.#rootMark && this.#options.events.attrib) this.#path(start);
    this.#rootMark = mark;
  }

  *#visit(task: Task, tasks: Task[]): Generator<void, void, void> {
    const { path, seen } = task;
    const names = this.#list(path);
    if (names === undefined) return;
    const old = seen.names === "" ? [] : seen.names.split("/");
    const next = new Listing();
    let at = 0;
    for (const [count, name] of names.entries()) {
      for (; (old[at] ?? name) < name; at += 1) this.#gone(task, old[at] as string);
      const before = old[at] === name ? seen.marks[at] : undefined;
      if (old[at] === name) at += 1;
      this.#meet(task, name, before, next, tasks);
      if (count % namesPerStep === namesPerStep - 1) yield;
    }
    for (; at < old.length; at += 1) this.#gone(task, old[at] as string);
    next.writeTo(seen);
    yield;
  }

  /** Looks at one name; `before` is its mark at the last scan, undefined for a new one. */
  #meet(task: Task, name: string, before: number | undefined, next: Listing, tasks: Task[]): void {
    const path = joinPath(task.path, name);
    const stats = this.#stat(path);
    const folder = task.seen.folders?.get(name);
    if (stats === "unreadable") {
      if (before !== undefined) next.add(name, before, folder);
    } else if (stats === undefined || this.#options.excluded(path, stats.isDirectory())) {
      if (before !== undefined) this.#gone(task, name);
    } else if (stats.isDirectory()) {
      const mark = directoryMarkOf(stats);
      const isKnown = folder !== undefined && folder.inode === stats.ino;
      const seen = isKnown ? folder : unseen(stats.ino);
      next.add(name, mark, seen);
      tasks.push(this.#taskFor(task, path, seen, isKnown, stats));
      if (isKnown && mark !== before && this.#options.events.attrib) this.#path(path);
    } else {
      const mark = markOf(stats, Date.now());
      next.add(name, mark, undefined);
      if (folder !== undefined) this.#gone(task, name);
      if (mark !== before) this.#fileDiffers(task, path, before, stats);
    }
  }

  #taskFor(above: Task, path: BytePath, seen: Seen, isKnown: boolean, { mtimeMs }: Stats): Task {
    const { createFolder, moveTo } = this.#options.events;
    if (above.kind === "new") {
      // Names came or went in it while the first scan was on its way.
      if (mtimeMs >= this.#sinceMs) this.#newTrees.push(path);
      return { path, seen, kind: "new" };
    }
    if (isKnown) return { path, seen, kind: "known" };
    if (!createFolder && !moveTo) return { path, seen, kind: "known" }; // its files count all the same
    this.#newTrees.push(path);
    return { path, seen, kind: "new" };
  }

  #fileDiffers({ kind }: Task, path: BytePath, before: number | undefined, stats: Stats): void {
    const { createFile, closeWrite, moveTo, modify, attrib } = this.#options.events;
    if (kind === "new") {
      if (stats.ctimeMs >= this.#sinceMs) this.#path(path);
      return;
    }
    const counts = before === undefined ? createFile || moveTo : modify || attrib;
    if (closeWrite || counts) this.#path(path);
  }

  #gone({ path, seen, kind }: Task, name: string): void {
    const { events, excluded, report } = this.#options;
    if (kind === "new" || !(events.delete || events.moveFrom)) return;
    const gone = joinPath(path, name);
    const isDirectory = seen.folders?.has(name) ?? false;
    if (!excluded(gone, isDirectory)) report((batch) => batch.gone(gone, isDirectory));
  }

  #path(path: BytePath): void {
    this.#options.report((batch) => batch.path(path));
  }

  #list(path: BytePath): string[] | undefined {
    try {
      const native = nativePath(this.#options.root, path) as string;
      return readdirSync(native, { encoding: "latin1" }).sort();
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      // Gone again: the next scan of the directory above tells.
      if (code !== "ENOENT" && code !== "ENOTDIR") this.#options.onUnreadable(path, code);
      return undefined;
    }
  }

  #stat(path: BytePath): Stats | "unreadable" | undefined {
    try {
      return lstatSync(nativePath(this.#options.root, path), { throwIfNoEntry: false });
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      if (code === "ENOTDIR") return undefined;
      this.#options.onUnreadable(path, code);
      return "unreadable";
    }
  }
}

/** A directory's names while it is being looked at. */
class Listing {
  readonly #names: string[] = [];
  readonly #marks: number[] = [];
  #folders: Map<string, Seen> | undefined;

  add(name: string, mark: number, folder: Seen | undefined): void {
    this.#names.push(name);
    this.#marks.push(mark);
    if (folder === undefined) return;
    this.#folders ??= new Map();
    this.#folders.set(name, folder);
  }

  writeTo(seen: Seen): void {
    seen.names = this.#names.join("/");
    seen.marks = Float64Array.from(this.#marks);
    seen.folders = this.#folders;
  }
}

function unseen(inode: number): Seen {
  return { inode, names: "", marks: new Float64Array(0), folders: undefined };
}
