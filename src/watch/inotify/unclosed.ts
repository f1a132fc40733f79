import { lstatSync, type Stats } from "node:fs";
import { asBytePath, type BytePath, isWithin, nativePath } from "../../../protocol/index.ts";

/** How long a new file may stay silent before it is taken for finished. */
export const silenceMs = 1000;
const limit = 4096;

/**
 * New regular files of which no close has been seen.
 *
 * Nearly all are being written and their close follows. A few never get one: a hard link whose other
 * name is already gone again, and a file that was given its name by linkat. They look alike, so a
 * file that stays silent is reported after all.
 */
export class Unclosed {
  readonly #root: string;
  /** Not looked at yet: in a storm the close is often read together with the creation. */
  #fresh = new Set<BytePath>();
  /** Looked at, and when (ms of `performance.now()`), oldest first. */
  readonly #since = new Map<BytePath, number>();

  constructor(root: string) {
    this.#root = root;
  }

  get isEmpty(): boolean {
    return this.#since.size === 0;
  }

  add(path: BytePath): void {
    this.#fresh.add(path);
  }

  /** The name was closed, removed or moved. Returns true when it was being waited for. */
  forget(path: BytePath): boolean {
    return this.#fresh.delete(path) || (this.#since.size > 0 && this.#since.delete(path));
  }

  /** A directory got another name, and with it the files waited for below it. */
  rename(from: BytePath, to: BytePath): void {
    const renamed = (path: BytePath): BytePath => asBytePath(to + path.slice(from.length));
    for (const path of [...this.#fresh].filter((path) => isWithin(path, from))) {
      this.#fresh.delete(path);
      this.#fresh.add(renamed(path));
    }
    for (const [path, since] of this.#since) {
      if (isWithin(path, from) && this.#since.delete(path)) this.#since.set(renamed(path), since);
    }
  }

  /** Takes out what needs no waiting: links, special files, and all that is too much to wait for. */
  takeComplete(): BytePath[] {
    if (this.#fresh.size === 0) return [];
    const complete = [...this.#fresh].filter((path) => this.#isComplete(path));
    this.#fresh.clear();
    return complete;
  }

  /** Takes out the files that have been silent for {@link silenceMs} and are still there. */
  takeSilent(): BytePath[] {
    const silent: BytePath[] = [];
    for (const [path, since] of this.#since) {
      if (performance.now() - since < silenceMs) break;
      this.#since.delete(path);
      const stats = statOf(this.#root, path);
      if (!stats) continue;
      if (Date.now() - stats.mtimeMs < silenceMs) this.#since.set(path, performance.now());
      else silent.push(path);
    }
    return silent;
  }

  #isComplete(path: BytePath): boolean {
    const stats = statOf(this.#root, path);
    if (stats && isLinkOrSpecial(stats)) return true;
    if (this.#since.size >= limit) return true;
    this.#since.set(path, performance.now());
    return false;
  }
}

function isLinkOrSpecial(stats: Stats): boolean {
  // Linking a file changes its ctime but not its mtime; creating one sets both.
  return !stats.isFile() || stats.nlink > 1 || stats.ctimeMs !== stats.mtimeMs;
}

function statOf(root: string, path: BytePath): Stats | undefined {
  try {
    return lstatSync(nativePath(root, path), { throwIfNoEntry: false });
  } catch {
    return undefined; // a directory above it has gone: an event of its own follows
  }
}
