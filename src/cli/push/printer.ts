import {
  type Agreement,
  type BytePath,
  compatFlags,
  displayPath,
  displayText,
  type FileEntry,
  type Item,
  isDirectory,
  itemFlags,
  type PushObserver,
  type SendOutcome,
  type Traffic,
} from "../../../protocol/index.ts";
import type { Outputs } from "../outputs.ts";
import type { PushCommand } from "./command.ts";
import { besides, type Course, courseOf } from "./course.ts";
import { compileFormat, hasField, type Line, shownPath } from "./format.ts";
import { type Direction, isSignificant, itemize } from "./itemize.ts";
import { Meter, type Position } from "./meter.ts";
import { sumText } from "./sum-text.ts";

export interface PrinterOptions {
  /** Default "send". */
  readonly direction?: Direction;
  /**
   * It goes into a log: files are told of when they are through, and nothing of what a dry run
   * would send or delete. Default false.
   */
  readonly isLog?: boolean;
  /** The name of an entry with where it lies here, a byte string. Default its name there. */
  readonly fullName?: (entry: FileEntry) => string;
}

/** Of a file, what the first line of progress tells. */
const firstBytes = 32 * 1024;

/** What can be told of a file only when it is through. */
const laterFields = "bcC";

/** Prints while a push runs what rsync would print. */
export class Printer {
  readonly #outputs: Outputs;
  readonly #command: Pick<PushCommand, "telling" | "transfer">;
  readonly #options: PrinterOptions;
  readonly #afterwards: boolean;
  readonly #format: ((line: Line) => string) | undefined;
  readonly #meter: Meter;
  readonly #course: Course | undefined;
  #all = 0;
  #isListing = true;
  #totalBytes = 0;
  #files = 0;
  #doneBytes = 0;
  #current: { readonly entry: FileEntry; readonly index: number } | undefined;
  /** Of files that are told of when they are through, by their places. */
  readonly #untold = new Map<number, Item>();
  #agreement: Agreement | undefined;

  constructor(
    command: Pick<PushCommand, "telling" | "transfer">,
    outputs: Outputs,
    options: PrinterOptions = {},
  ) {
    const { format, human } = command.telling;
    this.#command = command;
    this.#options = options;
    this.#afterwards = options.isLog === true || hasField(format ?? "", laterFields);
    this.#course = courseOf(command, outputs);
    this.#outputs = besides(this.#course, outputs);
    this.#format = format === undefined ? undefined : compileFormat(format);
    this.#meter = new Meter(outputs.out, human);
  }

  /** What must be told of the push: of each file only where something is printed of it. */
  get observer(): PushObserver {
    return {
      ...this.#watching(),
      sent: (entry, outcome, index) => this.#endFile(entry, outcome, index),
      deleted: (path, wasDirectory) => this.#tellDeleted(path, wasDirectory),
      text: ({ severity, text }) => {
        const { out, err } = this.#outputs;
        (severity === "info" ? out : err)(`${displayText(text)}\n`);
      },
    };
  }

  #watching(): PushObserver {
    const watches = this.#course !== undefined || this.#command.telling.progress > 0;
    const tells = this.#format !== undefined;
    return {
      ...(tells && { item: (entry, item) => this.#tell(entry, item) }),
      ...((tells || watches) && {
        sending: (entry, item, index) => this.#beginFile(entry, item, index),
      }),
      ...(watches && {
        listed: (entries, isLast) => this.#list(entries, isLast),
        step: (bytes) => this.#step(bytes),
      }),
    };
  }

  /** What was agreed on for the session: which sums there are. */
  agreed(agreement: Agreement): void {
    this.#agreement = agreement;
  }

  /** Nothing more is told of how far it is. */
  close(): void {
    this.#course?.clear();
  }

  /** Ends the one line of `--info=progress2`. */
  finish(): void {
    this.close();
    if (this.#command.telling.progress < 2) return;
    this.#meter.complete({ ...this.#position(0), left: 0 });
    this.#outputs.out("\n");
  }

  #list(entries: readonly FileEntry[], isLast: boolean): void {
    if (this.#all === 0) this.#meter.start();
    this.#course?.listed(entries, isLast);
    this.#all += entries.length;
    this.#isListing = !isLast;
    for (const entry of entries) if (!isDirectory(entry)) this.#totalBytes += entry.size;
  }

  /** Items without content; those with it are told of when the file is open. */
  #tell(entry: FileEntry, item: Item): void {
    if ((item.flags & itemFlags.transfer) !== 0) {
      if (this.#isRehearsal && !this.#options.isLog) this.#print(entry, item);
      return;
    }
    const { itemizes, tellsAll, format = "" } = this.#command.telling;
    const isNamed = item.name !== undefined && item.name !== "";
    const isDone = (item.flags & itemFlags.localChange) !== 0 || isDirectory(entry);
    const isChange = isSignificant(item);
    if (this.#options.isLog && !isChange && !hasField(format, "i")) return;
    const differs = isChange && (itemizes || isDone);
    if (differs || isNamed || (itemizes && tellsAll)) this.#print(entry, item);
  }

  get #isRehearsal(): boolean {
    return this.#command.transfer.dryRun === true;
  }

  #print(entry: FileEntry, item: Item, traffic?: Traffic): void {
    if (this.#format === undefined) return;
    const { direction = "send", fullName } = this.#options;
    const keepsTimes = this.#command.transfer.times ?? false;
    const keepsLinkTimes = direction === "receive" || this.#daemonKeepsLinkTimes;
    const isTransfer = (item.flags & itemFlags.transfer) !== 0;
    this.#tellLine({
      entry,
      item: itemize(entry, item, { keepsTimes, keepsLinkTimes, direction }),
      operation: direction === "send" ? "send" : "recv",
      // The name of a transfer is that of what it was put together from.
      linkedTo: isTransfer ? undefined : item.name,
      fullName: fullName?.(entry),
      traffic,
      isTransfer,
    });
  }

