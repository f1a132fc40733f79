import {
  type FilterRule,
  FilterRules,
  mergedRules,
  parseFilterRule,
  parsePatternFile,
  parsePatternRule,
  RsyncError,
} from "../../protocol/index.ts";
import type { ConfFiles } from "./files.ts";
import { textOf, type Values } from "./values.ts";

type Rule = FilterRule | "clear";

const deepestMerge = 10;

/** A word that says what the word behind it means: `-`, `P,s`, `exclude`. */
const prefixWord =
  /^(?:[-+.:HSPR]|exclude|include|merge|dir-merge|hide|show|protect|risk)(?:,?[^\s_/]*)?$/;
const patternPrefix = /^[-+]$/;

/** The rules of a module that hold for every client (rsyncd.conf(5), "filter"), in their order. */
export function moduleRules(values: Values, files: ConfFiles): FilterRules | undefined {
  const rules: Rule[] = [
    ...(values.read("filter", (text) => filterRules(text, files, 0)) ?? []),
    ...patternFile(values, files, "include"),
    ...(values.read("include", (text) => patternRules("include", text)) ?? []),
    ...patternFile(values, files, "exclude"),
    ...(values.read("exclude", (text) => patternRules("exclude", text)) ?? []),
  ];
  if (rules.length === 0) return undefined;
  const all = new FilterRules();
  all.add(...rules);
  return all;
}

/** Rules that are parted by blanks, of which those stay together that a rule itself has. */
function filterRules(text: string, files: ConfFiles, depth: number): Rule[] {
  return inPairs(text, prefixWord).flatMap((rule) =>
    withMerged(parseFilterRule(rule), files, depth),
  );
}

function withMerged(rule: Rule, files: ConfFiles, depth: number): Rule[] {
  if (rule === "clear" || rule.kind !== "merge") return [rule];
  if (depth >= deepestMerge) throw bad(rule.pattern, `files merge each other ${deepestMerge} deep`);
  const content = read(files, rule.pattern);
  return mergedRules(content, rule).flatMap((each) => withMerged(each, files, depth + 1));
}

function patternRules(kind: "include" | "exclude", text: string): Rule[] {
  return inPairs(text, patternPrefix).map((pattern) => parsePatternRule(kind, pattern));
}

function patternFile(values: Values, files: ConfFiles, kind: "include" | "exclude"): Rule[] {
  const rules = values.read(`${kind} from`, (file) => parsePatternFile(read(files, file), kind));
  return rules ?? [];
}

function read(files: ConfFiles, file: string): string {
  const content = files.read(textOf(file) ?? file);
  if (typeof content === "string") return content;
  throw bad(file, content.reason);
}

function bad(file: string, reason: string): RsyncError {
  return new RsyncError("BAD_OPTION", `Cannot read the rules in ${file}: ${reason}`);
}

/** Words, of which one that `isPrefix` describes goes together with the next. */
function inPairs(text: string, isPrefix: RegExp): string[] {
  const words = text.split(/\s+/).filter((word) => word !== "");
  const rules: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as string;
    const next = words[at + 1];
    if (isPrefix.test(word) && next !== undefined) {
      rules.push(`${word} ${next}`);
      at += 1;
    } else {
      rules.push(word);
    }
  }
  return rules;
}
