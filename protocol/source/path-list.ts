import { deletion, type FileEntry, isDirectory } from "../flist/entry.ts";
import { type BytePath, parentPath } from "../path.ts";
import type { OpenAttributes } from "./attributes.ts";
import type { LocalTree } from "./local.ts";
import type { FileSource, OpenFile } from "./source.ts";

export interface PathListOptions {
  /** What a path that is not there means. Default "leave out". */
  readonly missing?: "delete" | "leave out";
}

/**
 * Some paths of a local tree, each alone: a directory without its content. Directories above are
 * listed too, as the daemon wants it.
 */
export class PathList implements FileSource {
  readonly #tree: LocalTree;
  readonly #paths: readonly BytePath[];
  readonly #options: PathListOptions;

  constructor(tree: LocalTree, paths: readonly BytePath[], options: PathListOptions = {}) {
    this.#tree = tree;
    this.#paths = paths;
    this.#options = options;
  }

  /** The paths as they are now; what is gone with a directory is deleted by the highest name. */
  entries(): FileEntry[] {
    const found = new Map<BytePath, FileEntry>();
    for (const path of this.#paths) {
      const gone = this.#addWithParents(path, found);
      if (gone !== undefined && this.#options.missing === "delete") found.set(gone, deletion(gone));
    }
    return [...found.values()];
  }

  open(entry: FileEntry): OpenFile | undefined {
    return this.#tree.open(entry);
  }

  attributes(entry: FileEntry): OpenAttributes {
    return this.#tree.attributes(entry);
  }

  /** Adds what is there; returns the highest name that is not. */
  #addWithParents(path: BytePath, found: Map<BytePath, FileEntry>): BytePath | undefined {
    const entry = this.#tree.lstat(path);
    const gone = path === "" ? undefined : this.#addWithParents(parentPath(path), found);
    if (gone !== undefined) return gone;
    const parent = found.get(parentPath(path));
    const isInside = path === "" || (parent !== undefined && isDirectory(parent));
    if (entry === undefined || !isInside) return path;
    found.set(path, entry);
    return undefined;
  }
}
