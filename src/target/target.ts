import { type PendingPath, PendingSet } from "../pending/pending.ts";
import { formatVerdict, type GuardVerdict } from "../push/guard.ts";
import type { JobFailure, ReconcileScope, Unsettled } from "../push/message.ts";
import type { Change } from "../watch/change.ts";
import { Alarm, firstAfter } from "./alarm.ts";
import { Halt } from "./halt.ts";
import { takeLook } from "./look.ts";
import { type TargetOptions, targetDefaults } from "./options.ts";
import { longOutageMs, Outage } from "./outage.ts";
import { Pace } from "./pace.ts";
import { Reconciles } from "./reconciles.ts";
import { type Books, Settlement } from "./settlement.ts";
import type { Backlog, TargetStatus } from "./status.ts";
import { Tally } from "./tally.ts";
import { type BegunJob, UnderWay } from "./under-way.ts";

export type { TargetEvents, TargetOptions } from "./options.ts";

/** A batch has at most this many paths: what fails with it is little, what it saves is enough. */
const pathsPerBatch = 1_000;

/**
 * One remote: what may differ there, what is under way, and whether it can be used at all. A target
 * in trouble keeps its pending paths, costs nothing else, and delays nobody.
 *
 * An idle target gets a change at once; while batches are under way, or begin too often for what
 * they carry, the next one grows.
 */
export class Target {
  readonly #options: Required<Omit<TargetOptions, "pendingLimit">>;
  readonly #pending: PendingSet;
  readonly #halt: Halt;
  readonly #outage = new Outage();
  readonly #pace = new Pace();
  readonly #reconciles = new Reconciles();
  readonly #tally = new Tally();
  readonly #books: Books;
  readonly #underWay = new UnderWay();
  readonly #alarm = new Alarm(() => this.#pump());
  readonly #holds = new Set<"start" | "end" | "pause">();

