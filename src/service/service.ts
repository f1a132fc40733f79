import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { asBytePath, displayPath } from "../../protocol/index.ts";
import { counted } from "../amount.ts";
import type { TargetListener } from "../mirror.ts";
import { StatusPages } from "../status/pages.ts";
import type { StatusReport } from "../status/report.ts";
import { answererFor, askUnits, type Left } from "./answer.ts";
import { ServiceManager } from "./notify.ts";
import type { ServiceOptions } from "./options.ts";
import { claimPidFile, type PidFile } from "./pid-file.ts";
import { loadPlans, type Plan } from "./plan.ts";
import { type ReloadOutcome, reloadUnits } from "./reload.ts";
import { reportOf, summarize } from "./report.ts";
import { listenToSignals } from "./signals.ts";
import { stopDeadlineMs, Unit } from "./unit.ts";

/** The exit code of a process that was told a second time to stop: rsync's for a signal. */
export const killedExitCode: number = 20;

/** Every directory gets a watch before the start is over: a big tree takes its time. */
const startingMs = 60_000;
/** With a directory that is waited for, the start is over when the others are watched: by then. */
const waitingMs = 1_000;
/** How often the service manager's line is brought up to date. */
const summaryMs = 5_000;

/**
 * The running program: its mirrors, and everything by which they are started, asked, changed and
 * stopped.
 */
export class Service {
  readonly #options: ServiceOptions;
  readonly #log: Logger;
  readonly #units: readonly Unit[];
  readonly #manager = new ServiceManager();
  readonly #pages: StatusPages;
  readonly #stop = new AbortController();
  readonly #ended: Promise<Left>;
  #tellEnded: (left: Left) => void = () => {};
  readonly #started: Promise<void>;
  #tellStarted: () => void = () => {};
  #state: StatusReport["state"] = "starting";
  readonly #startedAt = new Date().toISOString();
  #reloading: Promise<ReloadOutcome> | undefined;
  #lastReload: StatusReport["lastReload"];
  #pidFile: PidFile | undefined;
  #failure: Error | undefined;

