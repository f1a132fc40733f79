import {
  type BytePath,
  type FileEntry,
  type Listing,
  parentPath,
  walkDirectories,
} from "../../protocol/index.ts";
import type { Rules } from "../filter/rules.ts";
import { type BatchOptions, TreeView } from "./batch.ts";
import type { Sessions } from "./sessions.ts";

/** An object that exists at the target and not here. */
export interface Extraneous {
  readonly path: BytePath;
  readonly isDirectory: boolean;
}

/** Directories are surveyed in groups of about this many entries. */
const entriesPerSurvey = 20_000;

/**
 * Finds what the target has below `start` and the source has not: by sessions that list whole
 * directories and let the daemon say what it would delete. Nothing is deleted here.
 */
export class Survey {
  readonly found: Extraneous[] = [];
  readonly #options: BatchOptions;
  readonly #walking: Generator<Listing>;
  #group = new Map<BytePath, FileEntry>();

  /** `created`: directories that did not exist at the target before hold nothing extraneous. */
  constructor(start: BytePath, created: ReadonlySet<BytePath>, options: BatchOptions) {
    this.#options = options;
    this.#walking = walkDirectories(options.tree, start, {
      excluded: (path, isDirectory) => options.rules.excluded(path, isDirectory),
      descend: (path) => !created.has(path),
    });
  }

  /**
   * Asks for all of it; called again after it threw, it goes on with the group that broke off.
   *
   * @throws what ended a session.
   */
  async run(sessions: Sessions): Promise<void> {
    if (this.#group.size >= entriesPerSurvey) await this.#ask(sessions);
    for (let next = this.#walking.next(); !next.done; next = this.#walking.next()) {
      this.#list(next.value);
      if (this.#group.size >= entriesPerSurvey) await this.#ask(sessions);
    }
    if (this.#group.size > 0) await this.#ask(sessions);
  }

  #list({ directory, children }: Listing): void {
    this.#group.set(directory.path, { ...directory, hasContent: children !== undefined });
    for (const child of children ?? []) {
      if (!this.#group.has(child.path)) this.#group.set(child.path, child);
    }
  }

  async #ask(sessions: Sessions): Promise<void> {
    const entries = new TreeView(this.#options).withParents([...this.#group.values()]);
    const found = await surveyEntries(entries, this.#options, sessions);
    this.#group.clear();
    for (const each of found) this.found.push(each);
  }
}

/** What the daemon would delete for this list. */
export async function surveyEntries(
  entries: readonly FileEntry[],
  { tree }: BatchOptions,
  sessions: Sessions,
): Promise<Extraneous[]> {
  const found: Extraneous[] = [];
  await sessions.push("survey", entries, tree, {
    deleted: (path, wasDirectory) => void found.push({ path, isDirectory: wasDirectory }),
  });
  return found;
}

/**
 * The paths to delete, so that all of `found` goes but what the rules exclude: the highest
 * directories that hold nothing excluded, and single objects elsewhere (design law 5).
 */
export function deletable(found: readonly Extraneous[], rules: Rules): BytePath[] {
  const kept = new Set<BytePath>();
  for (const { path, isDirectory } of found) {
    if (!rules.excluded(path, isDirectory)) continue;
    for (let above = path; !kept.has(above) && above !== ""; above = parentPath(above)) {
      kept.add(above);
    }
  }
  const gone = found.map(({ path }) => path).filter((path) => !kept.has(path));
  gone.sort();
  const highest: BytePath[] = [];
  const chosen = new Set<BytePath>();
  for (const path of gone) {
    if (hasChosenAncestor(path, chosen)) continue;
    chosen.add(path);
    highest.push(path);
  }
  return highest;
}

function hasChosenAncestor(path: BytePath, chosen: ReadonlySet<BytePath>): boolean {
  for (let above = path; above !== ""; ) {
    above = parentPath(above);
    if (chosen.has(above)) return true;
  }
  return false;
}
