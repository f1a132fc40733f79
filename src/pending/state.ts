import type { BytePath } from "../../protocol/index.ts";

/** A path that may differ at one target. */
export interface PendingPath {
  readonly path: BytePath;
  /** Everything below it may differ too. */
  readonly whole: boolean;
  /** When the oldest undelivered change was seen; `performance.now()`. */
  readonly since: number;
  /** How often delivery has failed. */
  readonly attempts: number;
  /** Why it failed last; absent when it has not failed. */
  readonly reason?: string;
  /** It goes on only where size or time differ: an rsync put it here, or it changed elsewhere. */
  readonly arrived?: boolean;
}

/** The same, as the set keeps it. */
export interface State {
  whole: boolean;
  since: number;
  attempts: number;
  /** Not to be taken before this time, after a failure. */
  notBefore: number;
  /** A moved object's old name goes only when its new name has arrived. */
  after: BytePath | undefined;
  reason: string | undefined;
  arrived: boolean;
}

/** A path that nothing is known of but its name. */
export const fresh: State = {
  whole: false,
  since: 0,
  attempts: 0,
  notBefore: 0,
  after: undefined,
  reason: undefined,
  arrived: false,
};

/** What others see of a path. */
export function pendingPath(path: BytePath, state: State): PendingPath {
  const { whole, since, attempts, reason, arrived } = state;
  const base = { path, whole, since, attempts };
  if (reason === undefined && !arrived) return base;
  return { ...base, ...(reason !== undefined && { reason }), ...(arrived && { arrived }) };
}

/** Two paths as one: as old as the older, as patient as the less patient of them. */
export function merged(one: State, other: State): State {
  return {
    ...one,
    since: Math.min(one.since, other.since),
    attempts: Math.max(one.attempts, other.attempts),
    notBefore: Math.min(one.notBefore, other.notBefore),
    reason: one.reason ?? other.reason,
  };
}
