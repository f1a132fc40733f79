import { Worker } from "node:worker_threads";
import type { BytePath } from "../../protocol/index.ts";
import type { KnownMount } from "../watch/mounts.ts";
import { type Delivery, unpackDeliveries } from "./delivery.ts";
import type { GuardVerdict } from "./guard.ts";
import type { SessionKind } from "./kinds.ts";
import type {
  Activity,
  AskedPath,
  JobFailure,
  Look,
  Order,
  PathFailure,
  ReconcileScope,
  Report,
  TargetSettings,
  Unsettled,
} from "./message.ts";

/** Told while a job runs. `finished` is the last call. */
export interface JobListener {
  delivered(deliveries: readonly Delivery[]): void;
  failed(failures: readonly PathFailure[]): void;
  again(paths: readonly BytePath[]): void;
  /** Another session stood in the way of these paths, and is over: they may be tried at once. */
  freed(paths: readonly BytePath[]): void;
  /** Deletions that the guard holds back. */
  held(paths: readonly BytePath[]): void;
  /** What the guard said of what a comparison would delete. */
  judged?(verdict: GuardVerdict): void;
  progress?(entries: number, bytes: number): void;
  /** Only large files and whole trees are left: others need not wait for them. */
  onlyLongLeft?(): void;
  finished(failure: JobFailure | undefined): void;
}

/** A comparison of the whole tree. */
export interface Comparison {
  readonly scope: ReconcileScope;
  /** It goes on where the one before broke off. */
  readonly resumes: boolean;
}

/**
 * The thread of these targets has failed, and a new one knows nothing of them: each must be added
 * again before the call returns. Then their jobs end as failed.
 */
export type OnRestart = (targetIds: readonly number[], error: Error) => void;

/** A program whose threads fail more often than that cannot go on. */
const mostFailures = 20;
const failuresWithinMs = 60_000;

/** Of a job that speaks of no path. */
const deaf: Omit<JobListener, "finished"> = {
  delivered: () => {},
  failed: () => {},
  again: () => {},
  freed: () => {},
  held: () => {},
};

/**
 * The push threads, as the main thread sees them. Each target belongs to one of them, so that what
 * is in flight to it is known in one place.
 */
export class PushThreads {
  readonly #workers: Worker[];
  readonly #jobs = new Map<number, { readonly listener: JobListener; readonly worker: Worker }>();
  readonly #homes = new Map<number, Worker>();
  readonly #onUnsettled = new Map<number, (path: Unsettled) => void>();
  readonly #onLook = new Map<number, (look: Look) => void>();
  readonly #onRestart: OnRestart;
  readonly #activities = new Map<number, Activity>();
  readonly #open: () => Worker;
  #failedAt: number[] = [];
  #lastJob = 0;
  #closing = false;

  /** `open` starts one; default: the one beside this module. */
  constructor(count: number, onRestart: OnRestart, open: () => Worker = openThread) {
    this.#onRestart = onRestart;
    this.#open = open;
    this.#workers = Array.from({ length: count }, () => this.#start());
  }

  addTarget(settings: TargetSettings): void {
    const worker = this.#workers[settings.id % this.#workers.length] as Worker;
    this.#homes.set(settings.id, worker);
    worker.postMessage({ kind: "target", settings } satisfies Order);
  }

  /** Tells the thread of a target which mounts there are or were below its root. */
  setMounts(targetId: number, mounts: readonly KnownMount[]): void {
    this.#home(targetId).postMessage({ kind: "mounts", targetId, mounts } satisfies Order);
  }

  /** Calls `listener` with paths that no job speaks of and that must be looked at again. */
  onUnsettled(targetId: number, listener: (path: Unsettled) => void): void {
    this.#onUnsettled.set(targetId, listener);
  }

  /** Calls `listener` with whether a target could be reached when nothing was to be sent. */
  onLook(targetId: number, listener: (look: Look) => void): void {
    this.#onLook.set(targetId, listener);
  }

  /** Opens the waiting sessions of these kinds now. */
  prepare(targetId: number, kinds: readonly SessionKind[]): void {
    this.#home(targetId).postMessage({ kind: "prepare", targetId, kinds } satisfies Order);
  }

  deliver(targetId: number, paths: readonly AskedPath[], listener: JobListener): void {
    const job = this.#begin(targetId, listener);
    const order: Order = { kind: "deliver", job, targetId, paths };
    this.#home(targetId).postMessage(order);
  }

  /** Resolves when all that nobody waits for has been done at a target, or cannot be. */
  settle(targetId: number): Promise<void> {
    return this.#ask(targetId, "settle");
  }

