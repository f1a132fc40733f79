import type { Agreement } from "../agreement.ts";
import { type BytePath, parentPath } from "../path.ts";
import type { Writer } from "../wire/writer.ts";
import type { ModeChange } from "./chmod.ts";
import { type FileEntry, isDirectory } from "./entry.ts";
import { inWireOrder } from "./order.ts";

/** A longer rule ends the session. */
const longestRule = 5_000;

/** A list that deletes names by what is missing from it. */
export interface PrunedList {
  /** The entries without deletions; directories that will be looked into have their content. */
  readonly entries: readonly FileEntry[];
  /** The deletions that the rules make. */
  readonly deletions: readonly FileEntry[];
  /** The deletions that no rule can make. */
  readonly impossible: readonly FileEntry[];
  readonly rules: readonly string[];
}

/** A file list as it is sent, and what is done beside it. */
export interface SentList {
  /** What is sent, in the order in which both sides number it. */
  readonly entries: readonly FileEntry[];
  /** The same, then the deletions that are not sent: those that are made, those that are not. */
  readonly all: readonly FileEntry[];
  /** So many deletions, the last of `all`, are not made. */
  readonly left: number;
  /** Filter rules that protect everything else from a delete pass. */
  readonly rules: readonly string[];
}

export interface ListNeeds {
  /** A daemon that is told so skips its delete pass. Default false. */
  readonly incomplete?: boolean | undefined;
  /** Default: modes are told as they are. */
  readonly changeMode?: ModeChange | undefined;
}

/** What is sent for `entries`, in whatever order they come. */
export function listToSend(
  entries: readonly FileEntry[],
  { protocol, deletesByRules }: Pick<Agreement, "protocol" | "deletesByRules">,
  { incomplete = false, changeMode }: ListNeeds = {},
): SentList {
  const sorted = inWireOrder(entries, protocol);
  const list = changeMode === undefined ? sorted : sorted.map(changeMode);
  if (!deletesByRules) return { entries: list, all: list, left: 0, rules: [] };
  const pruned = pruneByRules(list);
  const { deletions, impossible } = pruned;
  return {
    entries: pruned.entries,
    all: [...pruned.entries, ...deletions, ...impossible],
    left: impossible.length + (incomplete ? deletions.length : 0),
    rules: pruned.rules,
  };
}

/**
 * Deletes by rules what a list would delete by entries of mode 0: the directories above are listed
 * with their content, which they do not have; every name but those to be deleted is protected.
 *
 *     + /a/   + /a/gone   + /a/gone/**   - *
 *
 * Names whose directory is not listed, or whose rule would be too long, are left alone.
 *
 * Wire: daemons before 3.1, which have no `--delete-missing-args` (spec 2 §9.4).
 */
export function pruneByRules(list: readonly FileEntry[]): PrunedList {
  const deletions: FileEntry[] = [];
  const impossible: FileEntry[] = [];
  const kept = list.filter(({ mode }) => mode !== 0);
  const directories = new Set(kept.filter(isDirectory).map(({ path }) => path));
  const above = new Set<BytePath>();
  const rules: string[] = [];
  for (const deletion of list) {
    const { path, mode } = deletion;
    if (mode !== 0) continue;
    const ancestors = ancestorsOf(path);
    const pattern = escaped(path);
    const isKnown = ancestors.every((ancestor) => directories.has(ancestor));
    const isPossible = isKnown && pattern.length <= longestRule;
    (isPossible ? deletions : impossible).push(deletion);
    if (!isPossible) continue;
    for (const ancestor of ancestors) {
      if (ancestor !== "" && !above.has(ancestor)) rules.push(`+ ${rule(ancestor, "/")}`);
      above.add(ancestor);
    }
    rules.push(`+ ${rule(path, "")}`, `+ /${pattern}/**`);
  }
  const entries = kept.map((entry) =>
    above.has(entry.path) ? { ...entry, hasContent: true } : entry,
  );
  return { entries, deletions, impossible, rules: [...rules, "- *"] };
}

/** Writes `(length rule)* 0` (spec 1 §6). */
export function writeFilterList(to: Writer, rules: readonly string[]): void {
  for (const each of rules) {
    to.int32(each.length);
    to.latin1(each);
  }
  to.int32(0);
}

function ancestorsOf(path: BytePath): BytePath[] {
  const ancestors: BytePath[] = [];
  for (let above = path; above !== ""; ) {
    above = parentPath(above);
    ancestors.unshift(above);
  }
  return ancestors;
}

/** A backslash escapes in rules that have a wildcard character, and stands for itself in others. */
function rule(path: BytePath, end: string): string {
  return `/${/[*?[]/.test(path) ? escaped(path) : path}${end}`;
}

function escaped(path: BytePath): string {
  return path.replaceAll(/[\\*?[\]]/g, "\\$&");
}
