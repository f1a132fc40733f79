import {
  badRule,
  type FilterRule,
  type FilterStep,
  parseFilterRule,
  parsePatternRule,
} from "./filter-rule.ts";

/** How the text of a file is cut. */
interface Cut {
  /** Rules are parted by blanks. */
  readonly words: boolean;
  /** `--from0`: a NUL ends a line, and there are no remarks. */
  readonly nul: boolean;
}

/** The patterns in a file of `--exclude-from`, one a line; `#` and `;` begin remarks. */
export function parsePatternFile(
  content: string,
  kind: "include" | "exclude",
  nul = false,
): FilterStep[] {
  return pieces(content, { words: false, nul }).map((text) => parsePatternRule(kind, text));
}

/** The rules in a file that `merge` names, read as it says. */
export function mergedRules(content: string, merge: FilterRule, nul = false): FilterStep[] {
  const { lines, cvs, words, absolute, perishable, sides } = merge;
  const texts = pieces(content, { words, nul });
  const inherited: Partial<FilterRule> = {
    ...(sides !== "both" && { sides }),
    absolute,
    perishable,
  };
  if (lines === undefined) {
    return (words ? joinedWords(texts) : texts).map((text) => parseFilterRule(text, inherited));
  }
  const sign = lines === "include" ? "+" : "-";
  return texts.map((text) =>
    cvs && text === "!" ? "clear" : parseFilterRule(`${sign} ${text}`, inherited),
  );
}

function pieces(content: string, { words, nul }: Cut): string[] {
  const texts = content.split(nul ? "\0" : words ? /\s+/ : /[\r\n]/);
  return texts.filter((text) => text !== "" && (nul || words || !/^[#;]/.test(text)));
}

/** The blank between a rule's sign and its pattern parts no rules. */
function joinedWords(words: readonly string[]): string[] {
  const joined: string[] = [];
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const isWhole = word.includes("_") || /^(!|clear$)|^(.|[a-z-]{4,}),?[^ _]*C/.test(word);
    const next = isWhole ? undefined : rest.shift();
    joined.push(next === undefined ? word : `${word} ${next}`);
  }
  return joined;
}

const sideLetters = { both: "", sender: "s", receiver: "r" } as const;
const lineLetters = { include: "+", exclude: "-" } as const;
const signs = { include: "+", exclude: "-", cvs: "-", merge: ".", "merge each": ":" } as const;

/** A rule as protocol 29 and later have it; "p" is new in 30. */
export function formatRule(rule: FilterRule): string {
  const { kind, pattern, negated, absolute, attributes, sides, perishable, hidesItself } = rule;
  const rest = [
    absolute ? "/" : "",
    negated ? "!" : "",
    mergeLetters(rule),
    hidesItself ? "e" : "",
    attributes ? "x" : "",
    sideLetters[sides],
    perishable ? "p" : "",
  ];
  return `${signs[kind]}${rest.join("")} ${pattern}`;
}

function mergeLetters({ kind, cvs, here, words, lines }: FilterRule): string {
  if (kind === "cvs") return "C";
  if (!kind.startsWith("merge")) return "";
  if (cvs) return "C";
  return `${here ? "n" : ""}${words ? "w" : ""}${lines ? lineLetters[lines] : ""}`;
}

/**
 * A rule as a protocol has it. Before 29 that is a pattern, with "+ " in front where it includes.
 *
 * @throws {RsyncError} BAD_OPTION for what could not be said then.
 */
export function ruleOnWire(rule: FilterRule, protocol: number): string {
  // What perishes matters to few; those that CVS has are no less excluded without it.
  const said = protocol < 30 && rule.cvs ? { ...rule, perishable: false } : rule;
  if (protocol >= 30 || (protocol === 29 && !said.perishable)) return formatRule(said);
  const { kind, pattern, negated, absolute, attributes, sides, perishable } = said;
  const isPlain = (kind === "include" || kind === "exclude") && sides === "both";
  if (!isPlain || negated || absolute || attributes || perishable) {
    throw badRule(formatRule(rule), "the daemon's protocol is too old for it");
  }
  const isAmbiguous = kind === "include" || /^[-+] /.test(pattern) || pattern === "!";
  if (!isAmbiguous) return pattern;
  return `${kind === "include" ? "+" : "-"} ${pattern}`;
}
