import { RsyncError } from "./errors.ts";
import type { FileEntry } from "./flist/entry.ts";
import { TargetKnowledge } from "./knowledge.ts";
import type { PushOptions, PushReport } from "./report.ts";
import { Session } from "./session.ts";
import type { FileSource } from "./source/source.ts";
import type { SessionOptions, Target } from "./target.ts";
import { TurnQueue } from "./turn-queue.ts";
import { WaitingSessions } from "./waiting.ts";

export interface PoolOptions extends SessionOptions {
  /** So many sessions wait ready at most, under load; default 2. Each holds a process and a slot. */
  readonly warm?: number;
  /** A waiting session is replaced at this age, but not within a second; default 900,000 ms. */
  readonly maxAgeMs?: number;
  /** So many sessions at most, at least 1, waiting or not; further pushes wait. Default: no limit. */
  readonly maxSessions?: number;
  /** Told what came of opening a session that is to wait. */
  readonly onLook?: (look: PoolLook) => void;
}

/** Whether a target could be reached when nothing was to be sent. */
export interface PoolLook {
  /** Why not; undefined: a session waits there now. */
  readonly failure?: unknown;
  /** When it is tried again after a failure, in ms; else 0. */
  readonly retryMs: number;
}

/** Between two attempts to fill the pool after one failed; doubles up to a minute. */
const firstRefillDelayMs = 1_000;
const longestRefillDelayMs = 60_000;
/** A small push is over by then, and need not share the processor with the opening of the next. */
const refillDelayMs = 20;
/** A session that was kept alive so often and not needed is one too many. */
const keepAlivesOfSpare = 3;

/**
 * Sessions to one target that are connected, authenticated and set up before they are needed.
 *
 * A session carries one push, then the pool opens the next one. How many wait follows the load: one
 * more whenever none was there, up to a limit; fewer again when some were not needed, the sooner the
 * shorter the daemon's `timeout` is, for all of them have to be kept alive. One that dies while it
 * waits is replaced, ever later while nobody needs it. Nothing is retried here but a waiting session
 * that turns out to be dead.
 */
