import {
  type BytePath,
  deletion,
  displayPath,
  type FileEntry,
  isDirectory,
  isRegularFile,
  type LocalTree,
  parentPath,
  rootPath,
} from "../../protocol/index.ts";
import type { Rules } from "../filter/rules.ts";
import { type Identity, isSameDirectory, readIdentity } from "../watch/directory.ts";
import type { AskedPath, PathFailure } from "./message.ts";
import type { MountGuard } from "./mount-guard.ts";

/**
 * Thrown when the source directory is not the one that is being mirrored, or a file system below it
 * has just gone: nothing may be deleted.
 */
export class SourceGone extends Error {}

/** Files from this size on travel in a session of their own, with delta search. */
const largeBytes = 1024 * 1024;

export interface BatchOptions {
  readonly tree: LocalTree;
  readonly rootIdentity: Identity;
  readonly mounts: MountGuard;
  readonly rules: Rules;
  readonly deletes: boolean;
  /** True: what is to be deleted is held back, and not sent. */
  readonly holdsDeletions: boolean;
  /** False for types of objects that the transfer options leave out. */
  readonly carries: (entry: FileEntry) => boolean;
}

/** What is to be sent for some paths, decided at one moment. */
export interface Batch {
  /** Small files, directories, links and deletions, with the directories above them. */
  readonly small: readonly FileEntry[];
  /** Files that an rsync put here: sent when size or time differ; with the directories above them. */
  readonly arrived: readonly FileEntry[];
  /** Each with the directories above it. */
  readonly large: readonly (readonly FileEntry[])[];
  /** Directories to be taken with everything below. */
  readonly trees: readonly BytePath[];
  /** The same, with all content, whatever size and time say. */
  readonly resent: readonly BytePath[];
  /** The path to send for each path asked for: itself, or the highest vanished directory above. */
  readonly resolved: ReadonlyMap<BytePath, BytePath>;
  /** Paths asked for that need nothing: excluded, or gone where nothing is deleted. */
  readonly settled: readonly BytePath[];
  /** Paths asked for that are to be deleted, which is held back. */
  readonly held: readonly BytePath[];
  /** Paths asked for that could not be looked at, and why: what they are is not known. */
  readonly unseen: readonly PathFailure[];
}

/**
 * Decides what to send for paths that may differ: what lstat finds is sent as it is, what is gone
 * is deleted, by its highest vanished ancestor (design.md, "Batch").
 *
 * All paths of a batch see each directory the same way, so no name is both sent and deleted.
 *
 * @throws {SourceGone} when the root has vanished or is another directory.
 */
export function buildBatch(paths: readonly AskedPath[], options: BatchOptions): Batch {
  const view = new TreeView(options);
  const small = new Map<BytePath, FileEntry>();
  const arrived: FileEntry[] = [];
  const held: BytePath[] = [];
  const large: (readonly FileEntry[])[] = [];
  const trees = new Set<BytePath>();
  const resent = new Set<BytePath>();
  const resolved = new Map<BytePath, BytePath>();
  const settled: BytePath[] = [];
  const unseen: PathFailure[] = [];
  for (const { path, whole, arrived: isArrived = false, resend } of paths) {
    const entry = resolveOrFail(view, path, unseen);
    if (entry === "unseen") continue;
    if (entry === undefined) {
      settled.push(path);
      continue;
    }
    if (entry.mode === 0 && options.holdsDeletions) {
      held.push(path);
      continue;
    }
    resolved.set(path, entry.path);
    if (whole && isDirectory(entry)) (resend ? resent : trees).add(entry.path);
    else if (isArrived && isRegularFile(entry)) arrived.push(entry);
    else if (isRegularFile(entry) && entry.size >= largeBytes)
      large.push(view.withParents([entry]));
    else small.set(entry.path, entry);
  }
  view.checkRoot();
  return {
    small: view.withParents([...small.values()]),
    arrived: view.withParents(arrived),
    large,
    trees: [...trees],
    resent: [...resent],
    resolved,
    settled,
    held,
    unseen,
  };
}

/** One path that cannot be looked at must not hold up the others. */
function resolveOrFail(
  view: TreeView,
  path: BytePath,
  unseen: PathFailure[],
): FileEntry | "unseen" | undefined {
  try {
    return view.resolve(path);
  } catch (error) {
    unseen.push({ path, reason: `cannot look at it: ${(error as Error).message}` });
    return "unseen";
  }
}

