import type { FileEntry } from "./flist/entry.ts";
import { messageTags } from "./mux/frame.ts";
import { asBytePath, type BytePath, displayPath } from "./path.ts";
import type { DaemonText } from "./report.ts";
import type { ReceiveOutcome } from "./roles/receiving.ts";
import { type Item, itemFlags } from "./roles/request.ts";
import { deletedCounts, ListedTotals, ObjectCounter, type PushTotals } from "./totals.ts";

/** The same counts as of a push; `sent` and `received` are seen from here. */
export type PullTotals = PushTotals;

/** Told while a pull runs. */
export interface PullObserver {
  /** A list is here; `isLast`: no other follows. */
  readonly listed?: (entries: readonly FileEntry[], isLast: boolean) => void;
  /** What is done with an entry. */
  readonly item?: (entry: FileEntry, item: Item) => void;
  /** The content of an entry is coming, which stands at `place` among all that was listed. */
  readonly receiving?: (entry: FileEntry, item: Item, place: number) => void;
  /** `bytes` of the file named last by `receiving` are here; told of long files only. */
  readonly step?: (bytes: number) => void;
  /** An entry whose content came is in place, or will not be. */
  readonly received?: (entry: FileEntry, outcome: ReceiveOutcome, place: number) => void;
  readonly deleted?: (path: BytePath, isDirectory: boolean) => void;
  readonly text?: (text: DaemonText) => void;
}

/** A path that is not as it should be, and why. */
export interface PullFailure {
  readonly path: BytePath;
  readonly reason: string;
}

/** What is kept of texts and failures; what exceeds it is only counted. */
const mostKept = 10_000;

const ioErrors = { general: 1, vanished: 2 } as const;

/** What became of a pull. */
export class PullResult {
  readonly #observer: PullObserver;
  readonly #created = new ObjectCounter();
  readonly #failures: PullFailure[] = [];
  readonly #texts: DaemonText[] = [];
  readonly #deleted: BytePath[] = [];
  #entries: readonly FileEntry[] = [];
  readonly #listed = new ListedTotals();
  #failed = false;
  #ioError = 0;
  #deletedDirectories = 0;
  #deletedCount = 0;
  #transferredFiles = 0;
  #transferredBytes = 0;
  #deletionsStopped = false;
  literalBytes = 0;
  matchedBytes = 0;
  sentBytes = 0;
  receivedBytes = 0;

  constructor(observer: PullObserver) {
    this.#observer = observer;
  }

  /** The list, in wire order; empty where it came bit by bit. */
  get entries(): readonly FileEntry[] {
    return this.#entries;
  }

  /** What is not in place, or not deleted, that should be. */
  get failures(): readonly PullFailure[] {
    return this.#failures;
  }

  /** What was deleted here; the first 10,000. */
  get deleted(): readonly BytePath[] {
    return this.#deleted;
  }

  /** What the daemon said. */
  get texts(): readonly DaemonText[] {
    return this.#texts;
  }

  get errorTexts(): string[] {
    return this.#texts.filter(({ severity }) => severity === "error").map(({ text }) => text);
  }

  /** The sender could not read everything. */
  get senderFailed(): boolean {
    return (this.#ioError & ioErrors.general) !== 0;
  }

  /** rsync's: 0, or 23, 24, 25 when not everything is as it should be. */
  get exitCode(): number {
    if (this.#failed || this.senderFailed) return 23;
    if (this.#ioError !== 0) return 24;
    return this.#deletionsStopped ? 25 : 0;
  }

  get totals(): PullTotals {
    const { counts: listed, bytes: totalBytes } = this.#listed;
    return {
      listed,
      created: this.#created,
      deleted: deletedCounts(undefined, {
        all: this.#deletedCount,
        directories: this.#deletedDirectories,
      }),
      transferredFiles: this.#transferredFiles,
      totalBytes,
      transferredBytes: this.#transferredBytes,
      literalBytes: this.literalBytes,
      matchedBytes: this.matchedBytes,
      sentBytes: this.sentBytes,
      receivedBytes: this.receivedBytes,
    };
  }

  /** A list is here; one that is not the only one is only counted. */
  listed(entries: readonly FileEntry[], isLast: boolean): void {
    if (isLast && this.#listed.counts.all === 0) this.#entries = entries;
    this.#listed.add(entries);
    this.#observer.listed?.(entries, isLast);
  }

  item(entry: FileEntry, item: Item): void {
    if ((item.flags & itemFlags.isNew) !== 0) this.#created.add(entry);
    if ((item.flags & itemFlags.transfer) !== 0) {
      this.#transferredFiles += 1;
      this.#transferredBytes += entry.size;
    }
    this.#observer.item?.(entry, item);
  }

  opened(entry: FileEntry, item: Item, place: number): void {
    this.#observer.receiving?.(entry, item, place);
  }

  step(bytes: number): void {
    this.#observer.step?.(bytes);
  }

  received(entry: FileEntry, outcome: ReceiveOutcome, place: number): void {
    this.#observer.received?.(entry, outcome, place);
  }

  deletedPath(path: BytePath, wasDirectory: boolean): void {
    this.#deletedCount += 1;
    if (wasDirectory) this.#deletedDirectories += 1;
    if (this.#deleted.length < mostKept) this.#deleted.push(path);
    this.#observer.deleted?.(path, wasDirectory);
  }

  fail(path: BytePath, reason: string): void {
    this.#failed = true;
    if (this.#failures.length < mostKept) this.#failures.push({ path, reason });
    this.#tell("error", `cannot complete ${displayPath(path)}: ${reason}`);
  }

  /** A name cannot be had in the character set here: it is not written, and so nothing is deleted. */
  leaveOut(name: string): void {
    this.#failed = true;
    this.sawIoError(ioErrors.general);
    this.#tell("error", `cannot convert filename: ${displayPath(asBytePath(name))}`);
  }

  /** `--max-delete` has spared so many. */
  stopDeletions(skipped: number): void {
    this.#deletionsStopped = true;
    this.#tell("warning", `Deletions stopped due to --max-delete limit (${skipped} skipped)`);
  }

  /** Something of the whole failed, and somebody has said what. */
  sawFailure(): void {
    this.#failed = true;
  }

  sawIoError(bits: number): void {
    this.#ioError |= bits;
  }

  text(severity: DaemonText["severity"], text: string): void {
    const message = text.replace(/\n$/, "");
    if (message !== "") this.#tell(severity, message);
  }

  #tell(severity: DaemonText["severity"], text: string): void {
    if (this.#texts.length < mostKept) this.#texts.push({ severity, text });
    this.#observer.text?.({ severity, text });
  }
}

const severities: Readonly<Record<number, DaemonText["severity"]>> = {
  [messageTags.errorTransfer]: "error",
  [messageTags.error]: "error",
  [messageTags.warning]: "warning",
  [messageTags.info]: "info",
};

/** Of a message that is a text; undefined for any other. */
export function severityOf(tag: number): DaemonText["severity"] | undefined {
  return severities[tag];
}
