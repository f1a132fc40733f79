import { readdirSync, statSync } from "node:fs";
import { asBytePath, displayPath, nativePath, rootPath } from "../../protocol/index.ts";

/** The directory that is watched, told from another that may take its place. */
export class Root {
  readonly path: string;
  #device = 0n;
  #inode = 0n;
  #isKnown = false;

  /** `path` is absolute, a byte string. */
  constructor(path: string) {
    this.path = path;
  }

  /** For people. */
  get display(): string {
    return displayPath(asBytePath(this.path));
  }

  /** Why it cannot be watched now; undefined when it can. */
  get obstacle(): string | undefined {
    try {
      const stats = statSync(nativePath(this.path, rootPath));
      return stats.isDirectory() ? undefined : "it is not a directory";
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === "ENOENT"
        ? "there is no such directory"
        : (error as Error).message;
    }
  }

  /** True when the path leads to the directory remembered last. */
  isIntact(): boolean {
    const now = this.#identity();
    return now !== undefined && now.ino === this.#inode && now.dev === this.#device;
  }

  /**
   * Remembers the directory the path leads to now. Returns false when that is another one than
   * remembered before.
   */
  remember(): boolean {
    const now = this.#identity();
    if (!now) return false;
    const isSame = !this.#isKnown || (now.ino === this.#inode && now.dev === this.#device);
    this.#device = now.dev;
    this.#inode = now.ino;
    this.#isKnown = true;
    return isSame;
  }

  /**
   * True when the root can be watched again after it was lost: it is the same directory, or another
   * with something in it. An empty stranger is most likely the mount point of what is missing.
   */
  isBack(): boolean {
    if (this.obstacle !== undefined) return false;
    return !this.#isKnown || this.isIntact() || !this.#isEmpty();
  }

  #isEmpty(): boolean {
    try {
      return readdirSync(nativePath(this.path, rootPath)).length === 0;
    } catch {
      return true;
    }
  }

  #identity(): { readonly dev: bigint; readonly ino: bigint } | undefined {
    try {
      const stats = statSync(nativePath(this.path, rootPath), { bigint: true });
      return stats.isDirectory() ? stats : undefined;
    } catch {
      return undefined;
    }
  }
}
