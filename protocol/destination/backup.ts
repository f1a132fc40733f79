import { isDirectory, isRegularFile } from "../flist/entry.ts";
import { type BytePath, joinPath, parentPath, rootPath } from "../path.ts";
import type { Area } from "./area.ts";
import { copyFile, type Location, linkFile, moveFile, type Steps } from "./location.ts";
import type { DestinationTree, Found } from "./tree.ts";

export interface BackupOptions {
  readonly tree: DestinationTree;
  /** `--backup-dir`; undefined: beside the file. */
  readonly area?: Area | undefined;
  /** As a byte string. */
  readonly suffix: string;
  /** Directories of the area get the permissions of those that they stand for. */
  readonly keepsModes: boolean;
}

/** `--backup`: keeps what is overwritten or deleted under another name. */
export class Backups {
  readonly #options: BackupOptions;

  constructor(options: BackupOptions) {
    this.#options = options;
  }

  /** A backup itself, which is not backed up again when it goes. */
  isBackup(path: BytePath): boolean {
    const { area, suffix } = this.#options;
    return area === undefined && path.endsWith(suffix);
  }

  location(path: BytePath): Location {
    const { tree, area, suffix } = this.#options;
    const name = `${path}${suffix}` as BytePath;
    return area === undefined ? { tree, path: name } : area.at(name);
  }

  /** Takes an object that is no directory out of the way. */
  *move(path: BytePath): Steps<void> {
    const { tree } = this.#options;
    const found = tree.find(path);
    if (found === undefined || isDirectory(found)) return;
    const to = yield* this.#prepared(path);
    yield* moveFile({ tree, path }, to);
    // Where both names were of one object, a rename changes nothing.
    const left = tree.find(path);
    if (left !== undefined && isSameObject(left, found)) tree.removeFile(path);
  }

  /** Keeps an object that will be replaced; until then its name has it as before. */
  *keep(path: BytePath): Steps<void> {
    const { tree } = this.#options;
    const found = tree.find(path);
    if (found === undefined || isDirectory(found)) return;
    const to = yield* this.#prepared(path);
    const kept = to.tree.find(to.path);
    if (kept !== undefined && isSameObject(kept, found)) return;
    if (kept !== undefined) to.tree.removeFile(to.path);
    try {
      linkFile({ tree, path }, to);
    } catch (error) {
      if (!isRegularFile(found)) throw error;
      yield* copyFile({ tree, path }, to); // on another file system, or one without links
    }
  }

  /** Copies a file that will be written into. */
  *copy(path: BytePath): Steps<Location> {
    const to = yield* this.#prepared(path);
    yield* copyFile({ tree: this.#options.tree, path }, to);
    return to;
  }

  *#prepared(path: BytePath): Steps<Location> {
    const to = this.location(path);
    if (to.tree === this.#options.tree && to.path === path) {
      throw Object.assign(new Error("its backup would be the file itself"), { code: "EINVAL" });
    }
    if (this.#options.area !== undefined) this.#makeParents(path);
    const inWay = to.tree.find(to.path);
    if (inWay !== undefined && isDirectory(inWay)) yield* removeTree(to);
    return to;
  }

  #makeParents(path: BytePath): void {
    const { tree, area, keepsModes } = this.#options;
    let above = rootPath;
    const directory = parentPath(path);
    for (const name of directory === "" ? [] : directory.split("/")) {
      above = joinPath(above, name);
      const place = (area as Area).at(above);
      const found = place.tree.find(place.path);
      if (found !== undefined && isDirectory(found)) continue;
      if (found !== undefined) place.tree.removeFile(place.path);
      place.tree.makeDirectory(place.path, 0o777);
      const like = keepsModes ? tree.find(above) : undefined;
      if (like !== undefined) copyAttributes(place, like);
    }
  }
}

function copyAttributes({ tree, path }: Location, { uid, gid, mode }: Found): void {
  try {
    tree.setOwner(path, uid, gid);
  } catch {
    // only root gives directories away
  }
  tree.setMode(path, mode & 0o7777);
}

function isSameObject(a: Found, b: Found): boolean {
  return a.inode === b.inode && a.device === b.device;
}

function* removeTree({ tree, path }: Location): Steps<void> {
  const size = tree.find(path)?.size ?? 0;
  for (const name of yield* tree.nameSteps(path, size)) {
    yield undefined;
    const below = joinPath(path, name);
    const found = tree.find(below);
    if (found !== undefined && isDirectory(found)) yield* removeTree({ tree, path: below });
    else if (found !== undefined) tree.removeFile(below);
  }
  tree.removeDirectory(path);
}
