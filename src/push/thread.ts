import { parentPort } from "node:worker_threads";
import { type BytePath, type PoolLook, RsyncError, rootPath } from "../../protocol/index.ts";
import { Carrier } from "./carrier.ts";
import type { CarrierReport } from "./carry.ts";
import { Comparison } from "./comparison.ts";
import { deliver } from "./deliver.ts";
import { type Delivery, packDeliveries } from "./delivery.ts";
import { failureOf } from "./failure.ts";
import { Gate } from "./gate.ts";
import type { GuardVerdict } from "./guard.ts";
import type { Order, PathFailure, Report, TargetSettings, Unsettled } from "./message.ts";

// A push thread: reads files with synchronous bounded steps and talks to daemons, so that the
// watching main thread never waits for a disk (design.md, "Threads").

/** Deliveries are told in groups: a message costs as much as thirty deliveries. */
const mostPerMessage = 500;
/** The first is told at once; those that follow closely wait this long for company. */
const gatherMs = 20;
/** How often what goes on is told, when it has changed. */
const activityMs = 1_000;
const carriers = new Map<number, Carrier>();
/** The last comparison of each target, unless it is complete. */
const comparisons = new Map<number, Comparison>();
/** They outlive the carriers, which a new password replaces. */
const gates = new Map<number, Gate>();
/** What was told last. */
const activities = new Map<number, string>();
const port = parentPort;
if (port === null) throw new TypeError("push/thread.ts runs as a worker thread only");
const send = (report: Report): void => port.postMessage(report);
setInterval(tellActivities, activityMs).unref();

port.on("message", (order: Order) => {
  switch (order.kind) {
    case "target":
      addTarget(order.settings);
      break;
    case "mounts":
      carriers.get(order.targetId)?.options.mounts.know(order.mounts);
      break;
    case "prepare":
      carriers.get(order.targetId)?.prepare(order.kinds);
      break;
    case "deliver":
      void runJob(order, (carrier, report) => deliver(order.paths, carrier, report));
      break;
    case "settle":
    case "remember":
      void runJob(order, (carrier) => carrier.settle(order.kind));
      break;
    case "reconcile":
      void runJob(order, async (carrier, report) => {
        const comparison = comparisonFor(order, carrier);
        await comparison.run(report, (entries, bytes) =>
          send({ kind: "progress", job: order.job, entries, bytes }),
        );
        comparisons.delete(order.targetId); // it knows every directory that it has made
      });
      break;
    case "hold deletions":
      carriers.get(order.targetId)?.holdDeletions(order.holds);
      break;
    case "pause":
      gateOf(order.targetId).close();
      break;
    case "go on":
      gateOf(order.targetId).open();
      break;
    case "give up":
      gateOf(order.targetId).refuse(new RsyncError("ABORTED", "It is paused, and is to end"));
      break;
    case "close":
      for (const carrier of carriers.values()) carrier.close();
      port.close();
      break;
  }
});

function addTarget(settings: TargetSettings): void {
  const { id } = settings;
  carriers.get(id)?.close();
  const onUnsettled = (path: Unsettled): void => send({ kind: "unsettled", targetId: id, ...path });
  const onLook = ({ failure, retryMs }: PoolLook): void => {
    const why = failure === undefined ? {} : { failure: failureOf(failure) };
    send({ kind: "look", targetId: id, retryMs, ...why });
  };
  carriers.set(id, new Carrier(settings, onUnsettled, { gate: gateOf(id), onLook }));
}

function gateOf(targetId: number): Gate {
  const gate = gates.get(targetId) ?? new Gate();
  gates.set(targetId, gate);
  return gate;
}

function tellActivities(): void {
  for (const [targetId, { activity }] of carriers) {
    const text = JSON.stringify(activity);
    if (activities.get(targetId) === text) continue;
    activities.set(targetId, text);
    send({ kind: "activity", targetId, activity });
  }
}

/** The one that broke off, when it can be gone on with. */
function comparisonFor(
  { targetId, scope, resumes }: Extract<Order, { readonly kind: "reconcile" }>,
  carrier: Carrier,
): Comparison {
  const known = comparisons.get(targetId);
  if (resumes && known?.carrier === carrier && known.canResume) return known;
  const comparison = new Comparison([rootPath], carrier, scope);
  comparisons.set(targetId, comparison);
  return comparison;
}

async function runJob(
  { job, targetId }: { readonly job: number; readonly targetId: number },
  run: (carrier: Carrier, report: CarrierReport) => Promise<void>,
): Promise<void> {
  const mail = new Mail(job);
  try {
    const carrier = carriers.get(targetId);
    if (carrier === undefined) throw new TypeError(`target ${targetId} is not known here`);
    await run(carrier, mail);
    await mail.lastFreed();
    mail.flush();
    send({ kind: "finished", job });
  } catch (error) {
    mail.flush();
    send({ kind: "finished", job, failure: failureOf(error) });
  }
}

/** Collects what is told of a job's paths until the loop turns. */
class Mail implements CarrierReport {
  readonly #job: number;
  #deliveries: Delivery[] = [];
  #failures: PathFailure[] = [];
  #again: BytePath[] = [];
  #freed: BytePath[] = [];
  /** What will be freed when something else is over. */
  readonly #blocked: Promise<void>[] = [];
  #held: BytePath[] = [];
  #scheduled = false;
  #flushedAt = Number.NEGATIVE_INFINITY;

  constructor(job: number) {
    this.#job = job;
  }

  delivered(delivery: Delivery): void {
    this.#deliveries.push(delivery);
    if (this.#deliveries.length >= mostPerMessage) this.flush();
    else this.#schedule();
  }

  failed(failure: PathFailure): void {
    this.#failures.push(failure);
    this.#schedule();
  }

  again(path: BytePath, until?: Promise<void>): void {
    if (until !== undefined) {
      this.#blocked.push(until.then(() => this.#free(path)));
      return;
    }
    this.#again.push(path);
    this.#schedule();
  }

  /** Resolves when nothing is in the way of any of the paths; others need not wait for that. */
  async lastFreed(): Promise<void> {
    if (this.#blocked.length === 0) return;
    this.onlyLongLeft();
    await Promise.all(this.#blocked);
  }

  held(path: BytePath): void {
    this.#held.push(path);
    this.#schedule();
  }

  judged(verdict: GuardVerdict): void {
    send({ kind: "judged", job: this.#job, verdict });
  }

  onlyLongLeft(): void {
    send({ kind: "only long left", job: this.#job });
  }

  flush(): void {
    this.#scheduled = false;
    this.#flushedAt = performance.now();
    const job = this.#job;
    if (this.#deliveries.length > 0) {
      send({ kind: "delivered", job, deliveries: packDeliveries(this.#deliveries) });
    }
    if (this.#failures.length > 0) send({ kind: "failed", job, failures: this.#failures });
    if (this.#again.length > 0) send({ kind: "again", job, paths: this.#again });
    if (this.#freed.length > 0) send({ kind: "freed", job, paths: this.#freed });
    if (this.#held.length > 0) send({ kind: "held", job, paths: this.#held });
    this.#held = [];
    this.#deliveries = [];
    this.#failures = [];
    this.#again = [];
    this.#freed = [];
  }

  #free(path: BytePath): void {
    this.#freed.push(path);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const isAlone = performance.now() - this.#flushedAt > gatherMs;
    if (isAlone) setImmediate(() => this.flush());
    else setTimeout(() => this.flush(), gatherMs);
  }
}
