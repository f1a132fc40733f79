import type { Anchor } from "../destination/anchor.ts";
import { DestinationTree } from "../destination/tree.ts";
import { isDirectory } from "../flist/entry.ts";
import type { PatternMatch } from "../flist/pattern.ts";
import { type BytePath, joinPath } from "../path.ts";

/**
 * A tree of a module for who pushes: what is hidden is not among the names, and is not read, so that
 * nobody gets its content as a fuzzy or partial basis of something else.
 */
export class HidingTree extends DestinationTree {
  readonly #isHidden: PatternMatch;

  /** @param isHidden of paths from this tree's root. */
  constructor(anchor: Anchor, isHidden: PatternMatch) {
    super(anchor);
    this.#isHidden = isHidden;
  }

  override names(directory: BytePath): string[] {
    return super.names(directory).filter((name) => !this.#hides(joinPath(directory, name)));
  }

  override open(path: BytePath): number {
    if (!this.#isHidden(path, false)) return super.open(path);
    throw Object.assign(new Error("it is not there"), { code: "ENOENT" });
  }

  #hides(path: BytePath): boolean {
    const found = this.find(path);
    return found !== undefined && this.#isHidden(path, isDirectory(found));
  }
}
