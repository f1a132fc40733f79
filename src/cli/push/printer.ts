import {
  type BytePath,
  displayPath,
  type FileEntry,
  type Item,
  isDirectory,
  itemFlags,
  type PushObserver,
  type SendOutcome,
} from "../../../protocol/index.ts";
import type { ProgressOutput } from "../progress-line.ts";
import type { PushCommand } from "./command.ts";
import { Course } from "./course.ts";
import { compileFormat, type Line, shownPath } from "./format.ts";
import { type Direction, isSignificant, itemize } from "./itemize.ts";
import { Meter, type Position } from "./meter.ts";

/** Where a push tells what it does. */
export interface Outputs {
  /** What `-q` silences. */
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Where it is told how far the whole is, of itself; undefined: nowhere. */
  readonly progress?: ProgressOutput | undefined;
}

/** Prints while a push runs what rsync would print. */
export class Printer {
  readonly #outputs: Outputs;
  readonly #command: Pick<PushCommand, "telling" | "transfer">;
  readonly #direction: Direction;
  readonly #format: ((line: Line) => string) | undefined;
  readonly #meter: Meter;
  readonly #course: Course | undefined;
  #all = 0;
  #isListing = true;
  #totalBytes = 0;
  #files = 0;
  #doneBytes = 0;
  #current: { readonly entry: FileEntry; readonly index: number } | undefined;

  constructor(
    command: Pick<PushCommand, "telling" | "transfer">,
    outputs: Outputs,
    direction: Direction = "send",
  ) {
    const { format, human } = command.telling;
    this.#command = command;
    this.#direction = direction;
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
        if (severity === "info") this.#outputs.out(`${text}\n`);
        else this.#outputs.err(`${text}\n`);
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
    const { dryRun = false } = this.#command.transfer;
    if ((item.flags & itemFlags.transfer) !== 0) {
      if (dryRun) this.#print(entry, item);
      return;
    }
    const { itemizes, tellsAll } = this.#command.telling;
    const isNamed = item.name !== undefined && item.name !== "";
    const isDone = (item.flags & itemFlags.localChange) !== 0 || isDirectory(entry);
    const differs = isSignificant(item) && (itemizes || isDone);
    if (differs || isNamed || (itemizes && tellsAll)) this.#print(entry, item);
  }

  #print(entry: FileEntry, item: Item): void {
    if (this.#format === undefined) return;
    const keepsTimes = this.#command.transfer.times ?? false;
    const text = itemize(entry, item, { keepsTimes, direction: this.#direction });
    const operation = this.#direction === "send" ? "send" : "recv";
    // The name of a transfer is that of what it was put together from.
    const linkedTo = (item.flags & itemFlags.transfer) === 0 ? item.name : undefined;
    const line = { entry, item: text, operation, linkedTo } as const;
    this.#outputs.out(`${this.#format(line)}\n`);
  }

  #tellDeleted(path: BytePath, wasDirectory: boolean): void {
    const { itemizes, tellsDeletions, format = "" } = this.#command.telling;
    if (this.#format !== undefined && (itemizes || format.includes("%o"))) {
      const entry = { ...noEntry, path, mode: wasDirectory ? 0o40000 : 0 };
      const line = { entry, item: "*deleting  ", operation: "del." } as const;
      this.#outputs.out(`${this.#format(line)}\n`);
    } else if (tellsDeletions) {
      this.#outputs.out(`deleting ${shownPath(path, wasDirectory)}\n`);
    }
  }

  #beginFile(entry: FileEntry, item: Item, index: number): void {
    this.#current = { entry, index };
    if (this.#command.telling.progress < 2) {
      this.#print(entry, item);
      this.#meter.start();
    }
  }

  #step(bytes: number): void {
    if (this.#command.telling.progress > 0) this.#meter.show(this.#position(bytes));
    this.#course?.at(this.#current?.index ?? 0, bytes);
  }

  #endFile(entry: FileEntry, outcome: SendOutcome, index: number): void {
    if (!("bytes" in outcome)) {
      this.#tellUnsent(entry, outcome);
      return;
    }
    this.#files += 1;
    this.#current = { entry, index };
    const { progress } = this.#command.telling;
    if (progress > 0) this.#meter.complete(this.#position(outcome.bytes));
    if (progress === 1) this.#outputs.out("\n");
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

/**
 * On a terminal a bar, unless `--progress` draws its own or `-q` wants quiet; elsewhere lines now and
 * then, but only for who wants to be told something: others may be a schedule that mails what is said.
 */
function courseOf(
  { telling, transfer }: Pick<PushCommand, "telling" | "transfer">,
  { progress }: Outputs,
): Course | undefined {
  const { quiet, stats, progress: asked } = telling;
  if (progress === undefined || quiet || transfer.dryRun) return undefined;
  const isWanted = progress.columns === undefined ? stats + asked > 0 : asked === 0;
  return isWanted ? new Course(progress) : undefined;
}

/** The same outputs; what is written there makes the bar go away before. */
function besides(course: Course | undefined, { out, err, ...others }: Outputs): Outputs {
  if (course === undefined) return { out, err, ...others };
  const cleared =
    (write: (text: string) => void) =>
    (text: string): void => {
      course.clear();
      write(text);
    };
  return { ...others, out: cleared(out), err: cleared(err) };
}

const noEntry = { size: 0, mtimeSeconds: 0, mtimeNanoseconds: 0, uid: 0, gid: 0 } as const;
