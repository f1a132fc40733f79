import { trimBlanks } from "./blank.ts";
import { quote } from "./mistake.ts";
import type { Report } from "./report.ts";
import { readTag, type TagToken } from "./tag.ts";

/** What matters in the file: tags. Comments, remarks and processing instructions are dropped. */
export type Token = TagToken | CloseToken;

export interface CloseToken {
  readonly kind: "close";
  readonly name: string;
  readonly offset: number;
  /** "name>" instead of "</name>": seen in files that went through a web page. */
  readonly damaged: boolean;
}

// Real files have about sixty tags; a file of a million must not keep us busy.
const mostTokens = 10_000;

const closeTag = /<\/[ \t\r\n]*([^ \t\r\n<>]*)[^<>]*(>?)/y;
const lostClose = /(?:^|[\r\n])[ \t]*([A-Za-z]+)>[ \t\r]*(?=\n|$)/g;

/** The tags of a file, in order; says on the way what was tolerated and what cannot be. */
export function readTokens(text: string, report: Report): Token[] {
  const tokens: Token[] = [];
  let remarks = 0;
  let at = 0;
  while (at < text.length && tokens.length < mostTokens && !rootClosed(tokens)) {
    const open = text.indexOf("<", at);
    const end = open < 0 ? text.length : open;
    remarks += readText(text, at, end, tokens, report, remarks);
    at = open < 0 ? end : readMarkup(text, open, tokens, report);
  }
  const trailing = text.slice(at).search(/<[A-Za-z]/);
  if (trailing >= 0 && rootClosed(tokens)) {
    report.warning(at + trailing, "what stands behind </head> is ignored");
  }
  if (tokens.length >= mostTokens) report.mistake(at, `more than ${mostTokens} tags`);
  return tokens;
}

/** As in sersync nothing counts any more once <head> is closed. */
function rootClosed(tokens: readonly Token[]): boolean {
  const [first] = tokens;
  const last = tokens.at(-1);
  if (first?.kind !== "open" || first.name.toLowerCase() !== "head") return false;
  if (tokens.length === 1) return first.selfClosing;
  return last?.kind === "close" && !last.damaged && last.name.toLowerCase() === "head";
}

/** Text between elements is a remark: sersync ignored it, and so do we. Said once. */
function readText(
  text: string,
  start: number,
  end: number,
  tokens: Token[],
  report: Report,
  remarksBefore: number,
): number {
  const content = text.slice(start, end);
  const remark = content.search(/[^ \t\r\n\f\v]/);
  if (remark < 0) return 0;
  for (const lost of content.matchAll(lostClose)) {
    const name = lost[1] ?? "";
    const offset = start + lost.index + lost[0].indexOf(name);
    tokens.push({ kind: "close", name, offset, damaged: true });
  }
  if (remarksBefore === 0) {
    const shown = quote(trimBlanks(content));
    report.note(start + remark, `text between elements is ignored: ${shown}`);
  }
  return 1;
}

/** Reads what the `<` at `open` begins; returns the offset behind it. */
function readMarkup(text: string, open: number, tokens: Token[], report: Report): number {
  if (text.startsWith("<!--", open)) return readComment(text, open, report);
  if (text.startsWith("<![CDATA[", open)) return behind(text, "]]>", open);
  if (text.startsWith("<?", open)) return behind(text, ">", open);
  if (text.startsWith("<!", open)) return refuseDeclaration(text, open, report);
  if (text.startsWith("</", open)) return readClose(text, open, tokens, report);
  const read = readTag(text, open, report);
  if (read) {
    tokens.push(read.tag);
    return read.end;
  }
  report.mistake(open, "a < that begins no element; write &lt; for the character itself");
  return open + 1;
}

function readClose(text: string, open: number, tokens: Token[], report: Report): number {
  closeTag.lastIndex = open;
  const [whole, name = "", end] = closeTag.exec(text) ?? ["</"];
  if (end !== ">") report.mistake(open, `</${name}: the tag is not closed with >`);
  tokens.push({ kind: "close", name, offset: open, damaged: false });
  return open + whole.length;
}

/**
 * A comment ends at the first `-->`. One that runs over another comment's beginning has lost its
 * own end and hides the elements between, unless a leftover `-->` shows that nesting was meant.
 */
function readComment(text: string, open: number, report: Report): number {
  const close = text.indexOf("-->", open + 4);
  if (close < 0) {
    report.mistake(open, "this comment is never closed; --> is missing");
    return text.length;
  }
  const inner = text.indexOf("<!--", open + 4);
  const hidden =
    inner < 0 || inner > close ? null : /<([A-Za-z]+)/.exec(text.slice(open + 4, inner));
  const leftover = /^[^<]*-->/.test(text.slice(close + 3, close + 200));
  if (hidden && !leftover) {
    report.mistake(
      open,
      `this comment is not closed before the next one begins, and hides <${hidden[1]}>; close it with -->`,
    );
  }
  return close + 3;
}

function refuseDeclaration(text: string, open: number, report: Report): number {
  report.mistake(open, "DOCTYPE and entity declarations are refused; remove them");
  return text.length;
}

function behind(text: string, end: string, from: number): number {
  const found = text.indexOf(end, from);
  return found < 0 ? text.length : found + end.length;
}
