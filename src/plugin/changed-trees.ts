import { type BytePath, isDirectory, isWithin, LocalTree, walk } from "../../protocol/index.ts";
import type { Rules } from "../filter/rules.ts";
import { lookAt } from "./look.ts";

/** So many objects are looked at before other work has its turn. */
const perTurn = 200;
/** How long the events before the lost ones may have waited in the kernel. */
const slackMs = 60_000;

/**
 * Looks through directories of which only is known that they changed, and tells of what is in them.
 *
 * After lost events the whole root is such a directory; then only what has changed since a minute
 * before the last event that was heard of is told. What was deleted meanwhile nobody can know.
 */
export class ChangedTrees {
  readonly #tree: LocalTree;
  readonly #rules: Rules;
  readonly #onPath: (path: BytePath) => void;
  readonly #waiting = new Map<BytePath, number>();
  #heardMs = Date.now();
  #isRunning = false;

  constructor(root: string, rules: Rules, onPath: (path: BytePath) => void) {
    this.#tree = new LocalTree(root);
    this.#rules = rules;
    this.#onPath = onPath;
  }

  /** Events have come in. */
  heard(): void {
    this.#heardMs = Date.now();
  }

  add(path: BytePath): void {
    const since = path === "" ? this.#heardMs - slackMs : 0;
    // What waits has not been looked at yet.
    if ([...this.#waiting.keys()].some((tree) => tree !== "" && isWithin(path, tree))) return;
    this.#waiting.set(path, since);
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (const [path, since] of this.#waiting) {
      this.#waiting.delete(path);
      await this.#look(path, since);
    }
    this.#isRunning = false;
  }

  async #look(start: BytePath, since: number): Promise<void> {
    const excluded = (path: BytePath, directory: boolean) => this.#rules.excluded(path, directory);
    let looked = 0;
    for (const entry of walk(this.#tree, start, { excluded })) {
      looked += 1;
      if (looked % perTurn === 0) await new Promise((resolve) => setImmediate(resolve));
      if (entry.path !== "" && this.#isNew(entry.path, isDirectory(entry), since)) {
        this.#onPath(entry.path);
      }
    }
  }

  #isNew(path: BytePath, directory: boolean, since: number): boolean {
    if (since === 0) return true;
    const stats = lookAt(this.#tree.root, path);
    // A directory also changes with what is in it; only a new one is news.
    return stats !== undefined && (directory ? stats.birthtimeMs : stats.ctimeMs) >= since;
  }
}
