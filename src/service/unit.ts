import type { Logger } from "pino";
import { Instance, NoRuntimeDirectory } from "../control/instance.ts";
import { type Answerer, ControlServer } from "../control/server.ts";
import { Mirror, type MirrorOptions, type SteerOrder } from "../mirror.ts";
import type { MirrorStatus } from "../target/mirror-status.ts";
import { displayPlace, placesOf } from "./place.ts";
import type { Plan } from "./plan.ts";

/** How long what is in flight may take to finish when a mirror is told to stop. */
export const stopDeadlineMs: number = 10_000;

/** One configuration of this process: its mirror, and the socket at which it can be asked. */
export class Unit {
  readonly #options: MirrorOptions;
  readonly #log: Logger;
  #plan: Plan;
  #mirror: Mirror | undefined;
  #isStarted = false;
  #server: ControlServer | undefined;
  #instance: Instance | undefined;

  constructor(plan: Plan, options: MirrorOptions) {
    this.#plan = plan;
    this.#options = options;
    this.#log = options.log;
  }

  /** What is carried out now. */
  get plan(): Plan {
    return this.#plan;
  }

  /**
   * Makes the configuration this process's own.
   *
   * @throws {AlreadyRuns} when it is another process's.
   */
  async claim(answer: Answerer): Promise<void> {
    const { key, file, source } = this.#plan;
    const server = new ControlServer(answer);
    try {
      this.#instance = await Instance.claim(server, { key, file, source });
      this.#server = server;
    } catch (error) {
      if (!(error instanceof NoRuntimeDirectory)) throw error;
      // Mirroring matters more than being asked about it: a container may have no such place.
      this.#log.warn(`${error.message}; "sersync stop", "status" and the like cannot reach it`);
    }
  }

  /** Resolves when everything is watched. */
  async start(): Promise<void> {
    this.#mirror = new Mirror(this.#plan.config, this.#options);
    await this.#mirror.start();
    this.#isStarted = true;
  }

  /** False while a directory is waited for, too: nothing can be compared then. */
  get isStarted(): boolean {
    return this.#isStarted;
  }

  /**
   * Carries out another plan from now on, without losing a change and with one writer at a time;
   * when it cannot start, the old one goes on.
   */
  async replace(plan: Plan): Promise<void> {
    const before = this.#mirror;
    await before?.drain(stopDeadlineMs);
    const pending = before?.pendingPaths() ?? new Map();
    const next = new Mirror(plan.config, { ...this.#options, pending });
    for (const name of this.#pausedTargets()) next.steer("pause", name);
    try {
      await next.start();
    } catch (error) {
      await next.stop(0);
      before?.proceed();
      throw error;
    }
    this.#plan = plan;
    this.#mirror = next;
    if (before !== undefined) await handOver(before, next);
  }

  /** Undefined before the start. */
  status(): MirrorStatus | undefined {
    return this.#mirror?.status();
  }

  /** Compares everything, or what a person means by `path`. Returns what that is, for people. */
  resync(path?: string): readonly string[] {
    const mirror = this.#mirror;
    if (mirror === undefined || !this.#isStarted) return [];
    const places = placesOf(this.#plan.config, path);
    for (const { root, path: below } of places) mirror.resync(below, root);
    return places.map(({ root, path: below }) => displayPlace(root, below));
  }

  /** Returns the names of the targets where deletions were halted. */
  allowDeletions(target?: string): readonly string[] {
    return this.#isStarted ? (this.#mirror?.allowDeletions(target) ?? []) : [];
  }

  /** As {@link Mirror.steer}. */
  steer(order: SteerOrder, target?: string): readonly string[] {
    return this.#mirror?.steer(order, target) ?? [];
  }

  #pausedTargets(): readonly string[] {
    const targets = this.status()?.sources.flatMap((source) => source.targets) ?? [];
    return targets.filter(({ paused }) => paused).map(({ name }) => name);
  }

  /** Ends the mirror; resolves with how many paths are not delivered. */
  async stop(deadlineMs: number): Promise<number> {
    const stopped = await this.#mirror?.stop(deadlineMs);
    return stopped?.undelivered ?? 0;
  }

  /** Gives the configuration away, and hangs up on who asks. */
  async release(): Promise<void> {
    this.#instance?.release();
    this.#instance = undefined;
    await this.#server?.close();
  }
}

/** In a storm a watcher may be busy for ever. */
const mostCatchUpMs = 2_000;

/** What the old mirror saw of the time before the new one watched is the new one's to deliver. */
async function handOver(before: Mirror, next: Mirror): Promise<void> {
  await before.caughtUp(mostCatchUpMs);
  await before.stop(0);
  next.takeOver(before.pendingPaths());
}
