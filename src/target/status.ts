import type { PendingPath, PendingSummary } from "../pending/pending.ts";
import type { Activity, ReconcileScope } from "../push/message.ts";
import type { OutageStatus } from "./outage.ts";

/** What is to be done at a target, as one mirror hands it over to the next. */
export interface Backlog {
  readonly paths: readonly PendingPath[];
  /** A comparison that was asked for and is not complete. */
  readonly owed: ReconcileScope | undefined;
  /** Why deletions are held back; undefined: they are not. */
  readonly halted: string | undefined;
}

/** Nothing is to be done. */
export const noBacklog: Backlog = { paths: [], owed: undefined, halted: undefined };

/** How far a comparison of the whole tree is. */
export interface ReconcileStatus {
  /** `wanted`: it waits for the target, or for the one that runs. */
  readonly state: "none" | "wanted" | "running";
  /** Looked at so far, by the one that runs or ran last. */
  readonly entries: number;
  readonly bytes: number;
  /** Entries of the last one that was complete; undefined: none was in this process. */
  readonly expected: number | undefined;
  /** When the last one was complete, in ms since 1970; undefined: never in this process. */
  readonly completedAt: number | undefined;
}

/** Why nothing is deleted at a target for now. */
export interface HaltStatus {
  /** One line for people. */
  readonly reason: string;
  /** ms since 1970 */
  readonly since: number;
  /** Deletions that wait for a person's word, or for the tree to come back. */
  readonly held: number;
}

/** One target at one moment. Times of `pending` and `outage` are `performance.now()`. */
export interface TargetStatus {
  readonly pending: PendingSummary;
  /** Undefined: the target is up, as far as is known. */
  readonly outage: OutageStatus | undefined;
  /** Undefined: deletions are made, where the configuration wants them. */
  readonly halt: HaltStatus | undefined;
  readonly reconcile: ReconcileStatus;
  /** Acknowledged since the start: paths, and bytes of content. */
  readonly delivered: number;
  readonly deliveredBytes: number;
  /** Refusals of single paths since the start, repetitions included. */
  readonly failed: number;
  /** Batches and comparisons under way. */
  readonly running: number;
  /** A person wants nothing to be begun for now. */
  readonly paused: boolean;
  readonly activity: Activity;
  /** ms since 1970 of the last acknowledgement; undefined: none yet. */
  readonly lastDeliveryAt: number | undefined;
  readonly lastError: { readonly text: string; readonly at: number } | undefined;
}
