/** A piece of a pattern: some chars, a run of chars but `/`, or any chars at all. */
export type GlobToken =
  | {
      readonly kind: "one" /** A regular expression for exactly one char. */;
      readonly source: string;
    }
  | { readonly kind: "run" }
  | { readonly kind: "any" }
  /** Any chars with a `/` behind them, or nothing. */
  | { readonly kind: "above" };

const sources = { run: "[^/]*", any: "[\\s\\S]*", above: "(?:[\\s\\S]*/)?" } as const;

/** More stars than this make a regular expression try far too many ways. */
const mostStars = 2;

/**
 * Compiles tokens into a test for byte strings.
 *
 * The time it takes grows with the length of pattern and text only: patterns come from others, and
 * the ways in which a regular expression could share a text among many stars have no end.
 *
 * @param anchored the match begins at the text's start, else there or behind any `/`.
 */
export function compileGlob(
  tokens: readonly GlobToken[],
  anchored: boolean,
): (text: string) => boolean {
  const stars = tokens.filter(({ kind }) => kind !== "one").length;
  if (stars > mostStars) return simulated(tokens, anchored);
  const body = tokens.map((each) => (each.kind === "one" ? each.source : sources[each.kind]));
  const regex = new RegExp(`${anchored ? "^" : "(?:^|/)"}${body.join("")}$`);
  return (text) => regex.test(text);
}

const slash = 0x2f;

/** Follows all ways at once: which tokens could come next after each char. */
function simulated(tokens: readonly GlobToken[], anchored: boolean): (text: string) => boolean {
  const leads = tokens[0]?.kind === "above";
  const steps: readonly GlobToken[] = leads
    ? [{ kind: "any" }, { kind: "one", source: "/" }, ...tokens.slice(1)]
    : tokens;
  const tables = steps.map((each) => (each.kind === "one" ? tableOf(each.source) : undefined));
  const end = steps.length;
  /** Marks a place, and those behind stars that may stand for nothing. */
  const enter = (places: Uint8Array, at: number): void => {
    for (let place = at; places[place] === 0; place += 1) {
      places[place] = 1;
      if (place === end || tables[place] !== undefined) return;
    }
  };
  const begin = (places: Uint8Array): void => {
    enter(places, 0);
    if (leads) enter(places, 2);
  };
  return (text) => {
    let now = new Uint8Array(end + 1);
    begin(now);
    for (let i = 0; i < text.length; i += 1) {
      const char = text.charCodeAt(i);
      const next = new Uint8Array(end + 1);
      for (let place = 0; place < end; place += 1) {
        if (now[place] === 0) continue;
        const table = tables[place];
        if (table?.[char] === 1) enter(next, place + 1);
        const runs = steps[place]?.kind === "any" || char !== slash;
        if (table === undefined && runs) enter(next, place);
      }
      if (!anchored && char === slash) begin(next);
      now = next;
    }
    return now[end] === 1;
  };
}

const known = new Map<string, Uint8Array>();
const mostKnown = 1_000;

/** Which bytes a source matches. */
function tableOf(source: string): Uint8Array {
  const before = known.get(source);
  if (before !== undefined) return before;
  const regex = new RegExp(`^(?:${source})$`);
  const table = Uint8Array.from({ length: 256 }, (_, byte) =>
    Number(regex.test(String.fromCharCode(byte))),
  );
  if (known.size >= mostKnown) known.clear();
  known.set(source, table);
  return table;
}
