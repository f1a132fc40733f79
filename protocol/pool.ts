import { RsyncError } from "./errors.ts";
import type { FileEntry } from "./flist/entry.ts";
import { TargetKnowledge } from "./knowledge.ts";
import type { PushOptions, PushReport } from "./report.ts";
import { Session } from "./session.ts";
import type { FileSource } from "./source/source.ts";
import type { SessionOptions, Target } from "./target.ts";

export interface PoolOptions extends SessionOptions {
  /** How many sessions wait ready; default 2. Each holds a process and a slot at the daemon. */
  readonly warm?: number;
  /** A waiting session is replaced at this age; default 900,000 ms. */
  readonly maxAgeMs?: number;
}

/** Between two attempts to fill the pool after one failed; doubles up to a minute. */
const firstRefillDelayMs = 1_000;
const longestRefillDelayMs = 60_000;

/**
 * Sessions to one target that are connected, authenticated and set up before they are needed.
 *
 * A session carries one push. When it is taken the pool opens the next one, and one that dies while
 * it waits is replaced. Nothing is retried here but a waiting session that turns out to be dead.
 */
export class SessionPool {
  readonly #target: Target;
  readonly #options: PoolOptions;
  readonly #waiting: { readonly session: Session; readonly since: number }[] = [];
  #warm: number;
  #opening = 0;
  #refillDelayMs = firstRefillDelayMs;
  #refillTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(target: Target, options: PoolOptions) {
    this.#target = target;
    this.#options = { knowledge: new TargetKnowledge(), ...options };
    this.#warm = options.warm ?? 2;
  }

  /** Sessions that wait ready. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Pushes over a waiting session, or over a new one when there is none.
   *
   * @throws {RsyncError} as {@link Session.open} and {@link Session.push} do.
   */
  async push(
    entries: readonly FileEntry[],
    source: FileSource,
    options: PushOptions = {},
  ): Promise<PushReport> {
    for (;;) {
      const waiting = this.#take();
      const session = waiting ?? (await this.#open());
      this.#refill();
      try {
        return await session.push(entries, source, options);
      } catch (error) {
        // It had died while it waited: the daemon has acted on nothing, so a new one may try.
        const wasDead = waiting !== undefined && !session.wasAnswered;
        if (!wasDead || this.#closed || !isConnectionLost(error)) throw error;
      }
    }
  }

  /** Opens the waiting sessions now; what fails shows at the next push. */
  prepare(): void {
    this.#refill();
  }

  /** Closes the waiting sessions; pushes under way are not touched. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#refillTimer);
    for (const { session } of this.#waiting.splice(0)) session.close();
  }

  #take(): Session | undefined {
    const { maxAgeMs = 900_000 } = this.#options;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (next.session.alive && performance.now() - next.since < maxAgeMs) return next.session;
      next.session.close();
    }
    return undefined;
  }

  async #open(): Promise<Session> {
    const session = await Session.open(this.#target, this.#options);
    this.#refillDelayMs = firstRefillDelayMs;
    return session;
  }

  #refill(): void {
    clearTimeout(this.#refillTimer);
    while (!this.#closed && this.#waiting.length + this.#opening < this.#warm) {
      this.#opening += 1;
      void this.#addWaiting();
    }
  }

  async #addWaiting(): Promise<void> {
    try {
      const session = await this.#open();
      session.onEnd = (reason) => this.#died(session, reason);
      if (this.#closed) session.close();
      else if (session.alive) this.#waiting.push({ session, since: performance.now() });
    } catch (error) {
      this.#learnLimit(error);
      this.#refillLater();
    } finally {
      this.#opening -= 1;
    }
  }

  #died(session: Session, reason: RsyncError): void {
    const index = this.#waiting.findIndex((waiting) => waiting.session === session);
    if (index < 0) return; // it was taken: who uses it has been told
    this.#waiting.splice(index, 1);
    this.#learnLimit(reason);
    this.#refillLater();
  }

  /** A daemon whose slots are all in use gets no more idle sessions than it has room for now. */
  #learnLimit(error: unknown): void {
    if (error instanceof RsyncError && error.code === "MAX_CONNECTIONS") {
      this.#warm = Math.min(this.#warm, this.#waiting.length);
    }
  }

  #refillLater(): void {
    if (this.#closed) return;
    clearTimeout(this.#refillTimer);
    this.#refillTimer = setTimeout(() => this.#refill(), this.#refillDelayMs);
    this.#refillTimer.unref();
    this.#refillDelayMs = Math.min(this.#refillDelayMs * 2, longestRefillDelayMs);
  }
}

function isConnectionLost(error: unknown): boolean {
  return error instanceof RsyncError && error.code === "CONNECTION_LOST";
}
