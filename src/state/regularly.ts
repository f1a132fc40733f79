/**
 * Does something now and then for as long as it lives: never twice at a time, and never for more
 * than a twentieth of the time.
 */
export class Regularly {
  readonly #task: () => Promise<void>;
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  /** `task` must not throw. */
  constructor(task: () => Promise<void>, everyMs: number) {
    this.#task = task;
    this.#everyMs = everyMs;
    this.#wait(everyMs);
  }

  /** Resolves when it has been done for the last time. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #wait(ms: number): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#run();
    }, ms);
    this.#timer.unref();
  }

  async #run(): Promise<void> {
    const startedAt = performance.now();
    await this.#task();
    this.#wait(Math.max(this.#everyMs, 20 * (performance.now() - startedAt)));
  }
}
