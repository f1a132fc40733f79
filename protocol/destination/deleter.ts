import { fileTypes, isDirectory } from "../flist/entry.ts";
import type { ProtectMatch } from "../flist/filter.ts";
import { sortKey } from "../flist/order.ts";
import { sortedByKey } from "../flist/stepwise.ts";
import { type BytePath, displayPath, joinPath } from "../path.ts";
import type { Backups } from "./backup.ts";
import type { Steps } from "./location.ts";
import type { DestinationTree, Found } from "./tree.ts";

const { regular, directory, symlink, characterDevice, blockDevice, fifo, socket } = fileTypes;
const kinds: readonly (readonly number[])[] = [
  [regular],
  [directory],
  [symlink],
  [characterDevice, blockDevice],
  [fifo, socket],
];

/** What has a name that may go. */
interface Named {
  readonly path: BytePath;
  readonly mode: number;
  readonly key: string;
}

export interface DeleterOptions {
  readonly tree: DestinationTree;
  /** `--backup`: files are kept under another name. */
  readonly backups?: Backups | undefined;
  /** What stays, though nobody lists it. */
  readonly isProtected: ProtectMatch;
  /** `--max-delete`; default no limit. */
  readonly most?: number | undefined;
  readonly dryRun: boolean;
  readonly onDeleted: (path: BytePath, wasDirectory: boolean) => void;
  /** Something stays, and why. */
  readonly onKept: (text: string) => void;
  readonly onFailed: (path: BytePath, cause: Error) => void;
}

/** Deletes what nobody lists. Its methods are generators: between two steps others may run. */
export class Deleter {
  readonly #options: DeleterOptions;
  #deleted = 0;
  /** Regular files, directories, symlinks, devices, specials. */
  readonly deletedOfKind: number[] = [0, 0, 0, 0, 0];
  /** Objects that the limit has spared. */
  skipped = 0;

  constructor(options: DeleterOptions) {
    this.#options = options;
  }

  /** The names in a directory that are to go: neither listed nor protected. */
  *extraneous(directory: BytePath, listed: ReadonlySet<string>): Steps<BytePath[]> {
    const { tree, isProtected, onFailed } = this.#options;
    try {
      const here = tree.find(directory);
      if (here === undefined || !isDirectory(here)) return [];
      const names = yield* tree.nameSteps(directory, here.size);
      const gone: BytePath[] = [];
      const unlisted = names.filter((name) => !listed.has(name));
      for (const { path, mode } of yield* this.#found(directory, unlisted)) {
        yield undefined;
        if (!isProtected(path, isDirectory({ mode }))) gone.push(path);
      }
      return gone;
    } catch (error) {
      onFailed(directory, error as Error);
      return [];
    }
  }

  /** Removes an object, a directory with all that is in it and not protected. */
  *remove(path: BytePath, parentDevice?: number): Steps<boolean> {
    const found = this.#options.tree.find(path);
    if (found === undefined) return true;
    if (!isDirectory(found)) return yield* this.#removeOne(path, found);
    if (parentDevice !== undefined && parentDevice !== found.device) {
      this.#options.onKept(`cannot delete mount point: ${displayPath(path)}`);
      return false;
    }
    if (!(yield* this.#empty(path, found))) {
      this.#options.onKept(`cannot delete non-empty directory: ${displayPath(path)}`);
      return false;
    }
    return yield* this.#removeOne(path, found);
  }

  /**
   * Removes a directory for something else that takes its name: that is no deletion, but what is in
   * it is deleted where `empties`.
   */
  *makeWay(path: BytePath, empties: boolean): Steps<boolean> {
    const { tree, dryRun, onKept } = this.#options;
    const found = tree.find(path);
    if (found === undefined) return true;
    const isEmpty = empties ? yield* this.#empty(path, found) : dryRun;
    if (dryRun && isEmpty) return true;
    try {
      if (!dryRun) {
        tree.removeDirectory(path);
        return true;
      }
    } catch {
      // not empty, or not ours
    }
    onKept(`cannot delete non-empty directory: ${displayPath(path)}`);
    return false;
  }

  /** Removes an object, but no directory that is not empty. */
  *removeAlone(path: BytePath, found: Found): Steps<boolean> {
    const { tree, onKept } = this.#options;
    const names = isDirectory(found) ? yield* tree.nameSteps(path, found.size) : [];
    const isFull = names.length > 0;
    if (isFull) onKept(`cannot delete non-empty directory: ${displayPath(path)}`);
    return !isFull && (yield* this.#removeOne(path, found));
  }

  /** What has these names, in the order in which rsync deletes: the last of a list first. */
  *#found(directory: BytePath, names: readonly string[]): Steps<Named[]> {
    const found: Named[] = [];
    for (const name of names) {
      yield undefined;
      const path = joinPath(directory, name);
      const mode = this.#options.tree.find(path)?.mode;
      if (mode !== undefined) found.push({ path, mode, key: sortKey({ path, mode }) });
    }
    return (yield* sortedByKey(found)).toReversed();
  }

  *#empty(directory: BytePath, { device, size }: Found): Steps<boolean> {
    const { tree, isProtected, onFailed } = this.#options;
    let isEmpty = true;
    try {
      const names = yield* tree.nameSteps(directory, size);
      for (const { path, mode } of yield* this.#found(directory, names)) {
        yield undefined;
        const stays = isProtected(path, isDirectory({ mode }), true);
        if (stays || !(yield* this.remove(path, device))) isEmpty = false;
      }
      return isEmpty;
    } catch (error) {
      onFailed(directory, error as Error);
      return false;
    }
  }

  *#removeOne(path: BytePath, found: Found): Steps<boolean> {
    const { most = Number.POSITIVE_INFINITY, dryRun, onDeleted, onFailed, onKept } = this.#options;
    const wasDirectory = isDirectory(found);
    if (this.#deleted >= most) {
      this.skipped += 1;
      return false;
    }
    try {
      if (!dryRun) yield* this.#take(path, wasDirectory);
    } catch (error) {
      const isFull = (error as NodeJS.ErrnoException).code === "ENOTEMPTY";
      if (isFull) onKept(`cannot delete non-empty directory: ${displayPath(path)}`);
      else onFailed(path, error as Error);
      return false;
    }
    this.#deleted += 1;
    const kind = kinds.findIndex((types) => types.includes(found.mode & fileTypes.mask));
    this.deletedOfKind[kind] = (this.deletedOfKind[kind] ?? 0) + 1;
    onDeleted(path, wasDirectory);
    return true;
  }

  *#take(path: BytePath, isDirectory: boolean): Steps<void> {
    const { tree, backups } = this.#options;
    if (isDirectory) tree.removeDirectory(path);
    else if (backups === undefined || backups.isBackup(path)) tree.removeFile(path);
    else yield* backups.move(path);
  }
}