  /** Resolves when all of that which is not done has been told of instead, by `onUnsettled`. */
  remember(targetId: number): Promise<void> {
    return this.#ask(targetId, "remember");
  }

  reconcile(targetId: number, comparison: Comparison, listener: JobListener): void {
    const job = this.#begin(targetId, listener);
    const order: Order = { kind: "reconcile", job, targetId, ...comparison };
    this.#home(targetId).postMessage(order);
  }

  /** From now on deletions are held back, or no longer. A target that is added later says so itself. */
  holdDeletions(targetId: number, holds: boolean): void {
    const order: Order = { kind: "hold deletions", targetId, holds };
    this.#homes.get(targetId)?.postMessage(order);
  }

  /**
   * `pause`: no session is begun from now on, those under way end as ever; `go on`; `give up`: what
   * waits for that ends undone.
   */
  steer(targetId: number, kind: "pause" | "go on" | "give up"): void {
    const worker = this.#workers[targetId % this.#workers.length];
    worker?.postMessage({ kind, targetId } satisfies Order);
  }

  /** What goes on at a target, as it was a second ago at most. */
  activity(targetId: number): Activity {
    return this.#activities.get(targetId) ?? { warm: 0, inFlight: 0, sending: [] };
  }

  /** Gives up what is under way and ends the threads. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const worker of this.#workers) worker.postMessage({ kind: "close" } satisfies Order);
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #start(): Worker {
    const worker = this.#open();
    worker.on("message", (report: Report) => this.#receive(report));
    worker.on("error", (error) => {
      if (!this.#closing) this.#failed(worker, error);
    });
    return worker;
  }

  /** Nothing is known of what a dead thread had under way: its jobs fail and are done again. */
  #failed(worker: Worker, error: Error): void {
    const now = performance.now();
    this.#failedAt = [...this.#failedAt.filter((at) => now - at < failuresWithinMs), now];
    if (this.#failedAt.length > mostFailures) throw error;
    this.#workers[this.#workers.indexOf(worker)] = this.#start();
    const targets = [...this.#homes].filter(([, home]) => home === worker).map(([id]) => id);
    for (const id of targets) this.#activities.delete(id);
    this.#onRestart(targets, error);
    const failure = { code: "INTERNAL", message: error.message, retryable: true } as const;
    for (const [job, { listener, worker: home }] of this.#jobs) {
      if (home !== worker) continue;
      this.#jobs.delete(job);
      listener.finished(failure);
    }
  }

  async #ask(targetId: number, kind: "settle" | "remember"): Promise<void> {
    if (!this.#homes.has(targetId)) return;
    await new Promise<void>((finished) => {
      const job = this.#begin(targetId, { ...deaf, finished: () => finished() });
      this.#home(targetId).postMessage({ kind, job, targetId } satisfies Order);
    });
  }

  #begin(targetId: number, listener: JobListener): number {
    this.#lastJob += 1;
    this.#jobs.set(this.#lastJob, { listener, worker: this.#home(targetId) });
    return this.#lastJob;
  }

  #home(targetId: number): Worker {
    const worker = this.#homes.get(targetId);
    if (worker === undefined) throw new TypeError(`target ${targetId} has not been added`);
    return worker;
  }

  #receive(report: Report): void {
    if (report.kind === "activity") {
      this.#activities.set(report.targetId, report.activity);
      return;
    }
    if (report.kind === "unsettled") {
      this.#onUnsettled.get(report.targetId)?.(report);
      return;
    }
    if (report.kind === "look") {
      this.#onLook.get(report.targetId)?.(report);
      return;
    }
    const listener = this.#jobs.get(report.job)?.listener;
    if (listener === undefined) return;
    switch (report.kind) {
      case "delivered":
        listener.delivered(unpackDeliveries(report.deliveries));
        break;
      case "failed":
        listener.failed(report.failures);
        break;
      case "again":
        listener.again(report.paths);
        break;
      case "freed":
        listener.freed(report.paths);
        break;
      case "held":
        listener.held(report.paths);
        break;
      case "judged":
        listener.judged?.(report.verdict);
        break;
      case "progress":
        listener.progress?.(report.entries, report.bytes);
        break;
      case "only long left":
        listener.onlyLongLeft?.();
        break;
      case "finished":
        this.#jobs.delete(report.job);
        listener.finished(report.failure);
        break;
    }
  }
}

function openThread(): Worker {
  return new Worker(new URL("./thread.js", import.meta.url), { name: "push" });
}
