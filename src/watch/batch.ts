import type { BytePath } from "../../protocol/index.ts";
import type { Change } from "./change.ts";

/** Collects changes until they are handed over; a path stands in a batch once. */
export class ChangeBatch {
  #changes: Change[] = [];
  #paths = new Set<BytePath>();
  #trees = new Set<BytePath>();
  #mayRemove = false;
  #mayEmpty = false;

  get isEmpty(): boolean {
    return this.#changes.length === 0;
  }

  /** True when something in it was seen to go away. */
  get mayRemove(): boolean {
    return this.#mayRemove;
  }

  /** True when a name in the root itself went away. */
  get mayEmpty(): boolean {
    return this.#mayEmpty;
  }

  path(path: BytePath): void {
    if (this.#paths.has(path) || this.#trees.has(path)) return;
    this.#paths.add(path);
    this.#changes.push({ kind: "path", path });
  }

  tree(path: BytePath): void {
    if (this.#trees.has(path)) return;
    this.#trees.add(path);
    this.#changes.push({ kind: "tree", path });
  }

  /** A name that went away. */
  gone(path: BytePath, isDirectory: boolean): void {
    this.#mayRemove = true;
    this.#mayEmpty ||= !path.includes("/");
    if (isDirectory) this.tree(path);
    else this.path(path);
  }

  renamed(from: BytePath, to: BytePath, isDirectory: boolean): void {
    this.#mayRemove = true;
    this.#changes.push({ kind: "renamed", from, to, isDirectory });
    // What was reported under a name before the rename says nothing about that name after it.
    this.#paths.clear();
    this.#trees.clear();
  }

  /** Hands the changes over and begins the next batch. */
  take(): readonly Change[] {
    const changes = this.#changes;
    this.#changes = [];
    this.#paths.clear();
    this.#trees.clear();
    this.#mayRemove = false;
    this.#mayEmpty = false;
    return changes;
  }
}
