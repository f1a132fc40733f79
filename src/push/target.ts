import type { BytePath } from "../../protocol/index.ts";
import { type PendingPath, PendingSet } from "../pending/pending.ts";
import type { Change } from "../watch/change.ts";
import type { Delivery, JobFailure, PathFailure } from "./message.ts";
import {
  changingBackoff,
  pathBackoff,
  retryDelay,
  standingBackoff,
  targetBackoff,
} from "./retry.ts";
import type { JobListener, PushThreads } from "./threads.ts";

/** What is told of a target; all of it is for people and counters. */
export interface TargetEvents {
  /** `sinceMs`: from when the change was seen to its acknowledgement. */
  delivered(delivery: Delivery, sinceMs: number): void;
  /** One path is refused; it is tried again in `retryMs`. */
  failed(failure: PathFailure, retryMs: number): void;
  /** The target cannot be used; it is tried again in `retryMs`. */
  down(failure: JobFailure, retryMs: number): void;
  up(): void;
  reconciled(entries: number, bytes: number, ms: number): void;
}

export interface TargetOptions {
  readonly id: number;
  readonly threads: PushThreads;
  readonly events: TargetEvents;
  /** How many batches may be under way at the same time; default 4. */
  readonly mostBatches?: number;
}

/** A batch has at most this many paths: what fails with it is little, what it saves is enough. */
const pathsPerBatch = 1_000;

/**
 * One remote: what may differ there, what is under way, and whether it can be used at all. A target
 * in trouble keeps its pending paths, costs nothing else, and delays nobody.
 *
 * An idle target gets a change at once; while batches are under way the next one grows.
 */
export class Target {
  readonly #id: number;
  readonly #threads: PushThreads;
  readonly #events: TargetEvents;
  readonly #mostBatches: number;
  readonly #pending = new PendingSet();
  /** Batches that others wait for, and everything that is under way. */
  #batches = 0;
  #running = 0;
  #reconcile: "none" | "wanted" | "running" | "running, wanted again" = "none";
  /** Consecutive failures of the target as a whole; 0 while it is up. */
  #failures = 0;
  /** Nothing is tried before this time. */
  #downUntil = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;
  #onIdle: (() => void) | undefined;

  constructor({ id, threads, events, mostBatches = 4 }: TargetOptions) {
    this.#id = id;
    this.#threads = threads;
    this.#events = events;
    this.#mostBatches = mostBatches;
    threads.onUnsettled(id, (path) => this.add([{ kind: "path", path }]));
  }

