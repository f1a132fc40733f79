import { type ByteSet, byteSet, literal, type Node } from "./node.ts";

/** A piece of an expression, and the offset behind it. */
export interface Cut {
  readonly node: Node;
  readonly end: number;
}

const shorthands: Readonly<Record<string, RegExp>> = {
  d: /[0-9]/,
  w: /[A-Za-z0-9_]/,
  // Not \s: in a JavaScript regex that is also the byte 0xA0, a part of many characters.
  s: /[ \t\n\v\f\r]/,
  h: /[ \t]/,
};
const controls: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  f: "\f",
  v: "\v",
  a: "\x07",
  e: "\x1b",
};
const posixClasses: Readonly<Record<string, RegExp>> = {
  alpha: /[A-Za-z]/,
  digit: /[0-9]/,
  alnum: /[A-Za-z0-9]/,
  upper: /[A-Z]/,
  lower: /[a-z]/,
  space: /[ \t\n\v\f\r]/,
  blank: /[ \t]/,
  punct: /[!-/:-@[-`{-~]/,
  xdigit: /[0-9A-Fa-f]/,
  word: /[A-Za-z0-9_]/,
  cntrl: /[^ -~\x80-\xff]/,
  print: /[ -~]/,
  graph: /[!-~]/,
};

/** Parses the escape whose backslash is at `at`, outside of a class. */
export function parseEscape(text: string, at: number): Cut {
  const char = text[at + 1];
  if (char === undefined) throw new SyntaxError("a \\ with nothing behind it");
  if (char === "Q") {
    const end = text.indexOf("\\E", at + 2);
    const bytes = text.slice(at + 2, end < 0 ? text.length : end);
    return { node: literal(bytes), end: end < 0 ? text.length : end + 2 };
  }
  if (char === "A") return { node: { kind: "start" }, end: at + 2 };
  if (char === "z" || char === "Z") return { node: { kind: "end" }, end: at + 2 };
  if (/[1-9]/.test(char)) throw new SyntaxError(`\\${char} (a backreference) is not supported`);
  const { set, end } = escapedSet(text, at);
  return { node: { kind: "set", set }, end };
}

/** Parses the class whose `[` is at `at`; as in Perl a `]` right at its beginning is a member. */
export function parseClass(text: string, at: number): Cut {
  const negative = text[at + 1] === "^";
  const first = at + (negative ? 2 : 1);
  const members = new Uint8Array(256);
  let next = first;
  while (next < text.length && (text[next] !== "]" || next === first)) {
    const low = member(text, next);
    next = low.end;
    if (text[next] === "-" && next + 1 < text.length && text[next + 1] !== "]") {
      const high = member(text, next + 1);
      addRange(members, low.set, high.set);
      next = high.end;
    } else {
      for (let byte = 0; byte < 256; byte += 1)
        members[byte] = (members[byte] ?? 0) | (low.set[byte] ?? 0);
    }
  }
  if (next >= text.length) throw new SyntaxError("a [ without its ]");
  const set = byteSet((byte) => (members[byte] === 1) !== negative);
  return { node: { kind: "set", set }, end: next + 1 };
}

interface Member {
  readonly set: ByteSet;
  readonly end: number;
}

function member(text: string, at: number): Member {
  const named = /^\[:(\^?)([a-z]+):\]/.exec(text.slice(at, at + 16));
  if (named) {
    const pattern = posixClasses[named[2] ?? ""];
    if (!pattern) throw new SyntaxError(`${named[0]} is no class of characters`);
    return { set: matching(pattern, named[1] === "^"), end: at + named[0].length };
  }
  if (text[at] === "\\" && at + 1 < text.length) return escapedSet(text, at);
  return { set: single(text.charCodeAt(at)), end: at + 1 };
}

function addRange(members: Uint8Array, low: ByteSet, high: ByteSet): void {
  const from = onlyMember(low);
  const to = onlyMember(high);
  if (from === undefined || to === undefined || from > to) {
    throw new SyntaxError("a range in [ ] that does not go upwards from one character to another");
  }
  members.fill(1, from, to + 1);
}

function onlyMember(set: ByteSet): number | undefined {
  const first = set.indexOf(1);
  return first === set.lastIndexOf(1) && first >= 0 ? first : undefined;
}

function escapedSet(text: string, at: number): Member {
  const char = text[at + 1] ?? "";
  const lower = char.toLowerCase();
  const shorthand = shorthands[lower];
  if (shorthand) return { set: matching(shorthand, char !== lower), end: at + 2 };
  const control = controls[char];
  if (control) return { set: single(control.charCodeAt(0)), end: at + 2 };
  const code = /^\\x(?:([0-9A-Fa-f]{1,2})|\{([0-9A-Fa-f]{1,2})\})/.exec(text.slice(at, at + 8));
  if (code) {
    return { set: single(Number.parseInt(code[1] ?? code[2] ?? "", 16)), end: at + code[0].length };
  }
  if (/[A-Za-z0-9]/.test(char)) throw new SyntaxError(`\\${char} is not supported`);
  return { set: single(char.charCodeAt(0)), end: at + 2 };
}

function single(wanted: number): ByteSet {
  return byteSet((byte) => byte === wanted);
}

function matching(pattern: RegExp, negative: boolean): ByteSet {
  return byteSet((byte) => pattern.test(String.fromCharCode(byte)) !== negative);
}
