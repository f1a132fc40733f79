import { type BytePath, displayPath, displayText } from "../../protocol/index.ts";

/** One path that could not be delivered for so long that a person may want to know. */
export interface JournalEntry {
  readonly path: BytePath;
  /** Everything below it may differ, too. */
  readonly whole: boolean;
  readonly target: string;
  /** ms since 1970 */
  readonly since: number;
  readonly attempts: number;
  /** In the daemon's or the system's words. */
  readonly reason: string;
  /** The rsync command that would push it, quoted for a shell. */
  readonly command: string;
}

/** How a journal of ours begins; by this it is told from sersync's script and from strange files. */
export const journalMark = "# sersync failLog, for people to read.";

const head = `${journalMark} It is never run, and written anew whenever something changes.
# What stands here is tried again until it is delivered; then it goes.
# since, attempts, target, path: last error; below, the command that would push it with rsync.
#`;

/** More than these nobody reads; the others are counted. */
const mostEntries = 10_000;

/** The journal's lines. Every one is a comment: run by mistake, it does nothing. */
export function* formatJournal(entries: Iterable<JournalEntry>): Generator<string> {
  yield head;
  let count = 0;
  for (const entry of entries) {
    count += 1;
    if (count > mostEntries) continue;
    yield formatEntry(entry);
    yield `#     ${oneLine(entry.command)}`;
  }
  if (count === 0) yield "# Nothing stands here now.";
  if (count > mostEntries) yield `# and ${count - mostEntries} more`;
}

function formatEntry({ since, attempts, target, path, whole, reason }: JournalEntry): string {
  const place = `${displayPath(path)}${whole ? " (and all below)" : ""}`;
  const time = new Date(since).toISOString();
  return `# ${time}  ${attempts} times  ${oneLine(target)}  ${place}: ${oneLine(displayText(reason))}`;
}

/** A line break would end the comment. */
function oneLine(text: string): string {
  return text.replace(/[\r\n\u2028\u2029]/g, " ");
}
