import { type BytePath, baseName, parentPath } from "../../protocol/index.ts";
import { display } from "../display.ts";
import { Automaton } from "./automaton.ts";
import { parseExpression } from "./expression.ts";
import { ExpressionSet } from "./expression-set.ts";
import type { FilterConfig } from "./filter.ts";
import { parsePattern, patternSubject } from "./pattern.ts";

/** Why a path is left out. */
export interface Exclusion {
  /** What the rule was matched against: the path itself or the excluded directory above it. */
  readonly path: BytePath;
  /** The rule, in words and with its text. */
  readonly rule: string;
}

/** One set of rules for events, scans, full pushes and deletes. */
export interface Rules {
  /** True when the path is neither sent nor deleted. The root itself never is excluded. */
  excluded(path: BytePath, isDirectory: boolean): boolean;
  /** The rule that excludes the path; undefined when none does. */
  explain(path: BytePath, isDirectory: boolean): Exclusion | undefined;
}

/** Directory answers kept, so that a directory with a million files is judged once. */
const mostRemembered = 10_000;

/**
 * Compiles the filter of a configuration.
 *
 * A path is excluded when a rule matches it, or matches a directory above it: what is in an
 * excluded directory is excluded. Three kinds of rules, each asked for the path as its kind wants:
 *
 * - sersync's regexes match the whole of any form sersync used for the path:
 *   a name in the root as `name`; one deeper as `/dir/name`; a directory also as `dir/name/`.
 *   Hence `^info/*` is the directory `info` in the root, `/a/b` is just that path, `[^/]*\.tmp` is
 *   about names in the root, `(.*)\.svn` is about files and directories at any depth.
 * - rsync patterns from `commonParams`, in order, the first match decides.
 * - `excludes`: more rsync patterns that only exclude (a crontab's own).
 *
 * @throws {SyntaxError} when an expression is malformed; {@link expressionProblem} asks beforehand.
 */
export function compileRules(filter: FilterConfig, excludes: readonly string[] = []): Rules {
  const judges = [
    ...(filter.builtin ? [builtinJudge] : []),
    ...(filter.expressions.length > 0 ? [expressionJudge(filter.expressions)] : []),
    ...patternJudges(filter, excludes),
  ];
  const ownRule = (path: BytePath, isDirectory: boolean): string | undefined => {
    for (const judge of judges) {
      const rule = judge(path, isDirectory);
      if (rule !== undefined) return rule;
    }
    return undefined;
  };
  return judges.length === 0 ? noRules : new InheritedRules(ownRule);
}

/** False when nothing at all is excluded. */
export function excludesAnything({ builtin, expressions, patterns }: FilterConfig): boolean {
  return builtin || expressions.length + patterns.length > 0;
}

/** Says what is wrong with a regex of the filter, or undefined when it can be used. */
export function expressionProblem(expression: string): string | undefined {
  const problem = problemWith(() => new ExpressionSet([expression]));
  if (problem === undefined) return undefined;
  return /^\*\.\w+$/.test(expression)
    ? `this list takes regexes, not wildcards; write (.*)\\${expression.slice(1)}`
    : `it is not a regex that can be used: ${problem}`;
}

// Every text a regex of the filter is ever matched with: `name`, `/dir/name`, `dir/name/`.
const forms = "[^/]+|(/[^/]+){2,}|[^/]+(/[^/]+)*/";
let formsAutomaton: Automaton | undefined;

/** True for a regex that can be used and yet matches no path, such as `a/c` or `/info`. */
export function matchesNothing(expression: string): boolean {
  const { node, conditions } = parseExpression(expression);
  formsAutomaton ??= new Automaton([parseExpression(forms).node]);
  return conditions.length === 0 && !new Automaton([node]).overlaps(formsAutomaton);
}

/** Says what is wrong with an rsync pattern, or undefined when it can be used. */
export function patternProblem(pattern: string): string | undefined {
  const problem = problemWith(() => new Automaton([parsePattern(pattern)]));
  return problem === undefined ? undefined : `it is not a pattern that can be used: ${problem}`;
}

function problemWith(compile: () => unknown): string | undefined {
  try {
    compile();
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return error.message;
    throw error;
  }
}

const noRules: Rules = { excluded: () => false, explain: () => undefined };

/** The rule that matches exactly this path, in words. */
type Judge = (path: BytePath, isDirectory: boolean) => string | undefined;

class InheritedRules implements Rules {
  readonly #judge: Judge;
  readonly #directories: Map<BytePath, boolean> = new Map();

  constructor(judge: Judge) {
    this.#judge = judge;
  }

  excluded(path: BytePath, isDirectory: boolean): boolean {
    if (path === "") return false;
    if (isDirectory) return this.#directoryExcluded(path);
    return this.#directoryExcluded(parentPath(path)) || this.#judge(path, false) !== undefined;
  }

  explain(path: BytePath, isDirectory: boolean): Exclusion | undefined {
    if (path === "") return undefined;
    const above = this.explain(parentPath(path), true);
    if (above) return above;
    const rule = this.#judge(path, isDirectory);
    return rule === undefined ? undefined : { path, rule };
  }

  #directoryExcluded(path: BytePath): boolean {
    if (path === "") return false;
    const known = this.#directories.get(path);
    if (known !== undefined) return known;
    const answer =
      this.#directoryExcluded(parentPath(path)) || this.#judge(path, true) !== undefined;
    if (this.#directories.size >= mostRemembered) this.#directories.clear();
    this.#directories.set(path, answer);
    return answer;
  }
}

/** sersync dropped these without a word; only for files and other non-directories. */
const builtinJudge: Judge = (path, isDirectory) => {
  const name = baseName(path);
  const ignored = name.startsWith(".") || name.endsWith("~") || name === "4913";
  return ignored && !isDirectory ? "sersync's built-in rule for .x, x~ and 4913" : undefined;
};

function expressionJudge(expressions: readonly string[]): Judge {
  const set = new ExpressionSet(expressions);
  return (path, isDirectory) => {
    const event = path.includes("/") ? `/${path}` : path;
    const match = set.match(event) ?? (isDirectory ? set.match(`${path}/`) : undefined);
    return match === undefined ? undefined : `filter expression ${display(match)}`;
  };
}

function* patternJudges(filter: FilterConfig, excludes: readonly string[]): Generator<Judge> {
  if (filter.patterns.length > 0) {
    const automaton = new Automaton(filter.patterns.map(({ pattern }) => parsePattern(pattern)));
    yield (path, isDirectory) => {
      const rule = filter.patterns[automaton.match(patternSubject(path, isDirectory))];
      return rule === undefined || rule.include ? undefined : `--exclude ${display(rule.pattern)}`;
    };
  }
  if (excludes.length > 0) {
    const automaton = new Automaton(excludes.map(parsePattern));
    yield (path, isDirectory) => {
      const pattern = excludes[automaton.match(patternSubject(path, isDirectory))];
      return pattern === undefined ? undefined : `crontabfilter pattern ${display(pattern)}`;
    };
  }
}
