import type { Anchor } from "../destination/anchor.ts";
import { DestinationTree, type Found } from "../destination/tree.ts";
import { isDirectory } from "../flist/entry.ts";
import type { PatternMatch } from "../flist/pattern.ts";
import { eachOf, type Stepwise } from "../flist/stepwise.ts";
import { type BytePath, joinPath } from "../path.ts";

/**
 * A tree of a module for who pushes: what is hidden is not there. It is not read, so that nobody gets
 * its content as a basis of something else, and nothing takes its names: no backup, no partial file.
 * What is being made may have any name that chance gives it.
 */
export class HidingTree extends DestinationTree {
  readonly #isHidden: PatternMatch;

  /** @param isHidden of paths from this tree's root. */
  constructor(anchor: Anchor, isHidden: PatternMatch) {
    super(anchor);
    this.#isHidden = isHidden;
  }

  override names(directory: BytePath): string[] {
    const isThere = (name: string): boolean => this.find(joinPath(directory, name)) !== undefined;
    return super.names(directory).filter(isThere);
  }

  override *nameSteps(directory: BytePath, sizeBytes: number): Stepwise<string[]> {
    const names: string[] = [];
    yield* eachOf(yield* super.nameSteps(directory, sizeBytes), (name) => {
      if (this.find(joinPath(directory, name)) !== undefined) names.push(name);
    });
    return names;
  }

  override find(path: BytePath): Found | undefined {
    const found = super.find(path);
    return found && path !== "" && this.#isHidden(path, isDirectory(found)) ? undefined : found;
  }

  override open(path: BytePath): number {
    if (!this.#isHidden(path, false)) return super.open(path);
    throw Object.assign(new Error("it is not there"), { code: "ENOENT" });
  }

  override at(path: BytePath): string | Buffer {
    if (!this.#isHidden(path, false)) return super.at(path);
    throw unwritable();
  }

  override nameToWrite(path: BytePath): string {
    if (!this.#isHidden(path, false)) return super.nameToWrite(path);
    throw unwritable();
  }

  override makeDirectory(path: BytePath, mode: number): void {
    if (this.#isHidden(path, true)) throw unwritable();
    super.makeDirectory(path, mode);
  }
}

function unwritable(): Error {
  const text = "the daemon does not let its name be written";
  return Object.assign(new Error(text), { code: "EACCES" });
}
