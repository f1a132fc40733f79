/** What is left out of everything: events, scans, full pushes and deletes. */
export interface FilterConfig {
  /** Regexes of `<filter start="true">`; empty when it is off. */
  readonly expressions: readonly string[];
  /** rsync patterns from `--exclude` and `--include` in `commonParams`; the first match decides. */
  readonly patterns: readonly PatternRule[];
  /** sersync's silent ignores: files named `.x`, `x~` and `4913`. Off unless asked for. */
  readonly builtin: boolean;
}

/** One rsync filter rule. */
export interface PatternRule {
  readonly include: boolean;
  readonly pattern: string;
}
