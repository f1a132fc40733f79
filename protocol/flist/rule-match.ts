import type { BytePath } from "../path.ts";
import { badRule, type FilterRule } from "./filter-rule.ts";
import { compilePattern, type PatternMatch } from "./pattern.ts";

/** Reads a file of a tree by its path, as a byte string; undefined when there is none. */
export type ReadRules = (path: BytePath) => string | undefined;

/** A rule, and the test for its pattern. */
export interface CompiledRule {
  readonly rule: FilterRule;
  readonly matches: PatternMatch;
}

/** Who asks: whoever sends, or whoever deletes; `--delete-excluded` leaves rules to the former. */
export interface RuleSide {
  readonly side: "sender" | "receiver";
  readonly deletesExcluded: boolean;
}

/** @throws {RsyncError} BAD_OPTION for a rule that must be expanded first. */
export function compileRule(rule: FilterRule): CompiledRule {
  if (rule.kind === "merge" || rule.kind === "cvs") {
    throw badRule(rule.pattern || "-C", "it stands for more rules, which cannot be read here");
  }
  return { rule, matches: compilePattern(rule.pattern) };
}

/** Whether a rule counts for who asks. */
export function isFor(
  { kind, sides, lines }: FilterRule,
  { side, deletesExcluded }: RuleSide,
): boolean {
  if (sides !== "both") return sides === side;
  return side === "sender" || !deletesExcluded || (kind === "merge each" && lines === undefined);
}

/** What a rule says of a path; undefined: nothing. */
export function decideRule(
  { rule, matches }: CompiledRule,
  path: BytePath,
  isDirectory: boolean,
): "include" | "exclude" | undefined {
  if (matches(path, isDirectory) === rule.negated) return undefined;
  return rule.kind === "include" ? "include" : "exclude";
}
