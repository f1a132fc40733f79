import { type FileEntry, isDirectory } from "../flist/entry.ts";
import { atOnce, type Stepwise, sortedByKey, sortedNames } from "../flist/stepwise.ts";
import { type BytePath, joinPath } from "../path.ts";
import type { LocalTree } from "./local.ts";

const longestStepMs = 20;

export interface WalkOptions {
  /** True for what is neither listed nor descended into. Default: nothing. */
  readonly excluded?: (path: BytePath, isDirectory: boolean) => boolean;
  /** False for a directory that is listed but not looked into. Default: true for all. */
  readonly descend?: (path: BytePath) => boolean;
  /** What could not be listed; the walk goes on with the rest. */
  readonly onError?: (path: BytePath, error: NodeJS.ErrnoException) => void;
  /** A name was there when its directory was read, and is gone. */
  readonly onVanished?: (path: BytePath, what?: { readonly isDirectory: boolean }) => void;
}

/** One directory and what lies directly in it. */
export interface Listing {
  readonly directory: FileEntry;
  /** In wire order; undefined when the directory cannot be read. */
  readonly children: readonly FileEntry[] | undefined;
}

/**
 * Everything at and below `start`, in wire order: a directory, then its other objects, then its
 * subdirectories with their content (spec 1 §7.11). Nothing when `start` is gone.
 *
 * Links are not followed. Names that vanish during the walk are left out.
 */
export function* walk(
  tree: LocalTree,
  start: BytePath,
  options: WalkOptions = {},
): Generator<FileEntry> {
  const first = lstatOf(tree, start, options);
  if (first !== undefined && !isDirectory(first)) yield first;
  for (const { directory, children } of walkDirectories(tree, start, options)) {
    yield { ...directory, hasContent: children !== undefined };
    for (const child of children ?? []) if (!isDirectory(child)) yield child;
  }
}

/** The directories at and below `start`, in wire order, each with its children. */
export function* walkDirectories(
  tree: LocalTree,
  start: BytePath,
  options: WalkOptions = {},
): Generator<Listing> {
  const first = lstatOf(tree, start, options);
  if (first === undefined || !isDirectory(first)) return;
  const pending: FileEntry[] = [first];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    const children = childrenOf(tree, directory.path, options);
    yield { directory, children };
    for (let i = (children?.length ?? 0) - 1; i >= 0; i -= 1) {
      const child = children?.[i] as FileEntry;
      if (isDirectory(child) && options.descend?.(child.path) !== false) pending.push(child);
    }
  }
}

/** What lies directly in a directory, in wire order; undefined when it cannot be read, which is told. */
export function childrenOf(
  tree: LocalTree,
  path: BytePath,
  options: WalkOptions,
): FileEntry[] | undefined {
  return atOnce(readChildren(tree, { path, size: 0 }, options));
}

/** The same in steps: there may be many, and many rules. @param directory as lstat says it. */
export function* readChildren(
  tree: LocalTree,
  { path, size }: Pick<FileEntry, "path" | "size">,
  options: WalkOptions,
): Stepwise<FileEntry[] | undefined> {
  const others: FileEntry[] = [];
  const directories: FileEntry[] = [];
  let began = performance.now();
  try {
    for (const name of yield* sortedNames(yield* tree.nameSteps(path, size))) {
      if (performance.now() - began > longestStepMs) {
        yield;
        began = performance.now();
      }
      const entry = lstatOf(tree, joinPath(path, name), options);
      if (entry !== undefined) (isDirectory(entry) ? directories : others).push(entry);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
      options.onError?.(path, error as NodeJS.ErrnoException);
    }
    return undefined;
  }
  return others.concat(yield* inClosedOrder(directories));
}

/** A directory compares as if its name ended in "/". */
function* inClosedOrder(directories: readonly FileEntry[]): Stepwise<FileEntry[]> {
  const keyed = directories.map((entry) => ({ entry, key: `${entry.path}/` }));
  return (yield* sortedByKey(keyed)).map(({ entry }) => entry);
}

function lstatOf(tree: LocalTree, path: BytePath, options: WalkOptions): FileEntry | undefined {
  try {
    const entry = tree.lstat(path);
    if (entry === undefined) options.onVanished?.(path);
    if (entry === undefined || path === "") return entry;
    return options.excluded?.(path, isDirectory(entry)) ? undefined : entry;
  } catch (error) {
    options.onError?.(path, error as NodeJS.ErrnoException);
    return undefined;
  }
}
