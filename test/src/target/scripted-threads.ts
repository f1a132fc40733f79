import { asBytePath } from "../../../protocol/index.ts";
import type { Delivery } from "../../../src/push/delivery.ts";
import type {
  AskedPath,
  JobFailure,
  Look,
  PathFailure,
  Unsettled,
} from "../../../src/push/message.ts";
import type { Comparison, JobListener, PushThreads } from "../../../src/push/threads.ts";
import { Target, type TargetEvents, type TargetOptions } from "../../../src/target/target.ts";

/** A job that a target gave to its push thread; the test says what comes of it. */
export class ScriptedJob {
  /** What it was asked for; "" alone is a comparison of the whole tree. */
  readonly paths: readonly string[];
  /** How a comparison was ordered, in words; "" for a delivery. */
  readonly order: string;
  readonly #listener: JobListener;

  constructor(paths: readonly string[], listener: JobListener, order = "") {
    this.paths = paths;
    this.order = order;
    this.#listener = listener;
  }

  delivered(...paths: string[]): void {
    this.#deliver(paths, "file");
  }

  /** Settles paths for which there was nothing to do. */
  spared(...paths: string[]): void {
    this.#deliver(paths, "nothing");
  }

  failed(...paths: string[]): void {
    this.failedBecause("refused", ...paths);
  }

  failedBecause(reason: string, ...paths: string[]): void {
    this.#listener.failed(paths.map((path) => ({ path: asBytePath(path), reason })));
  }

  held(...paths: string[]): void {
    this.#listener.held(paths.map(asBytePath));
  }

  /** What the guard says of a comparison's deletions. */
  judged(allowed: boolean): void {
    this.#listener.judged?.({ allowed, extraneous: 900, listed: 100 });
  }

  again(...paths: string[]): void {
    this.#listener.again(paths.map(asBytePath));
  }

  onlyLongLeft(): void {
    this.#listener.onlyLongLeft?.();
  }

  /** What was in the way of these paths is over. */
  freed(...paths: string[]): void {
    this.#listener.freed(paths.map(asBytePath));
  }

  progress(entries: number, bytes: number): void {
    this.#listener.progress?.(entries, bytes);
  }

  end(failure?: JobFailure): void {
    this.#listener.finished(failure);
  }

  /** Everything it was asked for has arrived. */
  succeed(): void {
    this.delivered(...this.paths);
    this.end();
  }

  #deliver(paths: readonly string[], kind: Delivery["kind"]): void {
    this.#listener.delivered(paths.map((path) => ({ path: asBytePath(path), kind, bytes: 1 })));
  }
}

/** A target whose push threads do what the test says, and what it told of itself. */
export interface ScriptedTarget {
  readonly target: Target;
  /** Jobs in the order in which they were given; takes the first. */
  readonly next: () => ScriptedJob;
  /** How many jobs have been given and not been looked at. */
  readonly waiting: number;
  /** Says that a path must be looked at again, outside of any job. */
  readonly unsettle: (path: string) => void;
  /** Says whether it could be reached when nothing was to be sent. */
  readonly look: (failure?: JobFailure) => void;
  /** What was told, as short lines. */
  readonly told: string[];
}

export function scriptedTarget(options: Partial<TargetOptions> = {}): ScriptedTarget {
  const jobs: ScriptedJob[] = [];
  const told: string[] = [];
  let unsettle: (path: Unsettled) => void = () => {};
  let look: (look: Look) => void = () => {};
  const threads = {
    onUnsettled: (_id: number, listener: (path: Unsettled) => void) => {
      unsettle = listener;
    },
    onLook: (_id: number, listener: (look: Look) => void) => {
      look = listener;
    },
    prepare: () => told.push("looking"),
    deliver: (_id: number, paths: readonly AskedPath[], listener: JobListener) => {
      const names = paths.map(({ path }) => path);
      jobs.push(new ScriptedJob(names, listener));
    },
    settle: () => Promise.resolve(),
    reconcile: (_id: number, { scope, resumes }: Comparison, listener: JobListener) => {
      const how = [scope.deletes ? "deletes" : "keeps", ...(scope.excludes ?? [])];
      if (scope.unguarded) how.push("unguarded");
      if (resumes) how.push("resumes");
      jobs.push(new ScriptedJob([""], listener, how.join(" ")));
    },
    activity: () => ({ warm: 0, inFlight: 0, sending: [] }),
    steer: (_id: number, order: string) => told.push(order),
    holdDeletions: (_id: number, holds: boolean) => told.push(holds ? "holding" : "not holding"),
  };
  const target = new Target({
    id: 0,
    threads: threads as unknown as PushThreads,
    events: teller(told),
    ...options,
  });
  return {
    target,
    told,
    unsettle: (path) => unsettle({ path: asBytePath(path) }),
    look: (failure) => look({ retryMs: 1_000, ...(failure && { failure }) }),
    get waiting() {
      return jobs.length;
    },
    next: () => {
      const job = jobs.shift();
      if (job === undefined) throw new Error("the target has given no job");
      return job;
    },
  };
}

function teller(told: string[]): TargetEvents {
  return {
    delivered: ({ path }: Delivery, sinceMs) => told.push(`delivered ${path} ${sinceMs} ms`),
    failed: ({ path, reason }: PathFailure) => told.push(`failed ${path}: ${reason}`),
    down: ({ code }: JobFailure) => told.push(`down ${code}`),
    up: () => told.push("up"),
    comparing: () => {},
    halted: (reason) => told.push(`halted: ${reason}`),
    resumed: (held) => told.push(`resumed with ${held}`),
    stepped: () => {},
    reconciled: (entries, bytes) => told.push(`reconciled ${entries} ${bytes}`),
  };
}