  constructor(plans: readonly Plan[], options: ServiceOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#pages = new StatusPages({
      log: options.log,
      reports: () => this.reports,
      ...(options.readyShare !== undefined && { readyShare: options.readyShare }),
      actions: {
        tokenFile: options.tokenFile,
        carryOut: (request, file) => askUnits(this, this.#units, request, file),
      },
    });
    const listener: TargetListener = (root, target) =>
      this.#pages.listener(displayPath(asBytePath(root)), target);
    this.#units = plans.map((plan) => new Unit(plan, { ...options, listener }));
    this.#started = new Promise((resolve) => {
      this.#tellStarted = resolve;
    });
    this.#ended = new Promise((resolve) => {
      this.#tellEnded = resolve;
    });
  }

  /**
   * Mirrors until it is told to stop.
   *
   * @throws when it cannot start; by then everything is released.
   */
  async run(): Promise<void> {
    const endSignals = listenToSignals({
      stop: (reason) => void this.stop(reason),
      stopNow: () => process.exit(killedExitCode),
      reload: () => void this.reload(),
      resync: () => void this.#started.then(() => this.#resync()),
    });
    const summing = setInterval(() => this.#summarize(), summaryMs).unref();
    try {
      await this.#claim();
      this.#options.onClaimed?.();
      await this.#start();
      await aborted(this.#stop.signal);
      await this.#reloading;
      if (this.#failure !== undefined) throw this.#failure;
    } finally {
      clearInterval(summing);
      await this.#end();
      endSignals();
    }
  }

  /** Ends {@link run}; what is under way may finish. Resolves with what is left. */
  stop(reason: string): Promise<Left> {
    if (!this.#stop.signal.aborted) this.#log.info(`stopping on ${reason}`);
    this.#stop.abort();
    return this.#ended;
  }

  /** Reads the configurations again and carries out what has changed in them. */
  async reload(): Promise<ReloadOutcome> {
    this.#options.reopenLog?.();
    // What is read now may be older than the request: it is read once more.
    const before = this.#reloading;
    const reloading = (before ?? Promise.resolve()).then(() => this.#reload());
    this.#reloading = reloading;
    return reloading;
  }

  async #reload(): Promise<ReloadOutcome> {
    // Who asks while the program starts means what it will run with then.
    await Promise.race([this.#started, aborted(this.#stop.signal)]);
    if (this.#state !== "running" || this.#stop.signal.aborted) {
      return { ok: false, mistakes: [`cannot reload: the program is ${this.#state}`] };
    }
    this.#state = "reloading";
    this.#manager.reloading();
    const outcome = await reloadUnits(
      this.#units,
      () => loadPlans(this.#options.sources),
      this.#log,
    );
    const mistakes = outcome.ok ? [] : outcome.mistakes;
    await this.#showPages();
    this.#lastReload = { at: new Date().toISOString(), mistakes };
    this.#state = "running";
    this.#manager.ready();
    return outcome;
  }

  /** What is known of all configurations now. */
  get reports(): readonly StatusReport[] {
    return this.#units.map((unit) => this.#report(unit));
  }

  /** What is known of one configuration now, with the latest of its targets. */
  report(unit: Unit): StatusReport {
    return this.#pages.withLatest(this.#report(unit));
  }

  #report(unit: Unit): StatusReport {
    const facts = {
      version: this.#options.version,
      pid: process.pid,
      state: this.#state,
      startedAt: this.#startedAt,
      ...(this.#lastReload && { lastReload: this.#lastReload }),
    };
    return reportOf(facts, unit.plan.file, unit.status());
  }

  #resync(): void {
    const places = this.#units.flatMap((unit) => unit.resync());
    if (places.length > 0) this.#log.info(`comparing everything in ${places.join(", ")}`);
  }

  /** Nobody looks at the line unless a service manager does. */
  #summarize(): void {
    if (!this.#manager.listens) return;
    this.#manager.status(summarize(this.reports));
  }

  async #claim(): Promise<void> {
    const { pidFile } = this.#options;
    for (const unit of this.#units) await unit.claim(answererFor(this, unit));
    if (pidFile !== undefined) this.#pidFile = await claimPidFile(pidFile);
  }

  /** Where the configurations want them. */
  async #showPages(): Promise<void> {
    await this.#pages.listen(this.#units.map(({ plan }) => plan.config.host));
  }

  async #start(): Promise<void> {
    await this.#showPages();
    const tell = (): void => this.#manager.starting(startingMs);
    tell();
    const telling = setInterval(tell, startingMs / 4);
    const starts = Promise.all(this.#units.map((unit) => unit.start()));
    starts.catch((error: unknown) => this.#fail(error as Error));
    const { wait = false } = this.#options;
    // A directory that is waited for may come in years.
    const patience = wait ? [sleep(waitingMs)] : [];
    try {
      await Promise.race([starts, aborted(this.#stop.signal), ...patience]);
    } finally {
      clearInterval(telling);
    }
    if (this.#stop.signal.aborted) return;
    this.#state = "running";
    this.#tellStarted();
    this.#manager.ready();
    this.#summarize();
    this.#options.onReady();
  }

  /** What cannot start, or start to wait, ends the process. */
  #fail(error: Error): void {
    if (this.#stop.signal.aborted) return; // broken off by the end itself
    this.#failure = error;
    this.#stop.abort();
  }

  async #end(): Promise<void> {
    const hasStarted = this.#state !== "starting";
    this.#state = "stopping";
    this.#manager.stopping();
    const left = await Promise.all(this.#units.map((unit) => unit.stop(stopDeadlineMs)));
    const undelivered = left.reduce((sum, each) => sum + each, 0);
    const sources = this.#units.flatMap((unit) => unit.status()?.sources ?? []);
    const uncompared = sources
      .flatMap(({ targets }) => targets)
      .filter(({ reconcile }) => reconcile.state !== "none").length;
    const isOwing = undelivered + uncompared > 0 && this.#failure === undefined;
    if (hasStarted || isOwing) this.#sayFarewell({ undelivered, uncompared });
    await this.#pages.close();
    this.#pidFile?.release();
    this.#tellEnded({ undelivered, uncompared });
    await Promise.all(this.#units.map((unit) => unit.release()));
    this.#manager.close();
  }

  #sayFarewell({ undelivered, uncompared }: Left): void {
    const next =
      this.#options.stateDirectory === undefined
        ? "start with -r to push what is left"
        : "the next start pushes what is left";
    if (undelivered > 0) {
      const paths = counted(undelivered, "path is", "paths are");
      this.#log.warn(`stopped; ${paths} not delivered: ${next}`);
    } else if (uncompared > 0) {
      const targets = counted(uncompared, "target has", "targets have");
      this.#log.warn(`stopped; ${targets} not been compared to the end`);
    } else this.#log.info("stopped; everything is delivered");
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}
