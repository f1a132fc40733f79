import { RsyncError } from "./errors.ts";
import { remoteFailure } from "./failure.ts";
import { type FileEntry, isDirectory } from "./flist/entry.ts";
import { asBytePath, type BytePath, baseName } from "./path.ts";
import type { SendOutcome } from "./roles/file-sender.ts";
import { type Item, itemFlags } from "./roles/request.ts";
import { deletedCounts, hasSize, ObjectCounter, type PushTotals } from "./totals.ts";

/** Text of the daemon: `error` is about a path or fatal, the others are for a log. */
export interface DaemonText {
  readonly severity: "error" | "warning" | "info";
  readonly text: string;
}

/** Told while a push runs; `index` is the entry's place in {@link PushReport.entries}. */
export interface PushObserver {
  /** The daemon has confirmed that this very entry is in place. */
  readonly acknowledged?: (entry: FileEntry, index: number) => void;
  /** The daemon has deleted this object. */
  readonly deleted?: (path: BytePath, isDirectory: boolean) => void;
  /** Content has left; `bytes` of it. */
  readonly sent?: (entry: FileEntry, outcome: SendOutcome, index: number) => void;
  /** The daemon says what it does with an entry. */
  readonly item?: (entry: FileEntry, item: Item) => void;
  readonly text?: (text: DaemonText) => void;
  /** A requested file is here, and its content is about to be sent. */
  readonly sending?: (entry: FileEntry, item: Item) => void;
  /** `bytes` of the file named last by `sending` are through; told of long files only. */
  readonly step?: (bytes: number) => void;
  /** The list is complete at the daemon's end of the line; what it needs comes next. */
  readonly listed?: (entries: readonly FileEntry[]) => void;
}

/** How a push is made. */
export interface PushOptions extends PushObserver {
  /** Something could not be listed, so the daemon must not delete what is missing. Default false. */
  readonly incomplete?: boolean;
  /** Filter rules as they are sent: what a delete pass of the daemon must leave alone. */
  readonly protect?: readonly string[];
}

/**
 * How one entry ended.
 *
 * - `delivered`: acknowledged; a directory or a deletion: the session ended well and the daemon
 *   complained about nothing there.
 * - `changed`: it was changing while it was read. `vanished`: it was gone. Both: look again.
 * - `kept`: neither acknowledged nor complained about, as with `--update` and a newer file there.
 * - `failed`: `reason` in the daemon's or the system's words.
 */
export type EntryStatus =
  | { readonly kind: "delivered" | "changed" | "vanished" | "kept" }
  | { readonly kind: "failed"; readonly reason: string };

/** What is known of a push before it begins. */
export interface ReportOptions {
  /** False for a daemon that acknowledges nothing: then a clean end has to do. Default true. */
  readonly acknowledges?: boolean;
  /** So many deletions at the end of the list are not carried out. Default 0. */
  readonly left?: number;
}

const cannotDelete = "this daemon has no --delete-missing-args, and cannot delete it otherwise";

/** Texts beyond this are dropped: the first ones tell what is wrong. */
const mostTexts = 1_000;

/** What is known of a push, while it runs and afterwards. */
export class PushReport {
  #entries: readonly FileEntry[] = [];
  #observer: PushObserver = {};
  #acknowledged = new Uint8Array(0);
  #acknowledges = true;
  #left = 0;
  #answered = false;
  readonly #outcomes = new Map<number, SendOutcome>();
  readonly #texts: DaemonText[] = [];
  /** Those of several lines, in one piece: a name may have line feeds in it. */
  readonly #longTexts: DaemonText[] = [];
  /** Sum of the content sent, literal or matched, in bytes. */
  contentBytes = 0;
  /** How many objects the daemon has deleted. */
  deletedCount = 0;
  /** Bytes on the wire. */
  bytesSent = 0;
  bytesReceived = 0;
  /** Of the content: bytes that travelled, and bytes that the daemon had already. */
  literalBytes = 0;
  matchedBytes = 0;
  /** Files, directories, symlinks, devices and specials that were deleted, where it was told. */
  deletedOfKind: readonly number[] | undefined;
  #failed = false;
  #deletedDirectories = 0;
  readonly #created = new ObjectCounter();
  #transferredFiles = 0;
  #transferredBytes = 0;

  /** The list that was sent, in wire order. */
  get entries(): readonly FileEntry[] {
    return this.#entries;
  }

  get texts(): readonly DaemonText[] {
    return this.#texts;
  }

  /** False while the daemon has done nothing that we know of. */
  get wasAnswered(): boolean {
    return this.#answered;
  }

  get errorTexts(): string[] {
    return this.#texts.filter(({ severity }) => severity === "error").map(({ text }) => text);
  }

  begin(
    entries: readonly FileEntry[],
    observer: PushObserver,
    { acknowledges = true, left = 0 }: ReportOptions = {},
  ): void {
    this.#acknowledges = acknowledges;
    this.#left = left;
    this.#entries = entries;
    this.#observer = observer;
    this.#acknowledged = new Uint8Array(entries.length);
  }

