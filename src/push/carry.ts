import type { BytePath, FileEntry, Rename } from "../../protocol/index.ts";
import type { Rules } from "../filter/rules.ts";
import type { BatchOptions } from "./batch.ts";
import type { Delivery } from "./delivery.ts";
import type { GuardVerdict } from "./guard.ts";
import type { SessionKind } from "./kinds.ts";
import type { PathFailure } from "./message.ts";
import type { Sessions } from "./sessions.ts";

/** What is told of the paths of a job while it runs. */
export interface CarrierReport {
  /** Acknowledged by the daemon. */
  delivered(delivery: Delivery): void;
  failed(failure: PathFailure): void;
  /** To be looked at again: soon, or when what is in its way is over. */
  again(path: BytePath, until?: Promise<void>): void;
  /** To be deleted, and held back. */
  held(path: BytePath): void;
  /** What the guard said of the deletions that a comparison found. */
  judged?(verdict: GuardVerdict): void;
  /** Small changes are through; what is left are large files and whole trees. */
  onlyLongLeft?(): void;
}

/** Carries entries to one target. */
export interface EntryCarrier {
  /** What batches for it are built with now. */
  readonly options: BatchOptions;
  readonly rules: Rules;
  readonly sessions: Sessions;
  /** @throws what ended the session; entries that were not reported by then are undelivered. */
  carry(options: CarryOptions, report: CarrierReport): Promise<void>;
  /** Carries what is looked at when it is its turn, and of which nothing is told. */
  carryWhenDue(
    kind: SessionKind,
    look: () => readonly FileEntry[],
    report: CarrierReport,
  ): Promise<void>;
}

/** Told how the daemon treated an entry, and whether its end is of interest at all. */
export interface CarryOptions {
  readonly kind: SessionKind;
  readonly entries: readonly FileEntry[];
  /** The entries lie at and below its new name, and are linked from below its old one. */
  readonly renamed?: Rename;
  /** True for the entries whose end is reported; the others are there for those below them. */
  readonly reports: (path: BytePath) => boolean;
  /** Nothing of it is left out: it waits for what is in its way. Default false. */
  readonly isWhole?: boolean;
  /**
   * Asked where time has passed since it was decided what to do; what is not due any more is to be
   * looked at again. Default: a deletion is due while the object is gone, all else always.
   */
  readonly isDue?: (entry: FileEntry) => boolean;
  /** Entries that were in place already are not reported. Default false. */
  readonly onlyChanges?: boolean;
  /** A directory did not exist at the target before. */
  readonly onCreated?: (path: BytePath) => void;
  /** An entry has become a link to another one at the target, by the daemon's own doing. */
  readonly onLinked?: (path: BytePath) => void;
}
