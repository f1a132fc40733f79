import type { RsyncError } from "./errors.ts";
import { remoteFailure } from "./failure.ts";
import { messageTags } from "./mux/frame.ts";
import { type BytePath, baseName, readableText } from "./path.ts";

/** Text of the daemon: `error` is about a path or fatal, the others are for a log. */
export interface DaemonText {
  readonly severity: "error" | "warning" | "info";
  readonly text: string;
}

/** How grave the text in a message of this tag is; undefined for messages without text. */
export const severities: Readonly<Record<number, DaemonText["severity"]>> = {
  [messageTags.errorTransfer]: "error",
  [messageTags.error]: "error",
  [messageTags.warning]: "warning",
  [messageTags.info]: "info",
};

/** Of a kind, texts beyond this are told and not kept: the first ones tell what is wrong. */
const mostTexts = 1_000;
/** Names are found in so many lines. */
const mostLines = 4 * mostTexts;

/** What a daemon says in a session, message by message. */
export class DaemonTexts {
  readonly #kept = { error: 0, warning: 0, info: 0 };
  readonly #texts: DaemonText[] = [];
  /** As they came, byte strings: in them names are found. */
  readonly #said: DaemonText[] = [];
  /** Those of several lines, in one piece: a name may have line feeds in it. */
  readonly #longTexts: DaemonText[] = [];

  get all(): readonly DaemonText[] {
    return this.#texts;
  }

  get errors(): string[] {
    return this.#texts.filter(({ severity }) => severity === "error").map(({ text }) => text);
  }

  /** Takes a message, which is one text even where a name in it has line feeds. */
  add(
    severity: DaemonText["severity"],
    message: string,
    told: ((text: DaemonText) => void) | undefined,
  ): void {
    const text = message.replace(/\n$/, "");
    if (text === "") return;
    const read: DaemonText = { severity, text: readableText(text) };
    if (this.#kept[severity] < mostTexts) this.#keep(read, text);
    told?.(read);
  }

  #keep(read: DaemonText, text: string): void {
    const { severity } = read;
    this.#kept[severity] += 1;
    this.#texts.push(read);
    const lines = text.split("\n", mostLines - this.#said.length);
    for (const line of lines) this.#said.push({ severity, text: line });
    if (lines.length > 1) this.#longTexts.push({ severity, text });
  }

  /** What was said of a path that is no mere warning. */
  complaintAbout(path: BytePath): string | undefined {
    if (baseName(path) === "") return undefined;
    const temporary = temporaryStart(path);
    const about = [...this.#said, ...this.#longTexts].find(
      ({ severity, text }) =>
        severity !== "warning" &&
        (mentions(text, path, nameEnd) || mentions(text, temporary, temporaryEnd)),
    );
    return about && readableText(about.text);
  }

  /** What was said last, where nothing was said of the path itself. */
  anyComplaint(): string {
    return this.errors.at(-1) ?? "the daemon did not acknowledge it and did not say why";
  }

  /** The error that ended the session, with what the daemon had said before it hung up. */
  explain(error: RsyncError): RsyncError {
    const { errors } = this;
    if (error.code !== "CONNECTION_LOST" || errors.length === 0) return error;
    return remoteFailure(undefined, errors, error);
  }
}

/**
 * Daemons write names bare, in quotes, or behind the module's path; always whole. A short name may
 * stand in other words, too: every place counts, and one too many only means to look again.
 */
function mentions(text: string, name: string, end: RegExp): boolean {
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const after = text.slice(at + name.length, at + name.length + longestEnd);
    if (/^["/ ]?$/.test(text.charAt(at - 1)) && end.test(after)) return true;
  }
  return false;
}

const nameEnd = /^(?:[". ]|$)/;
/** Six letters or digits, then no more of them. */
const temporaryEnd = /^\w{6}(?!\w)/;
const longestEnd = 7;

/** rsync writes `d/name` as `d/.name.Ab1xyZ` and renames it; a name's own dot is not doubled. */
function temporaryStart(path: BytePath): string {
  const name = baseName(path);
  return `${path.slice(0, path.length - name.length)}.${name.replace(/^\./, "")}.`;
}
