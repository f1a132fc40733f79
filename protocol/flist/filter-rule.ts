import { RsyncError } from "../errors.ts";

/** One rule of rsync's filter language (rsync(1), "FILTER RULES IN DEPTH"); a byte string each. */
export interface FilterRule {
  /** "cvs" stands for all that CVS ignores; it and "merge" are expanded before rules are used. */
  readonly kind: "include" | "exclude" | "merge" | "merge each" | "cvs";
  /**
   * Of the merging kinds: the name of the file with more rules; one with a path is also looked for
   * in the directories from there down to the tree.
   */
  readonly pattern: string;
  /** It decides for names that do not match. */
  readonly negated: boolean;
  /** It is compared with the path from the root of the file system, or of the module. */
  readonly absolute: boolean;
  /** It is about names of extended attributes, and never about files. */
  readonly attributes: boolean;
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
  /** Merging: the file is one of CVS; else: the rule comes from such a one. */
  readonly cvs: boolean;
  /** The other side adds it by itself, where it is told so (`-C`). */
  readonly implied: boolean;
}

/** A rule, or what forgets all rules before it. */
export type FilterStep = FilterRule | "clear";

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
  absolute: false,
  attributes: false,
  sides: "both",
  perishable: false,
  lines: undefined,
  words: false,
  here: false,
  hidesItself: false,
  cvs: false,
  implied: false,
};

const common: Readonly<Record<string, Partial<FilterRule>>> = {
  "/": { absolute: true },
  p: { perishable: true },
  x: { attributes: true },
};

const modifiers: Readonly<Record<string, Partial<FilterRule>>> = {
  ...common,
  "!": { negated: true },
  C: { kind: "cvs" },
};

const mergeModifiers: Readonly<Record<string, Partial<FilterRule>>> = {
  ...common,
  "+": { lines: "include" },
  "-": { lines: "exclude" },
  C: { cvs: true, lines: "exclude", words: true, here: true },
  e: { hidesItself: true },
  n: { here: true },
  w: { words: true },
};

const mergeKinds: ReadonlySet<string> = new Set([".", ":"]);

/**
 * Reads a rule as `--filter` has it: `- *.o`, `P /keep`, `dir-merge,n .rules`.
 *
 * @param inherited what the merging of a file says of all rules in it.
 * @returns "clear" for the rule that forgets all before it.
 * @throws {RsyncError} BAD_OPTION for what rsync does not know.
 */
export function parseFilterRule(text: string, inherited: Partial<FilterRule> = {}): FilterStep {
  const long = /^([a-z-]{4,})(?:,([^ _]*))?(?:[ _]([\s\S]*))?$/.exec(text);
  const short = /^(.),?([^ _]*)(?:[ _]([\s\S]*))?$/.exec(text);
  const named = long !== null && longNames[long[1] as string] !== undefined;
  const found = named ? long : short;
  const name = named ? (longNames[long?.[1] as string] as string) : (short?.[1] ?? "");
  const [, , letters = "", pattern = ""] = found ?? [];
  if (name === "!") return "clear";
  const kind = kinds[name];
  if (kind === undefined) throw badRule(text, "no such kind of rule");
  const meanings = Array.from(letters.replaceAll(/[sr]/g, ""), (letter) =>
    meaningOf(letter, mergeKinds.has(name) ? mergeModifiers : modifiers, text),
  );
  const sides = sidesOf(letters, { ...inherited, ...kind }.sides, text);
  if (inherited.sides !== undefined && kind.sides !== undefined) throw badRule(text, twoSides);
  return checked(
    Object.assign({ ...plain, ...inherited, ...kind, sides, pattern }, ...meanings),
    text,
  );
}

const twoSides = "its side is said twice";

function sidesOf(
  letters: string,
  before: FilterRule["sides"] | undefined,
  text: string,
): FilterRule["sides"] {
  const sender = letters.includes("s");
  const receiver = letters.includes("r");
  if (!sender && !receiver) return before ?? "both";
  if (before !== undefined) throw badRule(text, twoSides);
  return sender && receiver ? "both" : sender ? "sender" : "receiver";
}

function checked(rule: FilterRule, text: string): FilterRule {
  const { kind, cvs, pattern } = rule;
  if (kind === "cvs" && pattern !== "") throw badRule(text, "it takes no pattern");
  if (kind === "cvs" || pattern !== "") return rule;
  if (cvs && kind.startsWith("merge")) return { ...rule, pattern: ".cvsignore" };
  throw badRule(text, "its pattern is missing");
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
export function parsePatternRule(kind: "include" | "exclude", text: string): FilterStep {
  if (text === "!") return "clear";
  const prefixed = /^([-+]) ([\s\S]+)$/.exec(text);
  const actual = prefixed === null ? kind : prefixed[1] === "+" ? "include" : "exclude";
  const pattern = prefixed?.[2] ?? text;
  if (pattern === "") throw badRule(text, "the pattern is empty");
  return { ...plain, kind: actual, pattern };
}

/** A rule that leaves out what a pattern of CVS is about. */
export function cvsRule(pattern: string, perishable: boolean): FilterRule {
  return { ...plain, pattern, perishable, cvs: true };
}

/** The rules that `-C` adds behind all others. */
export function impliedCvsRules(): FilterRule[] {
  const merge = mergeModifiers["C"] as Partial<FilterRule>;
  return [
    { ...plain, ...merge, kind: "merge each", pattern: ".cvsignore", implied: true },
    { ...plain, kind: "cvs", implied: true },
  ];
}

/** The failure for a rule that cannot be used. */
export function badRule(text: string, found: string): RsyncError {
  return new RsyncError(
    "BAD_OPTION",
    `Cannot use the filter rule ${JSON.stringify(text)}: ${found}`,
  );
}