  /** Paths not delivered yet, and since when the oldest waits. */
  get backlog(): { readonly paths: number; readonly oldest: number | undefined } {
    return { paths: this.#pending.size, oldest: this.#pending.oldest() };
  }

  /** What may differ now. */
  add(changes: readonly Change[]): void {
    const now = performance.now();
    for (const change of changes) {
      if (change.kind === "tree" && change.path === "") this.reconcile();
      else this.#pending.add(change, now);
    }
    this.#pump();
  }

  /** Compares the whole tree, beside the changes that come in meanwhile. */
  reconcile(): void {
    this.#reconcile = this.#reconcile.startsWith("running") ? "running, wanted again" : "wanted";
    this.#pump();
  }

  /** Takes nothing more; resolves when what is under way has ended. */
  async drain(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    if (this.#running === 0) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
  }

  #pump(): void {
    if (this.#stopping) return;
    const now = performance.now();
    if (now >= this.#downUntil) this.#startJobs(now);
    this.#wakeWhenDue(now);
  }

  #startJobs(now: number): void {
    // A target that was down is probed with one job; success opens it for all.
    const isProbe = this.#failures > 0;
    if (isProbe && this.#running > 0) return;
    if (this.#reconcile === "wanted") this.#startReconcile(now);
    const room = isProbe ? 1 - this.#running : this.#mostBatches - this.#batches;
    for (let batch = 0; batch < room; batch += 1) {
      const paths = this.#pending.take(isProbe ? 1 : pathsPerBatch, now);
      if (paths.length === 0) break;
      this.#startDelivery(paths);
    }
  }

  #startDelivery(taken: readonly PendingPath[]): void {
    const paths = new Map(taken.map((path) => [path.path, path]));
    let holdsOthers = true;
    const release = (): void => {
      if (holdsOthers) this.#batches -= 1;
      holdsOthers = false;
    };
    this.#batches += 1;
    this.#running += 1;
    this.#threads.deliver(this.#id, taken, {
      ...this.#listener(paths),
      onlyLongLeft: () => {
        release();
        this.#pump();
      },
      finished: (failure) => {
        release();
        for (const path of paths.keys()) {
          if (failure !== undefined) this.#pending.again(path);
          else this.#failed({ path, reason: "nothing was heard of it" }, paths);
        }
        this.#finished(failure);
      },
    });
  }

  #startReconcile(started: number): void {
    this.#running += 1;
    this.#reconcile = "running";
    let entries = 0;
    let bytes = 0;
    this.#threads.reconcile(this.#id, {
      ...this.#listener(new Map(), started),
      progress: (...counts) => {
        [entries, bytes] = counts;
      },
      finished: (failure) => {
        const again = failure !== undefined || this.#reconcile === "running, wanted again";
        this.#reconcile = again ? "wanted" : "none";
        if (failure === undefined) {
          this.#isUp();
          this.#events.reconciled(entries, bytes, performance.now() - started);
        }
        this.#finished(failure);
      },
    });
  }

  /** Settles the paths of a job one by one; those that stay in `paths` are not settled yet. */
  #listener(
    paths: Map<BytePath, PendingPath>,
    started = performance.now(),
  ): Omit<JobListener, "finished"> {
    return {
      delivered: (deliveries) => {
        const now = performance.now();
        if (deliveries.some(({ kind }) => kind !== "nothing")) this.#isUp();
        for (const delivery of deliveries) {
          const since = paths.get(delivery.path)?.since ?? started;
          if (paths.delete(delivery.path)) this.#pending.delivered(delivery.path);
          if (delivery.kind !== "nothing") this.#events.delivered(delivery, now - since);
        }
        this.#pump();
      },
      failed: (failures) => {
        this.#isUp();
        for (const failure of failures) this.#failed(failure, paths);
      },
      again: (again) => {
        const now = performance.now();
        for (const path of again) {
          const attempts = (paths.get(path)?.attempts ?? 0) + 1;
          if (!paths.delete(path)) this.#pending.add({ kind: "path", path }, now);
          else this.#pending.later(path, now, now + retryDelay(attempts, changingBackoff));
        }
        this.#pump();
      },
    };
  }

  #failed(failure: PathFailure, paths: Map<BytePath, PendingPath>): void {
    const { path } = failure;
    const now = performance.now();
    const delay = retryDelay((paths.get(path)?.attempts ?? 0) + 1, pathBackoff);
    paths.delete(path);
    this.#pending.later(path, now, now + delay);
    this.#events.failed(failure, delay);
  }

  #finished(failure: JobFailure | undefined): void {
    this.#running -= 1;
    if (failure !== undefined) this.#isDown(failure);
    if (this.#running === 0) this.#onIdle?.();
    this.#pump();
  }

  #isUp(): void {
    if (this.#failures === 0) return;
    this.#failures = 0;
    this.#downUntil = 0;
    this.#events.up();
  }

  #isDown(failure: JobFailure): void {
    const now = performance.now();
    if (this.#stopping || now < this.#downUntil) return; // other batches that failed with the first
    this.#failures += 1;
    const backoff = failure.retryable ? targetBackoff : standingBackoff;
    const delay = retryDelay(this.#failures, backoff);
    this.#downUntil = now + delay;
    this.#events.down(failure, delay);
  }

  /** Comes back when the target, or the first path that failed, may be tried again. */
  #wakeWhenDue(now: number): void {
    clearTimeout(this.#timer);
    const due = this.#reconcile === "wanted" ? 0 : this.#pending.nextDue();
    if (due === undefined || this.#stopping) return;
    const at = Math.max(due, this.#downUntil);
    // What is due already waits for something under way, whose end comes back here by itself. That
    // holds only for the moment that was looked at: what fell due since has not been tried.
    if (at > now) this.#timer = setTimeout(() => this.#pump(), Math.ceil(at - now));
  }
}
