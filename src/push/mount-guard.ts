import { type BytePath, isWithin } from "../../protocol/index.ts";
import type { Rules } from "../filter/rules.ts";
import { isSameDirectory, readIdentity } from "../watch/directory.ts";
import type { KnownMount } from "../watch/mounts.ts";

/**
 * Knows which file systems below a source's root have gone: what was in them is neither sent nor
 * deleted until they are back (design law 4).
 *
 * Looks itself, when something is about to be decided about a mount: whoever watches may not have
 * noticed yet. Mounts that nobody asks about are not touched; a dead server would hold us up.
 */
export class MountGuard {
  readonly #root: string;
  #known: readonly KnownMount[];
  /** What was seen since the last {@link look}. */
  readonly #isThere = new Map<BytePath, boolean>();

  constructor(root: string, known: readonly KnownMount[] = []) {
    this.#root = root;
    this.#known = known;
  }

  /** Takes over what the watcher knows now. */
  know(known: readonly KnownMount[]): void {
    this.#known = known;
    this.#isThere.clear();
  }

  /** Begins to look anew; until the next call each mount is seen in one way. */
  look(): void {
    this.#isThere.clear();
  }

  /** True at a mount point whose file system has gone, and below it. */
  hides(path: BytePath): boolean {
    return this.#known.some((mount) => isWithin(path, mount.path) && !this.#sees(mount));
  }

  /** True when such a mount point lies below `path`. */
  hidesBelow(path: BytePath): boolean {
    return this.#known.some((mount) => isWithin(mount.path, path) && !this.#sees(mount));
  }

  /** A mount that has gone since it was seen; undefined when what was seen still holds. */
  lost(): BytePath | undefined {
    return this.#known.find(
      (mount) => this.#isThere.get(mount.path) === true && !this.#isPresent(mount),
    )?.path;
  }

  #sees(mount: KnownMount): boolean {
    let isThere = this.#isThere.get(mount.path);
    if (isThere === undefined) {
      isThere = this.#isPresent(mount);
      this.#isThere.set(mount.path, isThere);
    }
    return isThere;
  }

  #isPresent({ path, identity }: KnownMount): boolean {
    return isSameDirectory(readIdentity(this.#root, path), identity);
  }
}

/** Rules that leave out, besides what `rules` do, all that was in a file system that has gone. */
export function sparingMounts(rules: Rules, guard: MountGuard): Rules {
  return {
    excluded: (path, isDirectory) => guard.hides(path) || rules.excluded(path, isDirectory),
    explain: (path, isDirectory) => rules.explain(path, isDirectory),
  };
}
