import type { CloseToken, Token } from "./markup.ts";
import type { Report } from "./report.ts";
import { placeAt, type SourceFile } from "./source.ts";
import type { TagToken } from "./tag.ts";

interface Closed {
  readonly name: string;
  readonly at: number;
}

/**
 * Checks that every element is closed, once and in order, and names the damage where not.
 *
 * Mends as it goes (an element closes everything still open inside it), so that one lost closing
 * tag is one mistake.
 */
export function checkNesting(source: SourceFile, tokens: readonly Token[], report: Report): void {
  const open: TagToken[] = [];
  const closed: Closed[] = [];
  for (const token of tokens) {
    if (token.kind === "close") closeElement(source, open, closed, token, report);
    else if (!token.selfClosing) open.push(token);
  }
  for (const tag of open) {
    report.mistake(tag.offset, `<${tag.name}> is never closed; </${tag.name}> is missing`);
  }
}

function closeElement(
  source: SourceFile,
  open: TagToken[],
  closed: Closed[],
  token: CloseToken,
  report: Report,
): void {
  const name = token.name.toLowerCase();
  const index = open.findLastIndex((tag) => tag.name.toLowerCase() === name);
  if (token.damaged) {
    // A remark may well end in "word>": only the name of an open element makes it a closing tag.
    if (index < 0) return;
    report.mistake(token.offset, `${token.name}> has lost its </; write </${token.name}>`);
  } else if (index < 0) {
    report.mistake(token.offset, `</${token.name}> closes nothing${earlier(source, closed, name)}`);
    return;
  }
  for (const tag of open.splice(index).slice(1)) {
    report.mistake(
      tag.offset,
      `<${tag.name}> is not closed before </${token.name}>; </${tag.name}> is missing`,
    );
  }
  closed.push({ name, at: token.offset });
}

/** Where an element of that name was closed already: mostly that one is the tag too many. */
function earlier(source: SourceFile, closed: readonly Closed[], name: string): string {
  const last = closed.findLast((element) => element.name === name);
  if (last === undefined) return "; remove it";
  const { line } = placeAt(source, last.at);
  return `: line ${line} has a </${name}> already, probably too early; remove one of them`;
}
