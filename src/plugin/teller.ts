import { type BytePath, parentPath } from "../../protocol/index.ts";
import type { Rules } from "../filter/rules.ts";
import type { Change } from "../watch/change.ts";
import { ChangedTrees } from "./changed-trees.ts";
import { kindAt } from "./look.ts";
import type { PluginRunner } from "./runner.ts";

/** One write is several events a moment apart; a plugin is told once. */
const gatherMs = 50;

/** `-m`: makes a plugin's events out of a watcher's changes. */
export class Teller {
  readonly #root: string;
  readonly #runner: PluginRunner;
  readonly #trees: ChangedTrees;
  readonly #paths = new Set<BytePath>();
  readonly #directories = new Set<BytePath>();
  #timer: NodeJS.Timeout | undefined;

  constructor(root: string, rules: Rules, runner: PluginRunner) {
    this.#root = root;
    this.#runner = runner;
    this.#trees = new ChangedTrees(root, rules, (path) => this.#tell(path));
  }

  of(changes: readonly Change[]): void {
    for (const change of changes) this.#ofOne(change);
    this.#trees.heard();
    this.#timer ??= setTimeout(() => this.flush(), gatherMs);
  }

  /** Tells what was gathered. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const path of this.#paths) if (!this.#isLookedAt(path)) this.#tell(path);
    for (const path of this.#directories) this.#trees.add(path);
    this.#paths.clear();
    this.#directories.clear();
  }

  #ofOne(change: Change): void {
    if (change.kind === "renamed") this.#paths.add(change.from);
    const path = change.kind === "renamed" ? change.to : change.path;
    const isTree = change.kind === "tree" || (change.kind === "renamed" && change.isDirectory);
    if (isTree && kindAt(this.#root, path) === "directory") this.#directories.add(path);
    else this.#paths.add(path);
  }

  /** It is there, and a directory above it will be looked through. */
  #isLookedAt(path: BytePath): boolean {
    for (let above = path; above !== ""; above = parentPath(above)) {
      if (this.#directories.has(above)) return kindAt(this.#root, path) !== "delete";
    }
    return false;
  }

  #tell(path: BytePath): void {
    const kind = kindAt(this.#root, path);
    const root = this.#root;
    this.#runner.offer({ root, path, kind, target: "", result: "seen", reason: "" });
  }
}
