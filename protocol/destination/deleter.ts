import { fileTypes, isDirectory } from "../flist/entry.ts";
import type { PatternMatch } from "../flist/pattern.ts";
import { type BytePath, displayPath, joinPath } from "../path.ts";
import type { DestinationTree, Found } from "./tree.ts";

const { regular, directory, symlink, characterDevice, blockDevice, fifo, socket } = fileTypes;
const kinds: readonly (readonly number[])[] = [
  [regular],
  [directory],
  [symlink],
  [characterDevice, blockDevice],
  [fifo, socket],
];

export interface DeleterOptions {
  readonly tree: DestinationTree;
  /** What stays, though nobody lists it. */
  readonly isProtected: PatternMatch;
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
  extraneous(directory: BytePath, listed: ReadonlySet<string>): BytePath[] {
    const { tree, isProtected, onFailed } = this.#options;
    try {
      const here = tree.find(directory);
      if (here === undefined || !isDirectory(here)) return [];
      const gone: BytePath[] = [];
      for (const name of tree.names(directory)) {
        const path = joinPath(directory, name);
        const found = listed.has(name) ? undefined : tree.find(path);
        if (found !== undefined && !isProtected(path, isDirectory(found))) gone.push(path);
      }
      return gone;
    } catch (error) {
      onFailed(directory, error as Error);
      return [];
    }
  }

  /** Removes an object, a directory with all that is in it and not protected. */
  *remove(path: BytePath, parentDevice?: number): Generator<void, boolean> {
    const found = this.#options.tree.find(path);
    if (found === undefined) return true;
    if (!isDirectory(found)) return this.#removeOne(path, found);
    if (parentDevice !== undefined && parentDevice !== found.device) {
      this.#options.onKept(`cannot delete mount point: ${displayPath(path)}`);
      return false;
    }
    if (!(yield* this.#empty(path, found.device))) {
      this.#options.onKept(`cannot delete non-empty directory: ${displayPath(path)}`);
      return false;
    }
    return this.#removeOne(path, found);
  }

  /** Removes an object, but no directory that is not empty. */
  removeAlone(path: BytePath, found: Found): boolean {
    const { tree, onKept } = this.#options;
    const isFull = isDirectory(found) && tree.names(path).length > 0;
    if (isFull) onKept(`cannot delete non-empty directory: ${displayPath(path)}`);
    return !isFull && this.#removeOne(path, found);
  }

  *#empty(directory: BytePath, device: number): Generator<void, boolean> {
    const { tree, isProtected, onFailed } = this.#options;
    let isEmpty = true;
    try {
      for (const name of tree.names(directory)) {
        yield;
        const path = joinPath(directory, name);
        const found = tree.find(path);
        if (found === undefined) continue;
        const stays = isProtected(path, isDirectory(found));
        if (stays || !(yield* this.remove(path, device))) isEmpty = false;
      }
      return isEmpty;
    } catch (error) {
      onFailed(directory, error as Error);
      return false;
    }
  }

  #removeOne(path: BytePath, found: Found): boolean {
    const { tree, most = Number.POSITIVE_INFINITY, dryRun, onDeleted, onFailed } = this.#options;
    const wasDirectory = isDirectory(found);
    if (this.#deleted >= most) {
      this.skipped += 1;
      return false;
    }
    try {
      if (!dryRun && wasDirectory) tree.removeDirectory(path);
      else if (!dryRun) tree.removeFile(path);
    } catch (error) {
      onFailed(path, error as Error);
      return false;
    }
    this.#deleted += 1;
    const kind = kinds.findIndex((types) => types.includes(found.mode & fileTypes.mask));
    this.deletedOfKind[kind] = (this.deletedOfKind[kind] ?? 0) + 1;
    onDeleted(path, wasDirectory);
    return true;
  }
}