  constructor({ pendingLimit = 200_000, ...options }: TargetOptions) {
    this.#options = { ...targetDefaults, ...options };
    this.#pending = new PendingSet({ limit: pendingLimit });
    this.#halt = new Halt(pendingLimit);
    this.#books = {
      ...this.#options,
      pending: this.#pending,
      halt: this.#halt,
      outage: this.#outage,
      tally: this.#tally,
      isIdle: () => !this.#holds.has("end") && this.#underWay.jobs === 0,
      isUp: () => this.#isUp(),
      isDown: (failure) => this.#isDown(failure),
      pump: () => this.#pump(),
    };
    options.threads.onLook(options.id, (look) => takeLook(look, this.#books));
    options.threads.onUnsettled(options.id, (unsettled) => this.#unsettled(unsettled));
  }

  /** Everything worth knowing at this moment; looks at every pending path. */
  get status(): TargetStatus {
    return {
      pending: this.#pending.summary(),
      outage: this.#outage.status,
      halt: this.#halt.status,
      reconcile: this.#reconciles.status,
      running: this.#underWay.jobs,
      paused: this.#holds.has("pause"),
      activity: this.#options.threads.activity(this.#options.id),
      ...this.#tally.status,
    };
  }

  /** Grows with every change of what {@link pendingPaths} tells. */
  get revision(): number {
    return this.#pending.revision + this.#halt.revision + this.#reconciles.revision;
  }

  /** When everything was compared last, in ms since 1970. */
  get reconciledAt(): number | undefined {
    return this.#reconciles.status.completedAt;
  }

  /** What is still to be done; deletions that are held back count as pending. */
  get backlog(): Backlog {
    return {
      paths: [...this.#pending.paths(), ...this.#halt.paths()],
      owed: this.#reconciles.owed,
      halted: this.#halt.status?.reason,
    };
  }

  /** Paths that were refused so often that only time, or a person, will help. */
  hopeless(): PendingPath[] {
    return [...this.#pending.paths()].filter(({ attempts }) => attempts >= this.#books.patience);
  }

  /** Takes over what is to be done from another target, or from another life of this one. */
  restore({ paths, owed, halted }: Backlog, completedAt?: number): void {
    if (halted !== undefined) this.haltDeletions(halted);
    for (const path of paths) this.#pending.restore(path);
    if (completedAt !== undefined) this.#reconciles.remember(completedAt);
    if (owed !== undefined) this.#reconciles.want(owed);
    this.#pump();
  }

  /** What may differ now. */
  add(changes: readonly Change[]): void {
    const now = performance.now();
    this.#halt.stirred(now);
    for (const change of changes) {
      if (change.kind === "tree" && change.path === "") this.reconcile();
      else this.#pending.add(change, now);
    }
    this.#pump();
  }

  /** Compares the whole tree, beside the changes that come in meanwhile. */
  reconcile(scope: ReconcileScope = { deletes: true }): void {
    this.#reconciles.want(scope);
    this.#pump();
  }

  /** Tries everything now that waits for a later attempt. */
  hurry(): void {
    if (this.#outage.isNoticed) this.#options.threads.prepare(this.#options.id, ["small"]);
    this.#outage.hurry();
    this.#pace.hurry();
    this.#pending.hurry();
    this.#pump();
  }

  /** Holds deletions back until a comparison finds the tree in order, or a person allows them. */
  haltDeletions(reason: string): void {
    if (!this.#halt.begin(reason, { deletes: false })) return;
    this.#options.threads.holdDeletions(this.#options.id, true);
    this.#options.events.halted(reason);
  }

  /** A person wants what was held back to be deleted. */
  allowDeletions(): void {
    const scope = this.#halt.scope;
    if (scope === undefined) return;
    this.#options.threads.holdDeletions(this.#options.id, false);
    this.#resume();
    if (scope.deletes) this.reconcile({ ...scope, unguarded: true });
  }

  /** While it is held nothing is begun, and all is remembered: its source is not there yet. */
  hold(isHeld: boolean): void {
    this.#holds[isHeld ? "add" : "delete"]("start");
    this.#pump();
  }

  /** Begins what only waits for company, then nothing more; resolves when all that has ended. */
  async drain(): Promise<void> {
    this.#pace.hurry();
    this.#pump();
    this.#holds.add("end");
    this.#alarm.clear();
    if (this.#holds.has("pause")) this.#options.threads.steer(this.#options.id, "give up");
    await this.#underWay.idle();
    if (this.#outage.status === undefined) await this.#options.threads.settle(this.#options.id);
  }

  /** Goes on after {@link drain}. */
  proceed(): void {
    this.#holds.delete("end");
    if (this.#holds.has("pause")) this.#options.threads.steer(this.#options.id, "pause");
    this.#pump();
  }

  /** `pause`: begins nothing more, and remembers what changes, until `go on`. */
  steer(order: "pause" | "go on"): void {
    this.#holds[order === "pause" ? "add" : "delete"]("pause");
    this.#options.threads.steer(this.#options.id, order);
    this.#pump();
  }

  #pump(): void {
    if (this.#holds.size > 0) return;
    const now = performance.now();
    if (this.#pending.takeRoot(now)) this.#reconciles.want({ deletes: true });
    if (this.#halt.wantsLook(now))
      this.#reconciles.want(this.#halt.scope ?? targetDefaults.unasked);
    if (now >= this.#outage.until) this.#startJobs(now);
    this.#wakeWhenDue(now);
  }

  #startJobs(now: number): void {
    const { isProbing } = this.#outage; // with one job; its success opens the target for all
    if (isProbing && this.#underWay.jobs > 0) return;
    if (!isProbing && this.#reconciles.isDue) this.#startReconcile(now);
    if (!isProbing && now < this.#pace.nextAt(this.#pending.dueCount(now))) return;
    const { jobs, batches } = this.#underWay;
    const room = isProbing ? 1 - jobs : this.#options.mostBatches - batches;
    for (let batch = 0; batch < room; batch += 1) {
      const paths = this.#pending.take(isProbing ? 1 : pathsPerBatch, now);
      if (paths.length === 0) break;
      this.#pace.began(now);
      this.#startDelivery(paths);
    }
    // Last: one that ends the same way each time must not keep all paths waiting.
    if (this.#underWay.jobs === 0 && this.#reconciles.isDue) this.#startReconcile(now);
  }

  #startDelivery(taken: readonly PendingPath[]): void {
    const paths = new Map(taken.map((path) => [path.path, path]));
    const job = this.#underWay.begin({ isBatch: true });
    this.#options.events.stepped("job begun", { paths: taken.length, first: taken[0]?.path });
    const settlement = new Settlement(this.#books, paths);
    this.#options.threads.deliver(this.#options.id, taken, {
      ...settlement.listener,
      onlyLongLeft: () => {
        job.release();
        this.#pump();
      },
      finished: (failure) => this.#finished(job, settlement.close(failure)),
    });
  }

  #startReconcile(started: number): void {
    const job = this.#underWay.begin({ isBatch: false });
    const order = this.#reconciles.begin();
    this.#options.events.stepped("comparison begun", { ...order.scope, resumes: order.resumes });
    this.#options.threads.reconcile(this.#options.id, order, {
      ...new Settlement(this.#books, new Map(), started).listener,
      progress: (entries, bytes) => {
        this.#reconciles.progress(entries, bytes);
        this.#options.events.comparing(entries, bytes);
      },
      judged: (verdict) => this.#judged(verdict, order.scope),
      finished: (failure) => {
        this.#reconciles.end(failure !== undefined, Date.now());
        if (failure === undefined) {
          this.#isUp();
          const { entries, bytes } = this.#reconciles.status;
          this.#options.events.reconciled(entries, bytes, performance.now() - started);
        }
        this.#finished(job, failure);
      },
    });
  }

  #unsettled({ path, mayBeEqual = false }: Unsettled): void {
    const now = performance.now();
    if (mayBeEqual) this.#pending.compare(path, now);
    else this.#pending.add({ kind: "path", path }, now);
    this.#pump();
  }

  #finished(job: BegunJob, failure: JobFailure | undefined): void {
    job.end();
    if (failure !== undefined) this.#isDown(failure);
    else if (this.#pending.size === 0 && this.#outage.isForRoom) this.#isUp();
    this.#pump();
  }

  #isUp(): void {
    const outageMs = this.#outage.ended(performance.now());
    if (outageMs === undefined) return;
    this.#options.events.up(outageMs);
    if (outageMs >= longOutageMs) this.#reconciles.want(this.#options.unasked);
  }

  #isDown(failure: JobFailure): void {
    // Its sessions have been closed: it is to end, or has new settings, with which all goes on.
    if (this.#holds.has("end") || failure.code === "ABORTED") return;
    this.#tally.troubled(failure.message);
    const delay = this.#outage.failed(failure, performance.now());
    if (delay !== undefined) this.#options.events.down(failure, delay);
  }

  #judged(verdict: GuardVerdict, scope: ReconcileScope): void {
    const reason = formatVerdict(verdict);
    // The sessions may have been begun anew since, with new settings.
    this.#options.threads.holdDeletions(this.#options.id, !verdict.allowed);
    if (verdict.allowed) this.#resume();
    else if (this.#halt.begin(reason, scope)) this.#options.events.halted(reason);
  }

  #resume(): void {
    const held = this.#halt.end();
    if (held === undefined) return;
    for (const path of held) this.#pending.restore(path);
    this.#options.events.resumed(held.length);
    this.#pump();
  }

  /** Comes back when something may be tried again; what waits for a job is begun at its end. */
  #wakeWhenDue(now: number): void {
    const { until } = this.#outage;
    const due = this.#pending.dueCount(now);
    const gathered = due > 0 ? this.#pace.nextAt(due) : 0;
    const next = firstAfter(now, [this.#halt.lookAt, this.#pending.nextDue() ?? 0, gathered]);
    const isDue = this.#reconciles.isDue || due > 0;
    this.#alarm.set(isDue && until > now ? until : Math.max(next, until), now);
  }
}