/** Looks at a tree, once at each path, and decides what to send for it. */
export class TreeView {
  readonly #options: BatchOptions;
  readonly #seen = new Map<BytePath, FileEntry | undefined>();

  constructor(options: BatchOptions) {
    this.#options = options;
    options.mounts.look();
    this.checkRoot();
  }

  /** @throws {SourceGone} also when a mount has gone since this view first looked at it. */
  checkRoot(): void {
    const { tree, rootIdentity, mounts } = this.#options;
    const identity = readIdentity(tree.root, rootPath);
    const lost = mounts.lost();
    if (isSameDirectory(identity, rootIdentity) && lost === undefined) return;
    const found =
      lost !== undefined
        ? `what was mounted at ${displayPath(lost)} has gone`
        : identity === undefined
          ? "it is gone"
          : "another directory is there";
    throw new SourceGone(`Cannot mirror ${tree.root}: ${found}; nothing is deleted at the target`);
  }

  /** What to send for `path`: its entry, a deletion, or nothing. @throws what the system says. */
  resolve(path: BytePath): FileEntry | undefined {
    const { rules, deletes, carries, mounts } = this.#options;
    const present = this.#highestOdd(path);
    const entry = this.#lstat(present);
    if (entry !== undefined) {
      // Another kind of object in place of directories would replace, at the target, all in them.
      const swallows = !isDirectory(entry) && mounts.hidesBelow(present);
      const leftOut = swallows || rules.excluded(present, isDirectory(entry)) || !carries(entry);
      return leftOut ? undefined : entry;
    }
    // Whether it was a directory is not known any more; excluded as either is excluded.
    if (!deletes || rules.excluded(path, false) || rules.excluded(path, true)) return undefined;
    return rules.excluded(present, true) ? undefined : deletion(present);
  }

  /** The same; nothing also where nobody can tell what is there. */
  glance(path: BytePath): FileEntry | undefined {
    try {
      return this.resolve(path);
    } catch {
      return undefined;
    }
  }

  /**
   * The entries, then every directory above them that is not among them; none is looked into.
   *
   * An entry whose directory is something else by now is left out, and `onOdd` is told of it: a
   * daemon ends a session that lists a name below a file.
   */
  withParents(
    entries: readonly FileEntry[],
    onOdd: (path: BytePath) => void = () => {},
  ): FileEntry[] {
    const sound: FileEntry[] = [];
    const parents: FileEntry[] = [];
    const listed = new Set(entries.filter(isDirectory).map(({ path }) => path));
    let sibling: BytePath | undefined;
    let above: "there" | "gone" | "odd" = "there";
    for (const entry of entries) {
      const parent = parentPath(entry.path);
      if (parent !== sibling) above = this.#listAbove(entry.path, listed, parents);
      sibling = parent;
      if (above === "there" || (above === "gone" && entry.mode === 0)) {
        sound.push(entry);
      } else {
        listed.delete(entry.path);
        onOdd(entry.path);
      }
    }
    return [...sound, ...parents];
  }

  /** Adds the directories above `path` that are not listed yet; says what else is found there. */
  #listAbove(
    path: BytePath,
    listed: Set<BytePath>,
    parents: FileEntry[],
  ): "there" | "gone" | "odd" {
    let found: "there" | "gone" = "there";
    for (let above = path; above !== ""; ) {
      above = parentPath(above);
      if (listed.has(above)) break;
      const directory = this.#lstat(above);
      if (directory === undefined) found = "gone";
      else if (!isDirectory(directory)) return "odd";
      else {
        listed.add(above);
        parents.push(directory);
      }
    }
    return found;
  }

  /** The first ancestor that is no directory (any more), or the path itself. */
  #highestOdd(path: BytePath): BytePath {
    for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
      const ancestor = path.slice(0, slash) as BytePath;
      const entry = this.#lstat(ancestor);
      if (entry === undefined || !isDirectory(entry)) return ancestor;
    }
    return path;
  }

  #lstat(path: BytePath): FileEntry | undefined {
    if (this.#seen.has(path)) return this.#seen.get(path);
    const entry = this.#options.tree.lstat(path);
    this.#seen.set(path, entry);
    return entry;
  }
}
