import type { Logger } from "pino";
import { Instance, NoRuntimeDirectory } from "../control/instance.ts";
import { type Answerer, ControlServer } from "../control/server.ts";
import { Mirror, type MirrorOptions } from "../mirror.ts";
import type { Plan } from "./plan.ts";

/** How long what is in flight may take to finish when a mirror is told to stop. */
export const stopDeadlineMs: number = 10_000;

/** One configuration of this process: its mirror, and the socket at which it can be asked. */
export class Unit {
  readonly #options: MirrorOptions;
  readonly #log: Logger;
  #plan: Plan;
  #mirror: Mirror | undefined;
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
    const { key, file } = this.#plan;
    const server = new ControlServer(answer);
    try {
      this.#instance = await Instance.claim(server, { key, file });
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
  }

  /** Carries out another plan from now on; when that cannot start, the old one goes on. */
  async replace(plan: Plan): Promise<void> {
    const next = new Mirror(plan.config, this.#options);
    try {
      await next.start();
    } catch (error) {
      await next.stop(0);
      throw error;
    }
    const before = this.#mirror;
    this.#plan = plan;
    this.#mirror = next;
    await before?.stop(stopDeadlineMs);
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
