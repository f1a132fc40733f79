import { type FileEntry, isDirectory } from "../flist/entry.ts";
import { atOnce, eachOf, type Stepwise } from "../flist/stepwise.ts";
import { asBytePath, rootPath } from "../path.ts";
import type { LocalTree } from "./local.ts";
import { type Branch, TreeLists } from "./tree-lists.ts";
import { readChildren, type WalkOptions } from "./walk.ts";

export interface WalkBranchOptions extends Omit<WalkOptions, "descend"> {
  /** What is not on this device is listed, but not looked into. Default: every device is. */
  readonly device?: number | undefined;
  /** Directories on other devices are not even listed (`-xx`). Default false. */
  readonly skipsMounts?: boolean;
  /** Default: entries are taken as they are. */
  readonly locate?: (entry: FileEntry) => FileEntry;
}

/** Reads the directories of a local tree one by one, each at the time its content is listed. */
export class WalkBranch implements Branch {
  readonly #tree: LocalTree;
  readonly #options: WalkBranchOptions;

  constructor(tree: LocalTree, options: WalkBranchOptions = {}) {
    this.#tree = tree;
    this.#options = options;
  }

  /**
   * A directory that cannot be read has no content, and that is told. One that is gone, or has
   * given its place to something else since it was listed, has none that could be missed.
   */
  children(directory: FileEntry): readonly FileEntry[] | undefined {
    return atOnce(this.reading(directory));
  }

  *reading(directory: FileEntry): Stepwise<readonly FileEntry[] | undefined> {
    const wasThere = this.#isThere(directory);
    const found = wasThere && (yield* readChildren(this.#tree, directory, this.#options));
    if (found) {
      const told: FileEntry[] = [];
      yield* eachOf(this.#listed(found), (child) => told.push(this.#told(child)));
      return told;
    }
    const isGone = wasThere === false || (wasThere && this.#isThere(directory) === false);
    if (!isGone) return [];
    this.#options.onVanished?.(directory.path, { isDirectory: true });
    return undefined;
  }

  #listed(children: readonly FileEntry[]): readonly FileEntry[] {
    const { device, skipsMounts = false } = this.#options;
    if (!skipsMounts) return children;
    return children.filter((child) => !isDirectory(child) || child.identity?.device === device);
  }

  /** Undefined when that cannot be found out, which is told. */
  #isThere({ path, identity }: FileEntry): boolean | undefined {
    try {
      const now = this.#tree.lstat(asBytePath(path === "" ? "." : `${path}/.`));
      return now?.identity?.inode === identity?.inode && now?.identity?.device === identity?.device;
    } catch (error) {
      this.#options.onError?.(path, error as NodeJS.ErrnoException);
      return undefined;
    }
  }

  #told(child: FileEntry): FileEntry {
    const { device, locate = (entry) => entry } = this.#options;
    if (!isDirectory(child)) return locate(child);
    const isMount = device !== undefined && child.identity?.device !== device;
    return locate(isMount ? child : { ...child, hasContent: true });
  }
}

/**
 * The lists of a whole tree, directory by directory; undefined when its root is no directory.
 *
 * @param isIncomplete whether something could not be listed so far.
 */
export function listsOf(
  tree: LocalTree,
  options: WalkBranchOptions,
  isIncomplete: () => boolean,
): TreeLists | undefined {
  const root = tree.lstat(rootPath);
  if (root === undefined || !isDirectory(root)) return undefined;
  const branch = new WalkBranch(tree, options);
  return new TreeLists([{ entry: { ...root, hasContent: true }, branch }], isIncomplete);
}
