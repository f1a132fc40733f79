import {
  type BytePath,
  type FileEntry,
  parentPath,
  type SessionPool,
  walkDirectories,
} from "../../protocol/index.ts";
import type { Rules } from "../filter/rules.ts";
import { type BatchOptions, TreeView } from "./batch.ts";

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
 *
 * @param created directories that did not exist at the target before: they hold nothing extraneous.
 */
export async function surveyTree(
  start: BytePath,
  created: ReadonlySet<BytePath>,
  options: BatchOptions,
  pool: SessionPool,
): Promise<Extraneous[]> {
  const found: Extraneous[] = [];
  const excluded = (path: BytePath, isDirectory: boolean): boolean =>
    options.rules.excluded(path, isDirectory);
  let group = new Map<BytePath, FileEntry>();
  const survey = async (): Promise<void> => {
    const entries = new TreeView(options).withParents([...group.values()]);
    group = new Map();
    found.push(...(await surveyEntries(entries, options, pool)));
  };
  const walking = walkDirectories(options.tree, start, {
    excluded,
    descend: (path) => !created.has(path),
  });
  for (const { directory, children } of walking) {
    group.set(directory.path, { ...directory, hasContent: children !== undefined });
    for (const child of children ?? []) if (!group.has(child.path)) group.set(child.path, child);
    if (group.size >= entriesPerSurvey) await survey();
  }
  if (group.size > 0) await survey();
  return found;
}

/** What the daemon would delete for this list. */
export async function surveyEntries(
  entries: readonly FileEntry[],
  { tree }: BatchOptions,
  pool: SessionPool,
): Promise<Extraneous[]> {
  const found: Extraneous[] = [];
  await pool.push(entries, tree, {
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
