import { trimBlanks } from "./blank.ts";
import { quote } from "./mistake.ts";
import type { Report } from "./report.ts";
import { splitGlued } from "./vocabulary.ts";

/** One attribute as it stands in the file; the value still has its entities. */
export interface AttributeToken {
  readonly name: string;
  readonly nameOffset: number;
  readonly value: string;
  readonly valueOffset: number;
}

/** A start tag as it stands in the file. */
export interface TagToken {
  readonly kind: "open";
  readonly name: string;
  readonly offset: number;
  readonly attributes: readonly AttributeToken[];
  readonly selfClosing: boolean;
}

// Blanks are spelt out everywhere: \s would also eat the byte 0xA0, which ends many UTF-8 and GBK
// characters.
const tagName = /<([^ \t\r\n\f\v/<>="']+)/y;
const glued = /=[ \t]*["']/y;
const attribute =
  /[ \t\r\n\f\v]*([^ \t\r\n\f\v/<>="']+)[ \t\r\n\f\v]*=[ \t\r\n\f\v]*("[^"]*"|'[^']*'|(?:(?!\/>)[^ \t\r\n\f\v<>"'])+)/y;
const tagEnd = /[ \t\r\n\f\v]*(\/?)[ \t\r\n\f\v]*>/y;
const rest = /[^<>]*>?/y;

/**
 * Reads the start tag at `offset`, as tolerant as sersync: unquoted values, no blank between
 * attributes, blanks around `=`. What it cannot make sense of becomes a mistake, and reading goes
 * on behind the tag.
 *
 * @returns the tag and the offset behind it, or undefined when no tag begins at `offset`.
 */
export function readTag(
  text: string,
  offset: number,
  report: Report,
): { readonly tag: TagToken; readonly end: number } | undefined {
  const name = match(tagName, text, offset)?.[1];
  if (name === undefined) return undefined;
  const attributes: AttributeToken[] = [];
  let at = offset + 1 + name.length;
  if (match(glued, text, at)) {
    reportGlued(name, offset, report);
    return skipTag(text, at, { kind: "open", name, offset, attributes, selfClosing: false });
  }
  for (;;) {
    const found = match(attribute, text, at);
    if (found === undefined || swallowsMarkup(found, at, report)) break;
    const token = toAttribute(found, at);
    reportTwice(attributes, token, report);
    noteUnquoted(text, token, report);
    attributes.push(token);
    at += found[0].length;
  }
  const tag: TagToken = { kind: "open", name, offset, attributes, selfClosing: false };
  const end = match(tagEnd, text, at);
  if (end) return { tag: { ...tag, selfClosing: end[1] === "/" }, end: at + end[0].length };
  reportRest(text, at, tag, report);
  return skipTag(text, at, tag);
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

function toAttribute(found: RegExpExecArray, at: number): AttributeToken {
  const [whole, name = "", raw = ""] = found;
  const quoted = raw[0] === '"' || raw[0] === "'";
  return {
    name,
    nameOffset: at + whole.indexOf(name),
    value: quoted ? raw.slice(1, -1) : raw,
    valueOffset: at + whole.length - raw.length + (quoted ? 1 : 0),
  };
}

/** A value that runs over a line end into another tag is a forgotten quote, not a value. */
function swallowsMarkup(found: RegExpExecArray, at: number, report: Report): boolean {
  const { value, name, valueOffset } = toAttribute(found, at);
  if (!value.includes("<") || !/[\r\n]/.test(value)) return false;
  report.mistake(valueOffset - 1, `${name}: the quote that opens here is never closed`);
  return true;
}

function reportTwice(before: readonly AttributeToken[], token: AttributeToken, report: Report) {
  const name = token.name.toLowerCase();
  if (!before.some((other) => other.name.toLowerCase() === name)) return;
  report.mistake(token.nameOffset, `${token.name} stands twice in one element; one has to go`);
}

function noteUnquoted(text: string, { name, valueOffset }: AttributeToken, report: Report): void {
  if (/["']/.test(text[valueOffset - 1] ?? "")) return;
  report.note(valueOffset, `${name}: the value stands without quotes; it is taken as it is`);
}

function reportGlued(name: string, offset: number, report: Report): void {
  const [element, attributeName] = splitGlued(name);
  const advice = element ? `; write <${element} ${attributeName}=` : "";
  report.mistake(
    offset,
    `<${name}=: a blank is missing between the element and its attribute${advice}`,
  );
}

function reportRest(text: string, at: number, tag: TagToken, report: Report): void {
  const left = match(rest, text, at)?.[0] ?? "";
  const shown = trimBlanks(left.replace(/\/?>$/, ""));
  if (shown === "") {
    report.mistake(tag.offset, `<${tag.name}: the tag is not closed with >`);
    return;
  }
  const offset = at + left.indexOf(shown);
  // A spoilt tag may show any part of itself, and this one has a password.
  const found = /^cdninfo$/i.test(tag.name) ? "something" : quote(shown);
  const problem = shown.includes('"') || shown.includes("'") ? "a quote is missing" : "no =";
  report.mistake(
    offset,
    `<${tag.name}: found ${found}, which is not attribute="value" (${problem})`,
  );
}

function skipTag(text: string, at: number, tag: TagToken): { tag: TagToken; end: number } {
  const skipped = match(rest, text, at)?.[0] ?? "";
  return { tag: { ...tag, selfClosing: skipped.endsWith("/>") }, end: at + skipped.length };
}
