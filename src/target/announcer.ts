import type { Logger } from "pino";
import { displayPath, displayText } from "../../protocol/index.ts";
import type { Delivery } from "../push/delivery.ts";
import type { JobFailure, PathFailure } from "../push/message.ts";
import type { StepDetails } from "./options.ts";
import { Allowance, Repeats } from "./repeats.ts";
import type { TargetEvents } from "./target.ts";

/** How often a comparison that takes long tells how far it is. */
const progressMs = 5_000;

/** Says in the log what happens at one target; what happens often is said now and then. */
export class Announcer implements TargetEvents {
  readonly #log: Logger;
  readonly #patience: number;
  readonly #outages = new Repeats();
  readonly #refusals = new Allowance(20, 10_000);
  #outageTold = false;
  #progressAt = 0;

  /** `patience`: a path refused so often goes into the journal. */
  constructor(log: Logger, patience: number) {
    this.#log = log;
    this.#patience = patience;
  }

  delivered({ path, kind, bytes }: Delivery, sinceMs: number): void {
    this.#log.info({ path: displayPath(path), kind, bytes, ms: rounded(sinceMs) }, "delivered");
  }

  failed({ path, reason }: PathFailure, retryMs: number, attempts: number): void {
    const again = `trying again in ${seconds(retryMs)} s`;
    const text = `cannot deliver: ${displayText(reason)}; ${again}`;
    const fields = { path: displayPath(path) };
    const isNews = attempts === 1 || attempts === this.#patience;
    const untold = isNews ? this.#refusals.ask(performance.now()) : undefined;
    if (untold === undefined) {
      this.#log.debug(fields, text);
      return;
    }
    const journal = attempts === this.#patience ? ", and it stands in the failLog from now on" : "";
    this.#log.error(fields, `${text}${journal}`);
    if (untold > 0) this.#log.error(`${untold} other paths could not be delivered either`);
  }

  down({ code, message }: JobFailure, retryMs: number): void {
    const untold = this.#outages.tell(code, performance.now());
    const again = `trying again in ${seconds(retryMs)} s`;
    if (untold === undefined) {
      this.#log.debug({ code }, `${displayText(message)}; ${again}`);
      return;
    }
    this.#outageTold = true;
    const times = untold === 0 ? "" : `; so it was ${untold + 1} times since this was said last`;
    this.#log.error({ code }, `${displayText(message)}${times}; ${again}`);
  }

  up(): void {
    if (this.#outageTold) this.#log.info("the target is back");
    this.#outageTold = false;
  }

  comparing(entries: number, bytes: number): void {
    const now = performance.now();
    if (entries === 0 || this.#progressAt === 0) this.#progressAt = now;
    if (now - this.#progressAt < progressMs) return;
    this.#progressAt = now;
    this.#log.info({ entries, bytes }, "comparing");
  }

  reconciled(entries: number, bytes: number, ms: number): void {
    this.#progressAt = 0;
    this.#log.info({ entries, bytes, ms: rounded(ms) }, "full push complete");
  }

  halted(reason: string): void {
    this.#log.error(
      `DELETIONS ARE HALTED at this target: ${reason}; updates go on, deletions wait until the tree is back or a person allows them`,
    );
  }

  resumed(held: number): void {
    this.#log.warn(`deletions go on at this target; ${held} had been held back`);
  }

  stepped(step: string, { path, first, reason, ...others }: StepDetails): void {
    if (!this.#log.isLevelEnabled("debug")) return;
    const told = {
      ...others,
      ...(path !== undefined && { path: displayPath(path) }),
      ...(first !== undefined && { first: displayPath(first) }),
      ...(reason !== undefined && { reason: displayText(reason) }),
    };
    this.#log.debug(told, step);
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(ms < 10_000 ? 1 : 0);
}
