import type { Logger } from "pino";
import { displayPath } from "../../protocol/index.ts";
import type { PluginBase } from "../config/schema.ts";
import { ExpressionSet } from "../filter/expression-set.ts";
import type { PluginReport } from "../target/mirror-status.ts";
import { type BackoffOptions, retryDelay } from "../target/retry.ts";
import { type Plugin, type PluginEvent, PluginFailure, wholePath } from "./plugin.ts";
import { PluginQueue, type Waiting } from "./queue.ts";
import { Repeats } from "./repeats.ts";

export interface RunnerOptions {
  readonly name: string;
  readonly plugin: Plugin;
  readonly settings: PluginBase;
  readonly log: Logger;
  /** Never shown, wherever they turn up in a failure's text. */
  readonly secrets?: readonly string[];
  /** Pauses while the other side does not answer; default 1 s, growing to a minute. */
  readonly backoff?: BackoffOptions;
}

const peerBackoff: BackoffOptions = { firstMs: 1_000, longestMs: 60_000 };
/** How long a run that was told to end may take to do so. */
const graceMs = 7_000;

/**
 * Runs one plugin beside the mirror: some changes at a time, never two for one path, each with a
 * deadline. Whatever it does, nothing comes of it but counters and log lines.
 */
export class PluginRunner {
  readonly #options: RunnerOptions;
  readonly #log: Logger;
  readonly #include: ExpressionSet | undefined;
  readonly #queue: PluginQueue;
  readonly #repeats = new Repeats();
  readonly #running = new Set<AbortController>();
  #done = 0;
  #failed = 0;
  /** Refusals by the other side in a row; 0 while it answers. */
  #refusals = 0;
  #pause: NodeJS.Timeout | undefined;
  #stopping = false;
  /** Nothing is begun any more. */
  #ended = false;
  #onIdle: (() => void) | undefined;

  constructor(options: RunnerOptions) {
    const { name, settings, log } = options;
    this.#options = options;
    this.#log = log.child({ plugin: name });
    this.#include = settings.include && new ExpressionSet(settings.include);
    this.#queue = new PluginQueue(settings.limits.queue);
  }

  get status(): PluginReport {
    const { name } = this.#options;
    const { waiting, running, dropped } = this.#queue;
    const isAnswered = this.#refusals === 0;
    return { name, isAnswered, done: this.#done, failed: this.#failed, dropped, waiting, running };
  }

  /** Takes an event on; returns at once. */
  offer(event: PluginEvent): void {
    const { settings } = this.#options;
    if (this.#stopping || (settings.onlySuccess && event.result === "failed")) return;
    if (this.#include?.match(wholePath(event)) === undefined && this.#include) return;
    if (!this.#queue.add(event)) this.#sayDropped();
    this.#pump();
  }

  /**
   * Lets what waits be done within `deadlineMs`, ends what is still under way, and says what is
   * left. A peer that does not answer is not waited for.
   */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping = true;
    await this.#idle(deadlineMs);
    clearTimeout(this.#pause);
    this.#ended = true;
    const left = this.#queue.waiting + this.#queue.running;
    for (const run of this.#running) run.abort(new PluginFailure("final", "the program stops"));
    await this.#idle(graceMs);
    await this.#options.plugin.close?.();
    const { done, failed, dropped } = this.status;
    if (left > 0) this.#log.warn(`stopped; ${left} changes were not dealt with`);
    this.#log.info({ done, failed, dropped }, "plugin stopped");
  }

  async #idle(deadlineMs: number): Promise<void> {
    if (this.#isIdle()) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, deadlineMs);
      this.#onIdle = resolve;
    });
    clearTimeout(timer);
  }

  /** Nothing is under way, and nothing that waits would be begun now. */
  #isIdle(): boolean {
    const begins = !this.#ended && this.#pause === undefined && this.#queue.waiting > 0;
    return this.#running.size === 0 && !begins;
  }

  #pump(): void {
    const { concurrency } = this.#options.settings.limits;
    // A peer that was away is asked with one change.
    const room = this.#refusals > 0 ? 1 : concurrency;
    while (!this.#ended && this.#pause === undefined && this.#running.size < room) {
      const waiting = this.#queue.take();
      if (waiting === undefined) break;
      void this.#run(waiting);
    }
    if (this.#stopping && this.#isIdle()) this.#onIdle?.();
  }

  async #run(waiting: Waiting): Promise<void> {
    const { plugin, settings } = this.#options;
    const { timeoutSeconds } = settings.limits;
    const run = new AbortController();
    const timer = setTimeout(() => {
      run.abort(new PluginFailure("again", `it took longer than ${timeoutSeconds} s`));
    }, timeoutSeconds * 1_000);
    this.#running.add(run);
    try {
      await plugin.run(waiting.event, run.signal);
      this.#succeeded(waiting);
    } catch (error) {
      this.#refused(waiting, run.signal.aborted ? run.signal.reason : error);
    } finally {
      clearTimeout(timer);
      this.#running.delete(run);
      this.#pump();
    }
  }

  #succeeded(waiting: Waiting): void {
    this.#done += 1;
    if (this.#refusals > 0) this.#log.info("the other side answers again");
    this.#refusals = 0;
    this.#queue.settle(waiting);
  }

  #refused(waiting: Waiting, error: unknown): void {
    const kind = error instanceof PluginFailure ? error.kind : "final";
    const attempts = waiting.attempts + (kind === "peer" ? 0 : 1);
    const { retries } = this.#options.settings.limits;
    const again = kind !== "final" && attempts <= retries;
    this.#queue.settle(waiting, again ? { attempts } : undefined);
    if (!again) this.#failed += 1;
    this.#say(
      waiting,
      error,
      again ? `trying again in ${this.#rest()} s` : "it is not tried again",
    );
  }

  /** Pauses everything; returns for how many seconds. */
  #rest(): string {
    this.#refusals += 1;
    const delayMs = retryDelay(this.#refusals, this.#options.backoff ?? peerBackoff);
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      this.#pump();
    }, delayMs);
    return (delayMs / 1_000).toFixed(1);
  }

  #say({ event }: Waiting, error: unknown, next: string): void {
    const reason = this.#redacted(error instanceof Error ? error.message : String(error));
    const text = this.#repeats.say(`plugin failed: ${reason}; ${next}`, reason);
    if (text === undefined) return;
    const { path, target } = event;
    this.#log.warn({ path: displayPath(path), ...(target && { target }) }, text);
  }

  #sayDropped(): void {
    const { queue } = this.#options.settings.limits;
    const { dropped } = this.#queue;
    const text = `more than ${queue} changes wait for the plugin: the oldest are left out, ${dropped} so far`;
    if (this.#repeats.say("", "dropped") !== undefined) this.#log.warn(text);
  }

  #redacted(text: string): string {
    const { secrets = [] } = this.#options;
    return secrets.reduce((shown, secret) => shown.replaceAll(secret, "(hidden)"), text);
  }
}
