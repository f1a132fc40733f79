import type { BytePath } from "../../protocol/index.ts";
import type { Delivery } from "../push/delivery.ts";
import type { JobFailure, PathFailure, ReconcileScope } from "../push/message.ts";
import type { PushThreads } from "../push/threads.ts";

/** What is told of a target; all of it is for people and counters. */
export interface TargetEvents {
  /**
   * `sinceMs`: from when the change was seen to its acknowledgement; where a comparison found it,
   * which `isChange` denies, from the comparison's beginning.
   */
  delivered(delivery: Delivery, sinceMs: number, isChange: boolean): void;
  /** One path is refused, for the `attempts`th time; it is tried again in `retryMs`. */
  failed(failure: PathFailure, retryMs: number, attempts: number): void;
  /** The target cannot be used; it is tried again in `retryMs`. */
  down(failure: JobFailure, retryMs: number): void;
  /** `outageMs`: how long it was down. */
  up(outageMs: number): void;
  /** A comparison has looked at so much so far. */
  comparing(entries: number, bytes: number): void;
  reconciled(entries: number, bytes: number, ms: number): void;
  /** Nothing is deleted at the target from now on, for this reason. */
  halted(reason: string): void;
  /** Deletions are made again; so many had been held back. */
  resumed(held: number): void;
  /** A step on the way, for who looks for a fault: a job begins or ends, a path is put off. */
  stepped(step: string, details: StepDetails): void;
}

/** What a step is about: how many paths, the first of them, and whatever else explains it. */
export interface StepDetails extends Readonly<Record<string, unknown>> {
  readonly path?: BytePath | undefined;
  readonly first?: BytePath | undefined;
  readonly reason?: string | undefined;
}

export interface TargetOptions {
  readonly id: number;
  readonly threads: PushThreads;
  readonly events: TargetEvents;
  /**
   * How many batches may be under way at the same time; default 2: while they are, the next one grows,
   * and a session costs the daemon as much as thirty files.
   */
  readonly mostBatches?: number;
  /** More pending paths than these are gathered into whole trees; default 200,000. */
  readonly pendingLimit?: number;
  /** A path refused so often is left to {@link retryMs}; default 4. */
  readonly patience?: number;
  /** How often such a path is tried again; default one hour. */
  readonly retryMs?: number;
  /** What a comparison may do that nobody has asked for; default: delete nothing. */
  readonly unasked?: ReconcileScope;
}

/** What a target does about which its options say nothing. */
export const targetDefaults: Readonly<
  Required<Pick<TargetOptions, "mostBatches" | "patience" | "retryMs" | "unasked">>
> = { mostBatches: 2, patience: 4, retryMs: 3_600_000, unasked: { deletes: false } };
