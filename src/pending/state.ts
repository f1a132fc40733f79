import type { BytePath } from "../../protocol/index.ts";
import type { PathMap } from "./path-map.ts";

/** A path that may differ at one target. */
export interface PendingPath {
  readonly path: BytePath;
  /** Everything below it may differ too. */
  readonly whole: boolean;
  /** When the oldest undelivered change was seen; `performance.now()`. */
  readonly since: number;
  /** How often delivery has failed. */
  readonly attempts: number;
  /** How often it was tried in vain, failed or not, since it changed last. Default 0. */
  readonly tries?: number;
  /** Why it failed last; absent when it has not failed. */
  readonly reason?: string;
  /** It goes on only where size or time differ: an rsync put it here, or it changed elsewhere. */
  readonly arrived?: boolean;
  /** What the target has there is something else, whatever size and time say. Default false. */
  readonly resend?: boolean;
  /** The target has it under this name, which is in flight too and has to go. */
  readonly renamedFrom?: BytePath;
  /** Nothing but the end of a name whose object has moved to this one, which comes first. */
  readonly after?: BytePath;
}

/** How much a set holds, for status pages. */
export interface PendingSummary {
  /** Paths that have not been delivered, those in flight among them. */
  readonly paths: number;
  /** How many of them stand for everything below them. */
  readonly trees: number;
  readonly inFlight: number;
  /** How many have failed at least once. */
  readonly refused: number;
  /** When the oldest undelivered change was seen; undefined when all is delivered. */
  readonly oldest: number | undefined;
}

/** The same, as the set keeps it. */
export interface State {
  whole: boolean;
  since: number;
  attempts: number;
  /** In vain, since it changed last; more than the attempts where it was changing meanwhile. */
  tries: number;
  /** Not to be taken before this time, after a failure. */
  notBefore: number;
  /** A moved object's old name goes only when its new name has arrived. */
  after: BytePath | undefined;
  /** The name that was moved to this one last; what the target has of the object may be there. */
  former: BytePath | undefined;
  reason: string | undefined;
  arrived: boolean;
  /** What the target has there is something else, whatever size and time say. */
  resend: boolean;
  /** Nothing but the end of a name whose object has moved away. */
  leaving: boolean;
  /** While in flight: where the target has it. */
  origin: BytePath | undefined;
}

/** A path that nothing is known of but its name. */
export const fresh: State = {
  whole: false,
  since: 0,
  attempts: 0,
  tries: 0,
  notBefore: 0,
  after: undefined,
  former: undefined,
  reason: undefined,
  arrived: false,
  resend: false,
  leaving: false,
  origin: undefined,
};

/** What others see of a path. */
export function pendingPath(path: BytePath, state: State): PendingPath {
  const { whole, since, attempts, tries, reason, arrived, resend, origin, leaving, after } = state;
  return {
    path,
    whole,
    since,
    attempts,
    ...(tries > 0 && { tries }),
    ...(reason !== undefined && { reason }),
    ...(arrived && { arrived }),
    ...(resend && { resend }),
    ...(origin !== undefined && { renamedFrom: origin }),
    ...(leaving && after !== undefined && { after }),
  };
}

/** The same the other way round, when it was pending elsewhere; as what it was renamed is forgotten. */
export function stateOf({
  whole,
  since,
  attempts,
  reason,
  resend = false,
  after,
}: PendingPath): State {
  const state = { ...fresh, whole, since, attempts, tries: attempts, reason, resend };
  return after === undefined ? state : { ...state, leaving: true, after };
}

/** Why a path has not been taken by the target. */
export interface Refusal {
  /** Undefined: it was not the target that would not have it. */
  readonly reason?: string;
  /** Nothing below it has been taken, either. Default false. */
  readonly whole?: boolean;
}

/** It was tried in vain, and waits until `notBefore`. */
export function refused(state: State, notBefore: number, refusal: Refusal): State {
  const { since, former, resend, leaving, after } = state;
  const { reason, whole = false } = refusal;
  return {
    ...fresh,
    ...(leaving && { leaving, after }),
    whole: state.whole || whole,
    since,
    former,
    resend,
    attempts: state.attempts + (reason === undefined ? 0 : 1),
    tries: state.tries + 1,
    notBefore,
    reason,
  };
}

/** It waits, and has changed again. */
export function renew(known: State, news: State): void {
  known.whole ||= news.whole;
  known.tries = 0;
  known.after = news.after;
  known.former = news.former ?? known.former;
  known.arrived = news.arrived;
  known.leaving = news.leaving;
  known.resend ||= news.resend;
  known.since = Math.min(known.since, news.since);
}

/** It waits again behind what was in flight and comes back. */
export function rejoin(known: State, back: Omit<State, "origin">): void {
  known.whole ||= back.whole;
  known.resend ||= back.resend;
  known.former ??= back.former;
  known.arrived &&= back.arrived; // one of the two changes was made here
  known.since = Math.min(known.since, back.since);
}

/** Counts what waits and what is in flight. */
export function summarized(waiting: PathMap<State>, inFlight: PathMap<State>): PendingSummary {
  let oldest: number | undefined;
  let trees = 0;
  let refused = 0;
  for (const states of [waiting, inFlight]) {
    for (const { since, whole, attempts } of states.values()) {
      if (oldest === undefined || since < oldest) oldest = since;
      if (whole) trees += 1;
      if (attempts > 0) refused += 1;
    }
  }
  const paths = waiting.size + inFlight.size;
  return { paths, trees, inFlight: inFlight.size, refused, oldest };
}

/** Two paths as one: as old as the older, as patient as the less patient of them. */
export function merged(one: State, other: State): State {
  return {
    ...one,
    since: Math.min(one.since, other.since),
    attempts: Math.max(one.attempts, other.attempts),
    notBefore: Math.min(one.notBefore, other.notBefore),
    reason: one.reason ?? other.reason,
    resend: one.resend || other.resend,
  };
}
