import { readdirSync } from "node:fs";
import { type FileEntry, fileTypes, isDirectory } from "../flist/entry.ts";
import { type BytePath, joinPath, nativePath } from "../path.ts";
import type { LocalTree } from "./local.ts";

export interface WalkOptions {
  /** True for what is neither listed nor descended into. Default: nothing. */
  readonly excluded?: (path: BytePath, isDirectory: boolean) => boolean;
  /** What could not be listed; the walk goes on with the rest. */
  readonly onError?: (path: BytePath, error: NodeJS.ErrnoException) => void;
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
  if (first === undefined) return;
  const pending: FileEntry[] = [first];
  for (let entry = pending.pop(); entry !== undefined; entry = pending.pop()) {
    if (!isDirectory(entry)) {
      yield entry;
      continue;
    }
    const children = childrenOf(tree, entry.path, options);
    yield { ...entry, hasContent: children !== undefined };
    const directories: FileEntry[] = [];
    for (const child of children ?? []) {
      if (isDirectory(child)) directories.push(child);
      else yield child;
    }
    for (let i = directories.length - 1; i >= 0; i -= 1) pending.push(directories[i] as FileEntry);
  }
}

/** A directory's objects by name, files and directories mixed; undefined when it cannot be read. */
function childrenOf(
  tree: LocalTree,
  path: BytePath,
  options: WalkOptions,
): FileEntry[] | undefined {
  const children: { key: string; entry: FileEntry }[] = [];
  try {
    for (const name of readdirSync(nativePath(tree.root, path), "latin1")) {
      const entry = lstatOf(tree, joinPath(path, name), options);
      if (entry === undefined) continue;
      const key = (entry.mode & fileTypes.mask) === fileTypes.directory ? `${name}/` : name;
      children.push({ key, entry });
    }
  } catch (error) {
    options.onError?.(path, error as NodeJS.ErrnoException);
    return undefined;
  }
  children.sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));
  return children.map(({ entry }) => entry);
}

function lstatOf(tree: LocalTree, path: BytePath, options: WalkOptions): FileEntry | undefined {
  try {
    const entry = tree.lstat(path);
    if (entry === undefined || path === "") return entry;
    return options.excluded?.(path, isDirectory(entry)) ? undefined : entry;
  } catch (error) {
    options.onError?.(path, error as NodeJS.ErrnoException);
    return undefined;
  }
}
