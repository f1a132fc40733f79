import type { Delivery } from "../push/delivery.ts";
import type { JobFailure } from "../push/message.ts";
import { retryDelay, standingBackoff, targetBackoff } from "./retry.ts";

/** A target that was away so long is compared: who knows what was done to it meanwhile. */
export const longOutageMs = 600_000;

/** Why a target cannot be used, and when it is tried again. */
export interface OutageStatus {
  readonly failure: JobFailure;
  /** `performance.now()` of the first failure in a row, and of the next attempt. */
  readonly since: number;
  readonly until: number;
  readonly attempts: number;
}

/**
 * Whether one target can be used. After a failure it is tried with one job at a time, ever more
 * rarely; the first success opens it for all.
 */
export class Outage {
  #attempts = 0;
  #since = 0;
  #until = 0;
  #failure: JobFailure | undefined;
  #noticed: OutageStatus | undefined;
  #hasWorked = false;

  /** True while one job at a time may try. */
  get isProbing(): boolean {
    return this.#attempts > 0;
  }

  /** True while the target has no room for content. */
  get isForRoom(): boolean {
    return this.#failure?.code === "FILE_IO";
  }

  /** Nothing may be tried before this time; 0 when the target is up. */
  get until(): number {
    return this.#until;
  }

  /** True when nothing was to be done there as it failed: whatever comes may try at once. */
  get isNoticed(): boolean {
    return this.#noticed !== undefined;
  }

  get status(): OutageStatus | undefined {
    if (this.#failure === undefined) return this.#noticed;
    const [failure, since, until] = [this.#failure, this.#since, this.#until];
    return { failure, since, until, attempts: this.#attempts };
  }

  /** True when such a delivery shows that the target can be used (again). */
  isEndedBy(kind: Delivery["kind"], bytes: number): boolean {
    // A full disk still takes directories and deletions: only content shows that there is room.
    return this.isForRoom ? bytes > 0 : kind !== "nothing";
  }

  /** Returns how long to wait; undefined for those that failed together with the first. */
  failed(failure: JobFailure, now: number): number | undefined {
    if (now < this.#until) return undefined;
    if (this.#attempts === 0) this.#since = this.#noticed?.since ?? now;
    this.#noticed = undefined;
    this.#attempts += 1;
    this.#failure = failure;
    // Who understood us before does so still: that was a spoilt connection, or a list of ours.
    const isPassing = this.#hasWorked && failure.code === "PROTOCOL_MISMATCH";
    const backoff = failure.retryable || isPassing ? targetBackoff : standingBackoff;
    const delay = retryDelay(this.#attempts, backoff);
    this.#until = now + delay;
    return delay;
  }

  /** It could not be reached, though nothing is to be sent; false where a job knows more of it. */
  notice(failure: JobFailure, now: number, retryMs: number): boolean {
    if (this.#failure !== undefined) return false;
    const since = this.#noticed?.since ?? now;
    this.#noticed = { failure, since, until: now + retryMs, attempts: 0 };
    return true;
  }

  /** Returns how long it was down, in ms; undefined when it was up. */
  ended(now: number): number | undefined {
    const { since } = this.status ?? {};
    this.#hasWorked = true;
    this.#attempts = 0;
    this.#until = 0;
    this.#failure = undefined;
    this.#noticed = undefined;
    return since === undefined ? undefined : now - since;
  }

  /** Lets the next attempt happen now. */
  hurry(): void {
    this.#until = 0;
  }
}

/** True for a refusal of a path that is none of its own: the target has no room for any. */
export function isDiskFull(reason: string): boolean {
  return /No space left on device|Disk quota exceeded/.test(reason);
}