  /** @throws {RsyncError} BAD_STREAM when the message names no entry of the list. */
  acknowledge(payload: Buffer): void {
    const index = payload.length === 4 ? payload.readInt32LE(0) : -1;
    const entry = this.#entries[index];
    if (entry === undefined) {
      throw new RsyncError(
        "BAD_STREAM",
        `Cannot take the acknowledgement of index ${index}: ${this.#entries.length} entries were listed`,
      );
    }
    this.#answered = true;
    this.#acknowledged[index] = 1;
    // A file that changed while it was read is in place, but not as it is now.
    if (this.#outcomes.get(index)?.kind !== "changed") this.#observer.acknowledged?.(entry, index);
  }

  /** The name ends in NUL when a directory was deleted. */
  deleted(name: string): void {
    const wasDirectory = name.endsWith("\0");
    this.#answered = true;
    this.deletedCount += 1;
    if (wasDirectory) this.#deletedDirectories += 1;
    this.#observer.deleted?.(asBytePath(wasDirectory ? name.slice(0, -1) : name), wasDirectory);
  }

  sent(index: number, outcome: SendOutcome): void {
    this.#outcomes.set(index, outcome);
    if ("bytes" in outcome) this.contentBytes += outcome.bytes;
    this.#observer.sent?.(this.#entries[index] as FileEntry, outcome, index);
  }

  item(item: Item): void {
    const entry = this.#entries[item.index] as FileEntry;
    this.#answered = true;
    if ((item.flags & itemFlags.isNew) !== 0) this.#created.add(entry);
    if ((item.flags & itemFlags.transfer) !== 0) {
      this.#transferredFiles += 1;
      this.#transferredBytes += entry.size;
    }
    this.#observer.item?.(entry, item);
  }

  /** A message of the daemon that says that some path failed. */
  sawFailure(): void {
    this.#failed = true;
  }

  opened(item: Item): void {
    this.#observer.sending?.(this.#entries[item.index] as FileEntry, item);
  }

  step(bytes: number): void {
    this.#observer.step?.(bytes);
  }

  listed(): void {
    this.#observer.listed?.(this.#entries);
  }

  /** What `--stats` tells; complete when the push is over. */
  get totals(): PushTotals {
    const listed = new ObjectCounter();
    let totalBytes = 0;
    for (const entry of this.#entries) {
      listed.add(entry);
      if (hasSize(entry)) totalBytes += entry.size;
    }
    const seen = { all: this.deletedCount, directories: this.#deletedDirectories };
    return {
      listed,
      created: this.#created,
      deleted: deletedCounts(this.deletedOfKind, seen),
      transferredFiles: this.#transferredFiles,
      totalBytes,
      transferredBytes: this.#transferredBytes,
      literalBytes: this.literalBytes,
      matchedBytes: this.matchedBytes,
      sentBytes: this.bytesSent,
      receivedBytes: this.bytesReceived,
    };
  }

  /** What rsync would exit with: 0, 23 (something failed), 24 (vanished) or 25 (not all deleted). */
  get exitCode(): number {
    const kinds = new Set([...this.#outcomes.values()].map(({ kind }) => kind));
    if (this.#failed || kinds.has("unreadable")) return 23;
    if (kinds.has("vanished")) return 24;
    const limited = this.#texts.some(({ text }) => text.startsWith("Deletions stopped"));
    return limited ? 25 : 0;
  }

  text(severity: DaemonText["severity"], text: string): void {
    const isLong = text.trimEnd().includes("\n") && this.#longTexts.length < mostTexts;
    if (isLong) this.#longTexts.push({ severity, text: text.replace(/\n$/, "") });
    for (const line of text.split("\n")) {
      if (line === "" || this.#texts.length === mostTexts) continue;
      const said: DaemonText = { severity, text: line };
      this.#texts.push(said);
      this.#observer.text?.(said);
    }
  }

  /** How the entry ended; ask when the push is over. */
  status(index: number): EntryStatus {
    const entry = this.#entries[index] as FileEntry;
    const outcome = this.#outcomes.get(index);
    if (outcome?.kind === "unreadable") {
      return { kind: "failed", reason: `cannot read it here: ${outcome.cause.message}` };
    }
    if (outcome?.kind === "changed" || outcome?.kind === "vanished") return { kind: outcome.kind };
    if (this.#acknowledged[index] === 1) return { kind: "delivered" };
    const reason = this.#complaintAbout(entry);
    if (reason !== undefined) return { kind: "failed", reason };
    if (index >= this.#entries.length - this.#left) return { kind: "failed", reason: cannotDelete };
    if (isDirectory(entry) || entry.mode === 0) return { kind: "delivered" };
    if (outcome?.kind === "sent" && (this.#acknowledges || this.errorTexts.length > 0)) {
      return { kind: "failed", reason: this.#anyComplaint() };
    }
    return { kind: this.#acknowledges ? "kept" : "delivered" };
  }

  /** The error that ended the session, with what the daemon had said before it hung up. */
  explain(error: RsyncError): RsyncError {
    const errors = this.errorTexts;
    if (error.code !== "CONNECTION_LOST" || errors.length === 0) return error;
    return remoteFailure(undefined, errors, error);
  }

  #complaintAbout(entry: FileEntry): string | undefined {
    const name = baseName(entry.path);
    const about = [...this.#texts, ...this.#longTexts].find(
      ({ severity, text }) => severity !== "warning" && name !== "" && mentions(text, entry.path),
    );
    return about?.text;
  }

  #anyComplaint(): string {
    return this.errorTexts.at(-1) ?? "the daemon did not acknowledge it and did not say why";
  }
}

/**
 * Daemons write names bare, in quotes, or behind the module's path; always whole. A short name may
 * stand in other words, too: every place counts, and one too many only means to look again.
 */
function mentions(text: string, path: BytePath): boolean {
  for (let at = text.indexOf(path); at >= 0; at = text.indexOf(path, at + 1)) {
    if (standsAlone(text[at - 1], text[at + path.length])) return true;
  }
  return false;
}

function standsAlone(before: string | undefined, after: string | undefined): boolean {
  const starts = before === undefined || before === '"' || before === "/" || before === " ";
  return starts && (after === undefined || after === '"' || after === "." || after === " ");
}