  get #daemonKeepsLinkTimes(): boolean {
    return ((this.#agreement?.compat ?? 0) & compatFlags.symlinkTimes) !== 0;
  }

  #tellLine(told: Told): void {
    const { transfer } = this.#command;
    const { checksum = false, owner: keepsOwner = false, group: keepsGroup = false } = transfer;
    const agreement = this.#agreement ?? { checksum: "none" };
    const sum = this.#afterwards ? sumText(told, agreement, checksum) : "";
    this.#outputs.out(`${this.#format?.({ ...told, sum, keepsOwner, keepsGroup })}\n`);
  }

  #tellDeleted(path: BytePath, wasDirectory: boolean): void {
    if (this.#isRehearsal && this.#options.isLog) return;
    const { tellsDeletions, format = "" } = this.#command.telling;
    if (hasField(format, "io")) {
      const entry = { ...noEntry, path, mode: wasDirectory ? 0o40000 : 0 };
      this.#tellLine({ entry, item: "*deleting  ", operation: "del.", isTransfer: false });
    } else if (tellsDeletions) {
      this.#outputs.out(`deleting ${shownPath(path, wasDirectory)}\n`);
    }
  }

  #beginFile(entry: FileEntry, item: Item, index: number): void {
    this.#current = { entry, index };
    if (this.#afterwards) this.#untold.set(index, item);
    if (this.#command.telling.progress > 1) return;
    if (!this.#afterwards) this.#print(entry, item);
    this.#meter.start();
  }

  #step(bytes: number): void {
    const shown = this.#meter.hasShown ? bytes : Math.min(bytes, firstBytes);
    if (this.#command.telling.progress > 0) this.#meter.show(this.#position(shown));
    this.#course?.at(this.#current?.index ?? 0, bytes);
  }

  #endFile(entry: FileEntry, outcome: SendOutcome, index: number): void {
    const item = this.#untold.get(index);
    this.#untold.delete(index);
    if (!("bytes" in outcome)) {
      this.#tellUnsent(entry, outcome);
      return;
    }
    this.#current = { entry, index };
    const { progress } = this.#command.telling;
    const first = Math.min(outcome.bytes, firstBytes);
    // Also of what is through at once there are two lines, as rsync's first piece is a small one.
    if (progress > 0 && first > 0 && !this.#meter.hasShown) {
      this.#meter.show(this.#position(first));
    }
    this.#files += 1;
    if (progress > 0) this.#meter.complete(this.#position(outcome.bytes));
    if (progress === 1) this.#outputs.out("\n");
    if (item !== undefined) this.#print(entry, item, outcome.traffic);
    this.#doneBytes += outcome.bytes;
    this.#course?.sent(index, outcome.bytes);
  }

  #tellUnsent({ path }: FileEntry, outcome: SendOutcome): void {
    const name = displayPath(path);
    if (outcome.kind === "vanished") this.#outputs.err(`file has vanished: ${name}\n`);
    if (outcome.kind === "unreadable") {
      this.#outputs.err(`sersync: cannot read ${name}: ${outcome.cause.message}\n`);
    }
  }

  #position(ofCurrent: number): Position {
    const { entry, index = 0 } = this.#current ?? {};
    const ofFile = this.#command.telling.progress === 1;
    return {
      bytes: ofFile ? ofCurrent : this.#doneBytes + ofCurrent,
      totalBytes: ofFile ? Math.max(entry?.size ?? 0, ofCurrent) : this.#totalBytes,
      files: this.#files,
      left: Math.max(0, this.#all - index - 1),
      all: this.#all,
      isListing: this.#isListing,
    };
  }
}

/** What a line is about, but for what goes for all lines. */
type Told = Omit<Line, "sum" | "keepsOwner" | "keepsGroup"> & { readonly isTransfer: boolean };

const noEntry = { size: 0, mtimeSeconds: 0, mtimeNanoseconds: 0, uid: 0, gid: 0 } as const;
