import { type DaemonText, DaemonTexts } from "./daemon-texts.ts";
import { EntryStates } from "./entry-states.ts";
import { RsyncError } from "./errors.ts";
import { type FileEntry, isDirectory } from "./flist/entry.ts";
import { asBytePath, type BytePath } from "./path.ts";
import { type NamedEntry, PathArchive } from "./path-archive.ts";
import type { SendOutcome } from "./roles/file-sender.ts";
import { type ListNumbers, WholeList } from "./roles/list-window.ts";
import { type Item, itemFlags } from "./roles/request.ts";
import { deletedCounts, ListedTotals, ObjectCounter, type PushTotals } from "./totals.ts";

export type { DaemonText } from "./daemon-texts.ts";

/** Told while a push runs; `index` is the entry's place among everything that was listed. */
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
  readonly sending?: (entry: FileEntry, item: Item, index: number) => void;
  /** `bytes` of the file named last by `sending` are through; told of long files only. */
  readonly step?: (bytes: number) => void;
  /**
   * These entries are on their way to the daemon; `isLast`: no others follow. A list that is sent
   * as a whole is complete at the daemon's end of the line by then.
   */
  readonly listed?: (entries: readonly FileEntry[], isLast: boolean) => void;
}

/** How a push is made. */
export interface PushOptions extends PushObserver {
  /** Something could not be listed, so the daemon must not delete what is missing. Default false. */
  readonly incomplete?: boolean;
  /** Filter rules as they are sent: what a delete pass of the daemon must leave alone. */
  readonly protect?: readonly string[];
  /** Ends this push, and its session with it. */
  readonly signal?: AbortSignal | undefined;
}

/** How a push is made whose entries are listed bit by bit. */
export interface ListsPushOptions extends PushObserver, Pick<PushOptions, "protect" | "signal"> {
  /** Names are kept, so that {@link PushReport.paths} knows how each ended. Default false. */
  readonly keepsPaths?: boolean;
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

/** How an entry ended, by its name. */
export interface NamedStatus extends NamedEntry {
  readonly status: EntryStatus;
}

/** What is known of a push before it begins. */
export interface ReportOptions {
  /** False for a daemon that acknowledges nothing: then a clean end has to do. Default true. */
  readonly acknowledges?: boolean;
  /** So many deletions at the end of the list are not carried out. Default 0. */
  readonly left?: number;
}

const cannotDelete = "this daemon has no --delete-missing-args, and cannot delete it otherwise";

/** What is known of a push, while it runs and afterwards. */
export class PushReport {
  #entries: readonly FileEntry[] = [];
  #numbers: ListNumbers = new WholeList([]);
  #states = new EntryStates();
  #listed: ListedTotals | undefined;
  #archive: PathArchive | undefined;
  #observer: PushObserver = {};
  #acknowledges = true;
  #left = 0;
  #answered = false;
  readonly #texts = new DaemonTexts();
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

  /** The list that was sent, in wire order; empty where it was sent bit by bit. */
  get entries(): readonly FileEntry[] {
    return this.#entries;
  }

  get texts(): readonly DaemonText[] {
    return this.#texts.all;
  }

  /** False while the daemon has done nothing that we know of. */
  get wasAnswered(): boolean {
    return this.#answered;
  }

  get errorTexts(): string[] {
    return this.#texts.errors;
  }

  begin(
    entries: readonly FileEntry[],
    observer: PushObserver,
    { acknowledges = true, left = 0 }: ReportOptions = {},
  ): void {
    this.#acknowledges = acknowledges;
    this.#left = left;
    this.#entries = entries;
    this.#numbers = new WholeList(entries);
    this.#states = new EntryStates(entries.length);
    this.#observer = observer;
  }

  /** The first entries, as they were before, but with the sums of their content. */
  knowSums(entries: readonly FileEntry[]): void {
    this.#entries = [...entries, ...this.#entries.slice(entries.length)];
    this.#numbers = new WholeList(this.#entries);
  }

  /** As {@link begin}, for entries that are told list by list, and forgotten. */
  beginLists(
    numbers: ListNumbers,
    observer: PushObserver,
    { acknowledges, keepsPaths }: { readonly acknowledges: boolean; readonly keepsPaths: boolean },
  ): void {
    this.#acknowledges = acknowledges;
    this.#numbers = numbers;
    this.#observer = observer;
    this.#listed = new ListedTotals();
    if (keepsPaths) this.#archive = new PathArchive();
  }

