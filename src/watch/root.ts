import { statSync } from "node:fs";
import { asBytePath, displayPath, nativePath, rootPath } from "../../protocol/index.ts";
import { holdsNames, type Identity, isSameDirectory, readIdentity } from "./directory.ts";

/** A root that loses all its names within this time was emptied at one stroke. */
const emptyingMs = 10_000;

/** The directory that is watched, told from another that may take its place. */
export class Root {
  readonly path: string;
  /** The one that was there first. */
  #original: Identity | undefined;
  /** The one that is watched. */
  #known: Identity | undefined;
  /** When it was last seen to hold several names; ms of `performance.now()`. */
  #heldSeveralMs = Number.NEGATIVE_INFINITY;
  #isEmptied = false;

  /** `path` is absolute, a byte string; `original` is known to have been there. */
  constructor(path: string, original?: Identity) {
    this.path = path;
    this.#original = original;
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

  /** How it was lost, and what that means, in one line. */
  get loss(): string {
    const what = this.#isEmptied ? "was emptied" : "has gone";
    const until = this.#isEmptied ? "something is in it again" : "it is back";
    return `${this.display} ${what}; nothing is deleted at the targets, and nothing is reported until ${until}`;
  }

  /** True when the path leads to the directory remembered last. */
  isIntact(): boolean {
    return isSameDirectory(this.#identity(), this.#known);
  }

  /**
   * Remembers the directory the path leads to now. Returns false when that is another one than the
   * first that was ever remembered.
   */
  remember(): boolean {
    const now = this.#identity();
    if (!now) return false;
    this.#original ??= now;
    this.#known = now;
    this.#isEmptied = false;
    this.observe();
    return isSameDirectory(now, this.#original);
  }

  /**
   * True when the root can be watched again after it was lost: it is the same directory, or another
   * with something in it. An empty stranger is most likely the mount point of what is missing.
   */
  isBack(): boolean {
    if (this.obstacle !== undefined) return false;
    const isUntouched = this.#known === undefined || (this.isIntact() && !this.#isEmptied);
    return isUntouched || this.#holds(1);
  }

  /** Notes how much is in it, to be called about once a second; {@link wasEmptied} compares. */
  observe(): void {
    if (this.#holds(2)) this.#heldSeveralMs = performance.now();
  }

  /**
   * True when nothing is left of the several names it held a moment ago: more likely a mistake than
   * a wish to have nothing at the targets. A single name that was alone in it may go.
   */
  wasEmptied(): boolean {
    const heldSeveral = performance.now() - this.#heldSeveralMs < emptyingMs;
    this.#isEmptied = heldSeveral && this.obstacle === undefined && !this.#holds(1);
    return this.#isEmptied;
  }

  #holds(count: number): boolean {
    return holdsNames(this.path, rootPath, count);
  }

  #identity(): Identity | undefined {
    return readIdentity(this.path, rootPath);
  }
}
