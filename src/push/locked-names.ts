import { type BytePath, type FileEntry, isRegularFile, objectKey } from "../../protocol/index.ts";
import { PathMap } from "../pending/path-map.ts";
import { ownerMayWrite } from "./relock.ts";

/** The names known longest are forgotten past so many. */
const mostNames = 100_000;

/**
 * Names of files that have several (`-H`) and that their owner may not write. A daemon that is not
 * root makes such a file writable when it deletes a directory with one of its names: the others must
 * be looked at then.
 */
export class LockedNames {
  readonly #objects = new PathMap<string>();
  readonly #names = new Map<string, Set<BytePath>>();

  readonly #onOther: (path: BytePath) => void;

  /** `onOther` is told of each other name. */
  constructor(onOther: (path: BytePath) => void) {
    this.#onOther = onOther;
  }

  /** A session has made the target have, and have no more, what these say. */
  carried(entries: readonly FileEntry[]): void {
    for (const entry of entries) {
      const key = objectKey(entry);
      const isLocked = isRegularFile(entry) && (entry.mode & ownerMayWrite) === 0;
      if (key !== undefined && isLocked) this.#add(entry.path, key);
    }
    for (const { mode, path } of entries) if (mode === 0) this.#gone(path);
  }

  #gone(directory: BytePath): void {
    if (!this.#objects.hasBelow(directory)) return;
    const keys = new Set<string>();
    for (const [path, key] of this.#objects) {
      if (!path.startsWith(`${directory}/`)) continue;
      this.#forget(path, key);
      keys.add(key);
    }
    for (const key of keys) for (const name of this.#names.get(key) ?? []) this.#onOther(name);
  }

  #add(path: BytePath, key: string): void {
    const known = this.#objects.get(path);
    if (known !== undefined) this.#forget(path, known);
    this.#objects.set(path, key);
    const names = this.#names.get(key);
    if (names === undefined) this.#names.set(key, new Set([path]));
    else names.add(path);
    if (this.#objects.size <= mostNames) return;
    for (const [oldest, object] of this.#objects) {
      this.#forget(oldest, object);
      break;
    }
  }

  #forget(path: BytePath, key: string): void {
    this.#objects.delete(path);
    const names = this.#names.get(key);
    names?.delete(path);
    if (names?.size === 0) this.#names.delete(key);
  }
}