  /** @throws {RsyncError} BAD_STREAM when the message names no entry of the list. */
  acknowledge(payload: Buffer): void {
    const index = payload.length === 4 ? payload.readInt32LE(0) : -1;
    const entry = this.#numbers.entry(index);
    if (this.#numbers.isPast(index)) return; // what it was part of is settled
    if (entry === undefined) {
      throw new RsyncError(
        "BAD_STREAM",
        `Cannot take the acknowledgement of index ${index}: ${this.#numbers.describe()}`,
      );
    }
    const place = this.#numbers.place(index);
    this.#answered = true;
    this.#states.acknowledge(place);
    // A file that changed while it was read is in place, but not as it is now.
    if (this.#states.outcome(place) !== "changed") this.#observer.acknowledged?.(entry, place);
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
    const place = this.#numbers.place(index);
    this.#states.finish(place, outcome);
    if ("bytes" in outcome) this.contentBytes += outcome.bytes;
    this.#observer.sent?.(this.#entry(index), outcome, place);
  }

  item(item: Item): void {
    const entry = this.#entry(item.index);
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
    const { index } = item;
    this.#observer.sending?.(this.#entry(index), item, this.#numbers.place(index));
  }

  step(bytes: number): void {
    this.#observer.step?.(bytes);
  }

  /** A list is on its way; the only one says so when it is through. */
  listed(entries: readonly FileEntry[] = this.#entries, isLast = true): void {
    this.#listed?.add(entries);
    this.#archive?.add(entries);
    this.#observer.listed?.(entries, isLast);
  }

  /** What `--stats` tells; complete when the push is over. */
  get totals(): PushTotals {
    const { counts: listed, bytes: totalBytes } = this.#listed ?? new ListedTotals(this.#entries);
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
    if (this.#failed || this.#states.has("unreadable")) return 23;
    if (this.#states.has("vanished")) return 24;
    const limited = this.texts.some(({ text }) => text.startsWith("Deletions stopped"));
    return limited ? 25 : 0;
  }

  text(severity: DaemonText["severity"], text: string): void {
    this.#texts.add(severity, text, this.#observer.text);
  }

  /**
   * How everything that was listed ended, in the order of sending; ask when the push is over. Of
   * what was listed bit by bit only where names were kept.
   */
  *paths(): Generator<NamedStatus> {
    let place = 0;
    for (const { path, mode } of this.#archive ?? this.#entries) {
      yield { path, mode, status: this.#statusOf(place, { path, mode }) };
      place += 1;
    }
  }

  /** How an entry of {@link entries} ended; ask when the push is over. */
  status(index: number): EntryStatus {
    return this.#statusOf(index, this.#entries[index] as FileEntry);
  }

  /** The error that ended the session, with what the daemon had said before it hung up. */
  explain(error: RsyncError): RsyncError {
    return this.#texts.explain(error);
  }

  #entry(index: number): FileEntry {
    return this.#numbers.entry(index) as FileEntry;
  }

  #statusOf(place: number, entry: NamedEntry): EntryStatus {
    const outcome = this.#states.outcome(place);
    if (outcome === "unreadable") {
      return { kind: "failed", reason: `cannot read it here: ${this.#states.reason(place)}` };
    }
    if (outcome === "changed" || outcome === "vanished") return { kind: outcome };
    if (this.#states.isAcknowledged(place)) return { kind: "delivered" };
    const reason = this.#texts.complaintAbout(entry.path);
    if (reason !== undefined) return { kind: "failed", reason };
    if (this.#left > 0 && place >= this.#entries.length - this.#left) {
      return { kind: "failed", reason: cannotDelete };
    }
    if (isDirectory(entry) || entry.mode === 0) return { kind: "delivered" };
    if (outcome === "sent" && (this.#acknowledges || this.errorTexts.length > 0)) {
      return { kind: "failed", reason: this.#texts.anyComplaint() };
    }
    return { kind: this.#acknowledges ? "kept" : "delivered" };
  }
}
