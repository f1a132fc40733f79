import { parseClass } from "./class.ts";
import { byteSet, either, literal, type Node, repeat, sequence } from "./node.ts";

const mostBytes = 4_096;
const unbounded = Number.POSITIVE_INFINITY;
// No path holds a NUL, so no wildcard can take the mark for a part of the name.
const mark = "\0";
const nameByte: Node = { kind: "set", set: byteSet((byte) => byte !== 0 && byte !== 0x2f) };
const anything: Node = repeat({ kind: "set", set: byteSet((byte) => byte !== 0) }, 0, unbounded);
const optionalMark: Node = repeat(literal(mark), 0, 1);

/** Not tied to the root: it may begin behind any slash. */
const behindAnySlash: Node = repeat(sequence([anything, literal("/")]), 0, 1);

/** What an expression of {@link parsePattern} is matched against. */
export function patternSubject(path: string, isDirectory: boolean): string {
  return isDirectory ? path + mark : path;
}

/**
 * Parses an rsync filter pattern into an expression for whole paths, as
 * {@link patternSubject} writes them.
 *
 * rsync(1), "PATTERN MATCHING RULES": a leading `/` ties it to the root, a trailing one means
 * directories only, a `/` elsewhere or `**` compares with the end of the path instead of the name.
 *
 * @throws {SyntaxError} for a `[` without its `]`, or more than 4096 bytes.
 */
export function parsePattern(text: string): Node {
  if (text.length > mostBytes) throw new SyntaxError(`it has more than ${mostBytes} bytes`);
  const stars = /^(?:\*\*+\/)+/.exec(text)?.[0] ?? "";
  // These stars and their slash may also stand for nothing.
  return stars === ""
    ? parseWhole(text)
    : either(parseWhole(text), parseWhole(text.slice(stars.length)));
}

function parseWhole(text: string): Node {
  const anchored = text.startsWith("/");
  const body = anchored ? text.slice(1) : text;
  // As in rsync a backslash is an ordinary character unless something in the pattern is special.
  const special = /[*?[]/.test(text);
  const from = anchored ? [] : [behindAnySlash];
  if (body.endsWith("/***")) {
    const content = sequence([literal("/"), anything, optionalMark]);
    return sequence([
      ...from,
      parseBody(body.slice(0, -4), special),
      either(literal(mark), content),
    ]);
  }
  if (body.endsWith("/")) {
    return sequence([...from, parseBody(body.slice(0, -1), special), literal(mark)]);
  }
  return sequence([...from, parseBody(body, special), optionalMark]);
}

function parseBody(body: string, special: boolean): Node {
  if (!special) return literal(body);
  const nodes: Node[] = [];
  let at = 0;
  while (at < body.length) {
    const stars = /^\*+/.exec(body.slice(at))?.[0].length ?? 0;
    const char = body[at] ?? "";
    if (stars > 0) {
      nodes.push(stars > 1 ? anything : repeat(nameByte, 0, unbounded));
      at += stars;
    } else if (char === "[") {
      const { node, end } = bracket(body, at);
      nodes.push(node);
      at = end;
    } else {
      const escaped = char === "\\" && at + 1 < body.length;
      nodes.push(char === "?" ? nameByte : literal(escaped ? (body[at + 1] ?? "") : char));
      at += escaped ? 2 : 1;
    }
  }
  return sequence(nodes);
}

/** rsync writes `[!a]` for what a regex writes as `[^a]`; neither ever takes a slash. */
function bracket(body: string, at: number): { readonly node: Node; readonly end: number } {
  const text = body[at + 1] === "!" ? `${body.slice(0, at + 1)}^${body.slice(at + 2)}` : body;
  const { node, end } = parseClass(text, at);
  if (node.kind !== "set") return { node, end };
  const set = byteSet((byte) => node.set[byte] === 1 && byte !== 0 && byte !== 0x2f);
  return { node: { kind: "set", set }, end };
}
