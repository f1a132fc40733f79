import type { BytePath } from "../path.ts";
import { compileGlob, type GlobToken } from "./glob.ts";

/** True for the names that a pattern is about. */
export type PatternMatch = (path: BytePath, isDirectory: boolean) => boolean;

/**
 * Compiles an rsync filter pattern (rsync(1), "PATTERN MATCHING RULES").
 *
 * A leading `/` ties it to the root, a trailing one means directories only, `/***` a directory with
 * all that is in it; a `/` elsewhere or `**` compares with the end of the path instead of the name.
 */
export function compilePattern(pattern: string): PatternMatch {
  const anchored = pattern.startsWith("/");
  const text = anchored ? pattern.slice(1) : pattern;
  if (text.endsWith("/***")) return compileTree(text.slice(0, -4), anchored);
  const directoriesOnly = text.endsWith("/") && text.length > 1;
  const matches = compileBody(directoriesOnly ? text.slice(0, -1) : text, anchored);
  return (path, isDirectory) => (isDirectory || !directoriesOnly) && matches(path);
}

function compileTree(body: string, anchored: boolean): PatternMatch {
  const directory = compileBody(body, anchored);
  const content = compileBody(body, anchored, [literal("/"), { kind: "any" }]);
  return (path, isDirectory) => (isDirectory && directory(path)) || content(path);
}

function compileBody(
  body: string,
  anchored: boolean,
  tail: readonly GlobToken[] = [],
): (text: string) => boolean {
  // As in rsync a backslash is an ordinary character unless something in the pattern is special.
  const tokens = /[*?[]/.test(body) ? translate(body) : Array.from(body, literal);
  return tokens === undefined ? () => false : compileGlob([...tokens, ...tail], anchored);
}

function literal(char: string): GlobToken {
  return { kind: "one", source: escapeText(char) };
}

/** Undefined for a `[` without its `]`, which matches no name. */
function translate(body: string): GlobToken[] | undefined {
  const tokens: GlobToken[] = [];
  for (let at = 0; at < body.length; ) {
    const char = body[at] as string;
    if (char === "*") {
      const stars = /^\*+/.exec(body.slice(at))?.[0].length ?? 1;
      // Leading stars and their slash may also stand for nothing.
      const leading = at === 0 && stars > 1 && body[stars] === "/";
      tokens.push({ kind: leading ? "above" : stars > 1 ? "any" : "run" });
      at += leading ? stars + 1 : stars;
    } else if (char === "[") {
      const bracket = readBracket(body, at);
      if (bracket === undefined) return undefined;
      tokens.push({ kind: "one", source: bracket.source });
      at = bracket.end;
    } else {
      const escaped = char === "\\" && at + 1 < body.length;
      const one = escaped ? (body[at + 1] as string) : char;
      tokens.push(char === "?" ? { kind: "one", source: "[^/]" } : literal(one));
      at += escaped ? 2 : 1;
    }
  }
  return tokens;
}

/** POSIX classes, of which names that are bytes know the ASCII ones. */
const classes: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  blank: " \\t",
  cntrl: "\\x00-\\x1f\\x7f",
  digit: "0-9",
  graph: "\\x21-\\x7e",
  lower: "a-z",
  print: "\\x20-\\x7e",
  punct: "!-\\/:-@\\[-`{-~",
  space: "\\s",
  upper: "A-Z",
  xdigit: "0-9A-Fa-f",
};

/** Undefined without its `]`, or with a class that nobody knows: then nothing matches, as in rsync. */
function readBracket(body: string, start: number): { source: string; end: number } | undefined {
  const negated = body[start + 1] === "!" || body[start + 1] === "^";
  const first = start + (negated ? 2 : 1);
  let set = "";
  /** A range may begin with it. */
  let before: string | undefined;
  for (let at = first; at < body.length; ) {
    if (body[at] === "]" && at > first) {
      return { source: `(?!/)[${negated ? "^" : ""}${set}]`, end: at + 1 };
    }
    const [whole, name = ""] = /^\[:([^\]]*):\]/.exec(body.slice(at)) ?? [];
    if (whole !== undefined) {
      if (!Object.hasOwn(classes, name)) return undefined;
      set += classes[name];
      before = undefined;
      at += whole.length;
      continue;
    }
    const isRange = before !== undefined && /^-[^\]]/.test(body.slice(at, at + 2));
    const { char, end } = readChar(body, isRange ? at + 1 : at);
    set += isRange ? range(before as string, char) : escapeText(char);
    before = isRange ? undefined : char;
    at = end;
  }
  return undefined;
}

function readChar(body: string, at: number): { char: string; end: number } {
  const escaped = body[at] === "\\" && at + 1 < body.length;
  return escaped
    ? { char: body[at + 1] as string, end: at + 2 }
    : { char: body[at] as string, end: at + 1 };
}

/** The other way round there is nothing in it; its first char has been taken already. */
function range(from: string, to: string): string {
  return from <= to ? `${escapeText(from)}-${escapeText(to)}` : "";
}

function escapeText(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
