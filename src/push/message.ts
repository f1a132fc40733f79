import type { BytePath, FailureCode, Target, TransferOptions } from "../../protocol/index.ts";
import type { FilterConfig } from "../filter/filter.ts";
import type { Identity } from "../watch/directory.ts";
import type { KnownMount } from "../watch/mounts.ts";
import type { PackedDeliveries } from "./delivery.ts";
import type { GuardOptions, GuardVerdict } from "./guard.ts";
import type { SessionKind } from "./kinds.ts";

/** A path that may differ at the target. */
export interface AskedPath {
  readonly path: BytePath;
  /** Everything below it may differ too. */
  readonly whole: boolean;
  /** An rsync put it there: it is sent only when size or time differ. Default false. */
  readonly arrived?: boolean;
  /** Its content is sent where size and time are equal, too. Default false. */
  readonly resend?: boolean;
  /** The target has all of it under this name, which is asked for too. */
  readonly renamedFrom?: BytePath;
}

/** Everything a push thread must know of one target; plain data. */
export interface TargetSettings {
  readonly id: number;
  readonly target: Target;
  /** The watched directory, absolute, as a byte string. */
  readonly root: string;
  /** The directory that was there when watching began; another one is never mirrored. */
  readonly rootIdentity: Identity;
  /** Mounts below the root; where one has gone, what was in it is left alone. */
  readonly mounts: readonly KnownMount[];
  readonly transfer: TransferOptions;
  readonly filter: FilterConfig;
  /** False: nothing is ever deleted at the target. */
  readonly deletes: boolean;
  /** Another directory is mirrored there, too: a comparison deletes nothing. Default false. */
  readonly isShared?: boolean | undefined;
  /** How much a comparison may want to delete before a person is asked. */
  readonly guard: GuardOptions;
  /** True: deletions are held back until a comparison passes the guard, or a person allows them. */
  readonly holdsDeletions: boolean;
  /** How many sessions may be in flight at the same time. */
  readonly sessions: number;
  /** Limit of silence during a transfer; absent: the protocol's own. */
  readonly timeoutMs?: number | undefined;
}

/** What a comparison of the whole tree covers, and what may come of it. */
export interface ReconcileScope {
  /** What the target has and the source has not is deleted there. */
  readonly deletes: boolean;
  /** rsync patterns left out, besides the filter. Default: none. */
  readonly excludes?: readonly string[];
  /** A person has allowed the deletions, however many they are. Default false. */
  readonly unguarded?: boolean;
}

/** Main thread to push thread. */
export type Order =
  | { readonly kind: "target"; readonly settings: TargetSettings }
  | {
      readonly kind: "mounts";
      readonly targetId: number;
      readonly mounts: readonly KnownMount[];
    }
  /** Bring these paths into the target's state; `whole` ones with everything below. */
  | {
      readonly kind: "deliver";
      readonly job: number;
      readonly targetId: number;
      readonly paths: readonly AskedPath[];
    }
  /** Do now what nobody waits for, as nothing more comes; or only tell what that would be. */
  | { readonly kind: "settle" | "remember"; readonly job: number; readonly targetId: number }
  /** Open the waiting sessions of these kinds now. */
  | {
      readonly kind: "prepare";
      readonly targetId: number;
      readonly kinds: readonly SessionKind[];
    }
  /** Compare the whole tree and bring the target into its state. */
  | {
      readonly kind: "reconcile";
      readonly job: number;
      readonly targetId: number;
      readonly scope: ReconcileScope;
      /** Go on where the one before broke off. */
      readonly resumes: boolean;
    }
  /** Hold deletions back from now on, or no longer. */
  | { readonly kind: "hold deletions"; readonly targetId: number; readonly holds: boolean }
  /** Begin no session from now on; go on; or give up the jobs that wait for that. */
  | { readonly kind: "pause" | "go on" | "give up"; readonly targetId: number }
  | { readonly kind: "close" };

/** A path to be looked at again. */
export interface Unsettled {
  readonly path: BytePath;
  /** It is sent only when size or time differ. Default false. */
  readonly mayBeEqual?: boolean;
}

/** Whether a target could be reached when nothing was to be sent. */
export interface Look {
  /** Absent: it could. */
  readonly failure?: JobFailure;
  /** When it is tried again after a failure, in ms. */
  readonly retryMs: number;
}

/** One path that could not be delivered, and why, in words. */
export interface PathFailure {
  readonly path: BytePath;
  /** What is below it could not be looked at either. Default false. */
  readonly whole?: boolean;
  readonly reason: string;
  /** The daemon did not refuse it: sessions broke. Default false. */
  readonly isBreak?: boolean;
}

/** What goes on at one target, at one moment. */
export interface Activity {
  /** Sessions that wait ready. */
  readonly warm: number;
  /** Sessions that carry something. */
  readonly inFlight: number;
  /** Files whose content is on its way, ten at most. */
  readonly sending: readonly SendingFile[];
}

/** A file whose content is on its way: so many bytes of so many. */
export interface SendingFile {
  readonly path: BytePath;
  readonly bytes: number;
  readonly size: number;
}

/** An error that crossed a thread border. */
export interface JobFailure {
  readonly code: FailureCode | "SOURCE_GONE" | "INTERNAL";
  readonly message: string;
  readonly retryable: boolean;
}

/** Push thread to main thread. */
export type Report =
  /** Acknowledged by the daemon; the paths that were asked for among them are done. */
  | { readonly kind: "delivered"; readonly job: number; readonly deliveries: PackedDeliveries }
  /** Changed or vanished meanwhile, or seen to differ: to be looked at again. */
  | { readonly kind: "again"; readonly job: number; readonly paths: readonly BytePath[] }
  /** Not sent, because another session stood in the way, which is over now. */
  | { readonly kind: "freed"; readonly job: number; readonly paths: readonly BytePath[] }
  | { readonly kind: "failed"; readonly job: number; readonly failures: readonly PathFailure[] }
  /** To be deleted, and held back: the guard has halted deletions. */
  | { readonly kind: "held"; readonly job: number; readonly paths: readonly BytePath[] }
  /** What the guard said of the deletions that a comparison found. */
  | { readonly kind: "judged"; readonly job: number; readonly verdict: GuardVerdict }
  /** The job is over. With a failure, what was not reported before has not been delivered. */
  | { readonly kind: "finished"; readonly job: number; readonly failure?: JobFailure }
  | {
      readonly kind: "progress";
      readonly job: number;
      readonly entries: number;
      readonly bytes: number;
    }
  /** Small changes are through: others need not wait for what is left of this job. */
  | { readonly kind: "only long left"; readonly job: number }
  /** To be looked at again, though no job is under way that it belongs to. */
  | ({ readonly kind: "unsettled"; readonly targetId: number } & Unsettled)
  | ({ readonly kind: "look"; readonly targetId: number } & Look)
  | { readonly kind: "activity"; readonly targetId: number; readonly activity: Activity };
