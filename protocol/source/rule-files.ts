import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { cvsRules } from "../flist/cvs.ts";
import type { RulePlace } from "../flist/directory-rules.ts";
import { FilterRules } from "../flist/filter.ts";
import { mergedRules } from "../flist/filter-file.ts";
import {
  badRule,
  type FilterStep,
  impliedCvsRules,
  parseFilterRule,
} from "../flist/filter-rule.ts";
import type { ReadRules } from "../flist/rule-match.ts";
import type { TransferOptions } from "../options.ts";
import { type BytePath, baseName, nativePath, pathFromText } from "../path.ts";
import type { LocalTree } from "./local.ts";

/** Where rules come from that are not on the command line. */
export interface RuleFiles {
  /** Reads a file that `merge` names, as a byte string. @throws when it cannot be read. */
  readonly read: (file: string) => string;
  /** `--from0`: a NUL ends a rule in such a file. Default false. */
  readonly nul?: boolean;
  /** Variables of the process: HOME and CVSIGNORE. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const deepestMerge = 10;

/**
 * The rules that one rule stands for: those of the files that it merges, or what CVS ignores.
 *
 * @throws {RsyncError} BAD_OPTION for what is no rule; whatever reading a file throws.
 */
export function expandRule(rule: FilterStep, files: RuleFiles, depth = 0): FilterStep[] {
  if (rule === "clear") return [rule];
  if (rule.kind === "cvs") {
    return cvsRules(homeRules(files), files.environment["CVSIGNORE"], rule);
  }
  if (rule.kind !== "merge") return [rule];
  const { pattern, hidesItself } = rule;
  if (depth === deepestMerge) throw badRule(pattern, `files merge each other ${depth} deep`);
  const hides = hidesItself ? [parseFilterRule(`- ${baseName(pattern as BytePath)}`)] : [];
  const steps = mergedRules(files.read(pattern), rule, files.nul);
  return [...hides, ...steps.flatMap((each) => expandRule(each, files, depth + 1))];
}

/** Rules as `--filter` takes them, and what `-C` adds, with the files of this machine. */
export function localRules(
  texts: readonly string[],
  { cvsExclude = false }: Pick<TransferOptions, "cvsExclude"> = {},
): FilterRules {
  const files: RuleFiles = { read: readRuleFile, environment: process.env };
  const rules = new FilterRules();
  for (const text of texts) rules.add(...expandRule(parseFilterRule(text), files));
  if (cvsExclude) for (const each of impliedCvsRules()) rules.add(...expandRule(each, files));
  return rules;
}

function readRuleFile(file: string): string {
  return readFileSync(nativePath(file, "" as BytePath), "latin1");
}

/** `~/.cvsignore`; undefined when there is none. */
function homeRules({ environment }: RuleFiles): string | undefined {
  const home = environment["HOME"];
  if (home === undefined) return undefined;
  try {
    return readFileSync(`${home}/.cvsignore`, "latin1");
  } catch {
    return undefined;
  }
}

/** Finds filter rules in the directories of a tree. @throws for a file that cannot be read. */
export function rulesIn(tree: LocalTree): ReadRules {
  return (path) => quietly(() => tree.text(path));
}

/** What is around a tree of this machine. */
export function placeOf(tree: LocalTree, sparesRoot: boolean): RulePlace {
  return {
    root: posix.resolve(pathFromText(process.cwd()), tree.root),
    sparesRoot,
    readAbove: (path) => quietly(() => readRuleFile(path)),
  };
}

const absent: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "EISDIR"]);

function quietly(read: () => string): string | undefined {
  try {
    return read();
  } catch (error) {
    if (absent.has((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}
