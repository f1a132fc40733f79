import { RsyncError } from "../errors.ts";

/** One rule of rsync's filter language (rsync(1), "FILTER RULES IN DEPTH"); a byte string each. */
export interface FilterRule {
  readonly kind: "include" | "exclude" | "merge" | "merge each";
  /** Of the merging kinds: the name of the file with more rules. */
  readonly pattern: string;
  /** It decides for names that do not match. */
  readonly negated: boolean;
  /** Sides that it is for: what is sent (hide, show), what is deleted (protect, risk). */
  readonly sides: "both" | "sender" | "receiver";
  /** Ignored inside of directories that are being deleted. */
  readonly perishable: boolean;
  /** Merging: lines are patterns to include or exclude; undefined: lines are rules. */
  readonly lines: "include" | "exclude" | undefined;
  /** Merging: rules are parted by blanks. */
  readonly words: boolean;
  /** Merging per directory: rules hold in that directory only. */
  readonly here: boolean;
  /** Merging: the file itself is left out. */
  readonly hidesItself: boolean;
}

const kinds: Readonly<Record<string, Partial<FilterRule>>> = {
  "+": { kind: "include" },
  "-": { kind: "exclude" },
  ".": { kind: "merge" },
  ":": { kind: "merge each" },
  H: { kind: "exclude", sides: "sender" },
  S: { kind: "include", sides: "sender" },
  P: { kind: "exclude", sides: "receiver" },
  R: { kind: "include", sides: "receiver" },
};

const longNames: Readonly<Record<string, string>> = {
  include: "+",
  exclude: "-",
  merge: ".",
  "dir-merge": ":",
  hide: "H",
  show: "S",
  protect: "P",
  risk: "R",
  clear: "!",
};

const plain: FilterRule = {
  kind: "exclude",
  pattern: "",
  negated: false,
  sides: "both",
  perishable: false,
  lines: undefined,
  words: false,
  here: false,
  hidesItself: false,
};

const modifiers: Readonly<Record<string, Partial<FilterRule>>> = {
  "!": { negated: true },
  s: { sides: "sender" },
  r: { sides: "receiver" },
  p: { perishable: true },
};

const mergeModifiers: Readonly<Record<string, Partial<FilterRule>>> = {
  "+": { lines: "include" },
  "-": { lines: "exclude" },
  e: { hidesItself: true },
  n: { here: true },
  w: { words: true },
  s: { sides: "sender" },
  r: { sides: "receiver" },
  p: { perishable: true },
};

/**
 * Reads a rule as `--filter` has it: `- *.o`, `P /keep`, `dir-merge,n .rules`.
 *
 * @returns "clear" for the rule that forgets all before it.
 * @throws {RsyncError} BAD_OPTION for what rsync does not know, or what we cannot do.
 */
export function parseFilterRule(text: string): FilterRule | "clear" {
  const long = /^([a-z-]{4,})(?:,([^ _]*))?(?:[ _]([\s\S]*))?$/.exec(text);
  const short = /^(.),?([^ _]*)(?:[ _]([\s\S]*))?$/.exec(text);
  const named = long !== null && longNames[long[1] as string] !== undefined;
  const found = named ? long : short;
  const name = named ? (longNames[long?.[1] as string] as string) : (short?.[1] ?? "");
  const [, , letters = "", pattern = ""] = found ?? [];
  if (name === "!") return "clear";
  const kind = kinds[name];
  if (kind === undefined) throw badRule(text, "no such kind of rule");
  if (pattern === "") throw badRule(text, "its pattern is missing");
  const merges = name === "." || name === ":";
  const rule: FilterRule = { ...plain, ...kind, pattern };
  const known = merges ? mergeModifiers : modifiers;
  return Object.assign(rule, ...Array.from(letters, (letter) => meaningOf(letter, known, text)));
}

function meaningOf(
  letter: string,
  known: Readonly<Record<string, Partial<FilterRule>>>,
  text: string,
): Partial<FilterRule> {
  const meaning = known[letter];
  if (meaning === undefined) throw badRule(text, `the modifier "${letter}" is not known here`);
  return meaning;
}

/** Reads what `--exclude` and `--include` take: a pattern, or `+ …`, `- …`, `!` all the same. */
export function parsePatternRule(kind: "include" | "exclude", text: string): FilterRule | "clear" {
  if (text === "!") return "clear";
  const prefixed = /^([-+]) ([\s\S]+)$/.exec(text);
  const actual = prefixed === null ? kind : prefixed[1] === "+" ? "include" : "exclude";
  const pattern = prefixed?.[2] ?? text;
  if (pattern === "") throw badRule(text, "the pattern is empty");
  return { ...plain, kind: actual, pattern };
}

export interface FilterFileOptions {
  /** What lines are patterns of; default: lines are rules. */
  readonly lines?: "include" | "exclude" | undefined;
  /** Rules are parted by blanks. Default false. */
  readonly words?: boolean;
  /** `--from0`: a NUL ends a line, and there are no remarks. Default false. */
  readonly nul?: boolean;
}

/** The rules in a file, one a line; lines that begin with `#` or `;` are remarks. */
export function parseFilterFile(
  content: string,
  options: FilterFileOptions = {},
): (FilterRule | "clear")[] {
  const { lines, words = false, nul = false } = options;
  const pieces = content.split(nul ? "\0" : words ? /\s+/ : /[\r\n]/);
  const texts = pieces.filter((text) => text !== "" && (nul || words || !/^[#;]/.test(text)));
  return texts.map((text) =>
    lines === undefined ? parseFilterRule(text) : parsePatternRule(lines, text),
  );
}

const sideLetters = { both: "", sender: "s", receiver: "r" } as const;
const lineLetters = { include: "+", exclude: "-" } as const;

/** A rule as protocol 29 and later have it; "p" is new in 30, and what does not know it takes the rule without. */
export function formatRule(rule: FilterRule): string {
  const { kind, pattern, negated, sides, lines, words, here, hidesItself, perishable } = rule;
  const sign = kind === "include" ? "+" : kind === "exclude" ? "-" : ":";
  const merging = `${here ? "n" : ""}${words ? "w" : ""}${lines ? lineLetters[lines] : ""}`;
  const rest = `${hidesItself ? "e" : ""}${sideLetters[sides]}${perishable ? "p" : ""}`;
  return `${sign}${negated ? "!" : ""}${merging}${rest} ${pattern}`;
}

/**
 * A rule before protocol 29: a pattern, with "+ " in front where it includes.
 *
 * @throws {RsyncError} BAD_OPTION for everything that could not be said then.
 */
export function bareRule(rule: FilterRule): string {
  const { kind, pattern, negated, sides, perishable } = rule;
  if (kind.startsWith("merge") || negated || sides !== "both" || perishable) {
    throw badRule(formatRule(rule), "the daemon's protocol is too old for it");
  }
  const isAmbiguous = kind === "include" || /^[-+] /.test(pattern) || pattern === "!";
  if (!isAmbiguous) return pattern;
  return `${kind === "include" ? "+" : "-"} ${pattern}`;
}

/** The failure for a rule that cannot be used. */
export function badRule(text: string, found: string): RsyncError {
  return new RsyncError(
    "BAD_OPTION",
    `Cannot use the filter rule ${JSON.stringify(text)}: ${found}`,
  );
}
