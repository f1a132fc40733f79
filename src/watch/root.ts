import { type BigIntStats, readdirSync, statSync } from "node:fs";
import { asBytePath, displayPath, nativePath, rootPath } from "../../protocol/index.ts";

type Identity = Pick<BigIntStats, "dev" | "ino" | "birthtimeNs" | "ctimeNs">;

/** The directory that is watched, told from another that may take its place. */
export class Root {
  readonly path: string;
  #known: Identity | undefined;

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
    return now !== undefined && this.#known !== undefined && isSame(now, this.#known);
  }

  /**
   * Remembers the directory the path leads to now. Returns false when that is another one than
   * remembered before.
   */
  remember(): boolean {
    const now = this.#identity();
    if (!now) return false;
    const wasSame = this.#known === undefined || isSame(now, this.#known);
    this.#known = now;
    return wasSame;
  }

  /**
   * True when the root can be watched again after it was lost: it is the same directory, or another
   * with something in it. An empty stranger is most likely the mount point of what is missing.
   */
  isBack(): boolean {
    if (this.obstacle !== undefined) return false;
    return this.#known === undefined || this.isIntact() || !this.#isEmpty();
  }

  #isEmpty(): boolean {
    try {
      return readdirSync(nativePath(this.path, rootPath)).length === 0;
    } catch {
      return true;
    }
  }

  #identity(): Identity | undefined {
    try {
      const stats = statSync(nativePath(this.path, rootPath), { bigint: true });
      return stats.isDirectory() ? stats : undefined;
    } catch {
      return undefined;
    }
  }
}

function isSame(now: Identity, known: Identity): boolean {
  return now.ino === known.ino && now.dev === known.dev && !wasBornApart(now, known);
}

/**
 * True when a directory was certainly made at another time than the known one: a tmpfs mounted anew
 * has the same device and inode numbers as the one before it.
 */
function wasBornApart(now: Identity, { birthtimeNs, ctimeNs }: Identity): boolean {
  // Where there is no time of birth it reads as 0, or as the time of the last change.
  const isKnown = birthtimeNs > 0n && birthtimeNs !== ctimeNs;
  return isKnown && now.birthtimeNs !== birthtimeNs;
}
