import { Cron } from "croner";
import type { CrontabConfig } from "../config/schema.ts";

/** The longest time a timer takes. */
const longestTimerMs = 2_147_483_647;

/** Does something every so many minutes, or by a cron expression in this machine's time. */
export class Schedule {
  readonly #next: (now: Date) => Date | null;
  readonly #task: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor({ everyMinutes, cron }: CrontabConfig, task: () => void) {
    this.#task = task;
    if (cron === undefined) {
      this.#next = (now) => new Date(now.getTime() + everyMinutes * 60_000);
    } else {
      const expression = new Cron(cron);
      this.#next = (now) => expression.nextRun(now);
    }
    this.#waitUntil(this.#next(new Date()));
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #waitUntil(due: Date | null): void {
    if (due === null) return; // an expression that names a day that never comes again
    const waitMs = due.getTime() - Date.now();
    const step = Math.min(Math.max(waitMs, 0), longestTimerMs);
    this.#timer = setTimeout(() => {
      if (due.getTime() > Date.now()) this.#waitUntil(due);
      else this.#run();
    }, step);
    this.#timer.unref();
  }

  #run(): void {
    this.#waitUntil(this.#next(new Date()));
    this.#task();
  }
}