export class SessionPool {
  readonly #target: Target;
  readonly #options: PoolOptions;
  readonly #waiting: WaitingSessions;
  readonly #turns = new TurnQueue<Turn>(() => this.#tryTake());
  #warm: number;
  /** How many are to wait, as far as there was need for them. */
  #wanted = 1;
  /** The fewest that were left waiting since spares were looked for last. */
  #fewest = 0;
  #opening = 0;
  /** Pushes that have a session, or open one. */
  #busy = 0;
  #refillDelayMs = firstRefillDelayMs;
  #refillTimer: NodeJS.Timeout | undefined;
  #spareTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(target: Target, options: PoolOptions) {
    this.#target = target;
    this.#options = { knowledge: new TargetKnowledge(), ...options };
    const { maxAgeMs = 900_000, warm = 2 } = options;
    const delayMs = Math.max(0, firstRefillDelayMs - maxAgeMs);
    this.#waiting = new WaitingSessions(maxAgeMs, () => this.#refillIn(delayMs));
    this.#warm = warm;
  }

  /** Sessions that wait ready. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Pushes over a waiting session, or over a new one when there is none.
   *
   * @throws {RsyncError} ABORTED after {@link close}; as {@link Session.open} and
   *   {@link Session.push} do.
   */
  async push(
    entries: readonly FileEntry[],
    source: FileSource,
    options: PushOptions = {},
  ): Promise<PushReport> {
    for (;;) {
      if (this.#closed) throw closed();
      const { session: waiting } = await this.#turns.take(options.signal);
      let session: Session | undefined;
      try {
        session = waiting ?? (await this.#openNow(options.signal));
        this.#refillDelayMs = firstRefillDelayMs;
        this.#refillIn(refillDelayMs);
        return await session.push(entries, source, options);
      } catch (error) {
        // It had died while it waited: the daemon has acted on nothing, so a new one may try.
        const wasDead = waiting !== undefined && session?.wasAnswered === false;
        if (!wasDead || this.#closed || !isConnectionLost(error)) throw error;
      } finally {
        this.#busy -= 1;
        this.#turns.wake();
        if (session !== undefined) this.#refill();
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
    clearTimeout(this.#spareTimer);
    this.#waiting.close();
    this.#turns.fail(closed());
  }

  /** A session that waits, or the right to open one; undefined when there are too many. */
  #tryTake(): Turn | undefined {
    this.#fewest = Math.min(this.#fewest, Math.max(0, this.#waiting.length - 1));
    const session = this.#waiting.take();
    if (session === undefined && !this.#hasRoom) return undefined;
    this.#busy += 1;
    return { session };
  }

  get #hasRoom(): boolean {
    const { maxSessions = Number.POSITIVE_INFINITY } = this.#options;
    return this.#busy + this.#opening + this.#waiting.length < Math.max(1, maxSessions);
  }

  /** One for a push that found none waiting: from now on one more waits. */
  async #openNow(given: AbortSignal | undefined): Promise<Session> {
    const signals = [this.#options.signal, given].filter((each) => each !== undefined);
    const signal = signals.length > 1 ? AbortSignal.any(signals) : signals[0];
    const session = await openSession(this.#target, { ...this.#options, signal });
    this.#wanted = Math.min(this.#warm, this.#wanted + 1);
    return session;
  }

  #refill(): void {
    clearTimeout(this.#refillTimer);
    const wanted = Math.min(this.#wanted, this.#warm);
    while (!this.#closed && this.#waiting.length + this.#opening < wanted && this.#hasRoom) {
      this.#opening += 1;
      void this.#addWaiting();
    }
  }

  async #addWaiting(): Promise<void> {
    try {
      const session = await openSession(this.#target, this.#options);
      session.onEnd = (reason) => this.#died(session, reason);
      if (this.#closed) session.close();
      else if (session.alive) {
        this.#waiting.add(session);
        this.#watchSpares();
        this.#options.onLook?.({ retryMs: 0 });
      }
    } catch (error) {
      this.#learnLimit(error);
      const retryMs = this.#refillLater();
      if (!this.#closed) this.#options.onLook?.({ failure: error, retryMs });
    } finally {
      this.#opening -= 1;
      this.#turns.wake();
    }
  }

  /** Looks for spares after a while, when more than one waits. */
  #watchSpares(): void {
    const { newest } = this.#waiting;
    if (newest === undefined || this.#waiting.length < 2 || this.#spareTimer !== undefined) return;
    const spareMs = newest.keepAliveMs * keepAlivesOfSpare;
    this.#spareTimer = setTimeout(() => this.#closeSpares(), spareMs);
    this.#spareTimer.unref();
  }

  /** Closes those that were left even when most were needed; one stays. */
  #closeSpares(): void {
    this.#spareTimer = undefined;
    const spares = Math.max(0, Math.min(this.#fewest, this.#waiting.length - 1));
    this.#fewest = this.#waiting.length;
    this.#wanted = Math.max(1, this.#wanted - spares);
    this.#waiting.close(spares);
    this.#watchSpares();
  }

  #died(session: Session, reason: RsyncError): void {
    if (!this.#waiting.remove(session)) return; // it was taken: who uses it has been told
    this.#learnLimit(reason);
    this.#refillLater();
  }

  /** A daemon whose slots are all in use gets no more idle sessions than it has room for now. */
  #learnLimit(error: unknown): void {
    if (error instanceof RsyncError && error.code === "MAX_CONNECTIONS") {
      this.#warm = Math.min(this.#warm, this.#waiting.length);
    }
  }

  #refillLater(): number {
    const delayMs = this.#refillDelayMs;
    this.#refillIn(delayMs);
    this.#refillDelayMs = Math.min(delayMs * 2, longestRefillDelayMs);
    return delayMs;
  }

  #refillIn(delayMs: number): void {
    clearTimeout(this.#refillTimer);
    if (this.#closed) return;
    this.#refillTimer = setTimeout(() => this.#refill(), delayMs);
    this.#refillTimer.unref();
  }
}

/** What a push goes over; undefined: it may open a session. */
interface Turn {
  readonly session: Session | undefined;
}

function closed(): RsyncError {
  return new RsyncError("ABORTED", "Cannot push: the pool has been closed");
}

const unopened = new WeakSet<Error>();

/** As {@link Session.open}; what it throws is known to {@link hadNoSession}. */
export async function openSession(target: Target, options: SessionOptions): Promise<Session> {
  try {
    return await Session.open(target, options);
  } catch (error) {
    if (error instanceof Error) unopened.add(error);
    throw error;
  }
}

/** True for why there was no session to push over: what was to be pushed has no part in it. */
export function hadNoSession(error: unknown): boolean {
  return error instanceof Error && unopened.has(error);
}

function isConnectionLost(error: unknown): boolean {
  return error instanceof RsyncError && error.code === "CONNECTION_LOST";
}
