import { setTimeout as sleep } from "node:timers/promises";
import pLimit, { type LimitFunction } from "p-limit";
import {
  type FileEntry,
  type FileSource,
  LocalIdNames,
  type LocalTree,
  type PoolLook,
  type PushObserver,
  type PushReport,
  type Rename,
  renamedDirectory,
  type SessionOptions,
  SessionPool,
  TargetKnowledge,
} from "../../protocol/index.ts";
import { excludesAnything } from "../filter/rules.ts";
import { Gate } from "./gate.ts";
import { kindArguments, type SessionKind, sparingArguments, type TimePrecision } from "./kinds.ts";
import { type Pushed, pushLinked } from "./linked.ts";
import { Lookout } from "./lookout.ts";
import type { Activity, TargetSettings } from "./message.ts";
import { isFull, isRefusal, refusesNanoseconds } from "./refusals.ts";

export type { Pushed } from "./linked.ts";

/** So many sessions of each kind wait ready at most: how many do follows the load. */
const warm: Readonly<Record<SessionKind, number>> = {
  small: 3,
  large: 1,
  scan: 2,
  rename: 1,
  removal: 0,
  survey: 0,
  preview: 0,
};

/** Files from this size on leave others of the large ones a session, where there are two. */
const hugeBytes = 64 * 1024 * 1024;

/** How often, and after what time at first, a daemon is asked again that had no room for us. */
const mostRefusals = 5;
const firstRoomMs = 50;
/** A daemon that had no room once may have it again after so long, unless told otherwise. */
const defaultCrampedMs = 600_000;

export interface SessionsOptions {
  /** Makes sessions wait; default: none has to. */
  readonly gate?: Gate;
  /** Told whether the target could be reached when nothing was to be sent; default nobody. */
  readonly onLook?: (look: PoolLook) => void;
  /** How long no session waits where there was no room; default ten minutes. */
  readonly crampedMs?: number;
  /** How often it is looked meanwhile whether the target is there; default once a minute. */
  readonly lookEveryMs?: number;
}

/**
 * The sessions to one target, each kind from a pool of its own, and how many there may be. Learns
 * what the daemon allows: from its refusals, not by asking.
 */
export class Sessions {
  readonly #settings: TargetSettings;
  readonly #pools = new Map<SessionKind, SessionPool>();
  readonly #knowledge = new TargetKnowledge();
  readonly #idNames = new LocalIdNames();
  readonly #limit: LimitFunction;
  /** Large files have sessions of their own, so that small ones never wait for them. */
  readonly #large: LimitFunction;
  readonly #huge: LimitFunction;
  /** Seconds for a daemon that refuses `--modify-window` or is too old to know -1. */
  #precision: TimePrecision = "nanoseconds";
  /** Sessions that the daemon has room for, since it refused one more. */
  #room = Number.POSITIVE_INFINITY;
  #crampedTimer: NodeJS.Timeout | undefined;
  #open = 0;
  #mayRename = true;
  #mayLink = true;
  readonly #gate: Gate;
  readonly #onLook: (look: PoolLook) => void;
  readonly #lookout: Lookout;
  readonly #crampedMs: number;

  constructor(settings: TargetSettings, options: SessionsOptions = {}) {
    const { gate = new Gate(), onLook = () => {}, crampedMs = defaultCrampedMs } = options;
    this.#gate = gate;
    this.#crampedMs = crampedMs;
    this.#onLook = onLook;
    const looked = (look: PoolLook): void => this.#looked(look);
    this.#lookout = new Lookout(settings, { onLook: looked, everyMs: options.lookEveryMs });
    const { sessions } = settings;
    this.#settings = settings;
    this.#large = pLimit(Math.max(1, Math.floor(sessions / 4)));
    this.#huge = pLimit(Math.max(1, this.#large.concurrency - 1));
    this.#limit = pLimit(Math.max(1, sessions - this.#large.concurrency));
  }

  /** How times are compared at this target. */
  get precision(): TimePrecision {
    return this.#precision;
  }

  /** How many there are at this moment. */
  get counts(): Pick<Activity, "warm" | "inFlight"> {
    let waiting = 0;
    for (const pool of this.#pools.values()) waiting += pool.waiting;
    return { warm: waiting, inFlight: this.#open };
  }

  /** Opens the sessions that wait now, so that what comes first finds one. */
  prepare(kinds: readonly SessionKind[]): void {
    for (const kind of kinds) this.#pool(kind).prepare();
  }

  /** Does something that needs a session of this kind, for so many bytes, when it is its turn. */
  async inTurn<T>(kind: SessionKind, bytes: number, task: () => Promise<T>): Promise<T> {
    // Where there is hardly room, none of it is set aside.
    const limit = kind === "large" && this.#room > 2 ? this.#large : this.#limit;
    const take = (): Promise<T> =>
      limit(async () => {
        await this.#gate.passed();
        return task();
      });
    return limit === this.#large && bytes >= hugeBytes ? this.#huge(take) : take();
  }

  /**
   * Pushes over a session of this kind.
   *
   * @throws {RsyncError} what ended it, or why there is none.
   */
  async push(
    kind: SessionKind,
    entries: readonly FileEntry[],
    source: FileSource,
    observer: PushObserver,
  ): Promise<PushReport> {
    return await this.#withRoom(() => this.#pushPrecisely(kind, entries, source, observer));
  }

  /**
   * Pushes what lies below a renamed directory, linking what the target has below its old name.
   *
   * @throws as {@link push} does.
   */
  async link(
    renamed: Rename,
    entries: readonly FileEntry[],
    tree: LocalTree,
    observer: PushObserver,
  ): Promise<Pushed> {
    const { target } = this.#settings;
    const place = { target, options: this.#options("scan"), renamed, tree };
    return await this.#withRoom(async () => {
      try {
        return await pushLinked(place, entries, observer);
      } catch (error) {
        if (isRefusal(error) && !refusesNanoseconds(error)) this.#mayLink = false;
        throw error;
      }
    });
  }

  /** False once the target has refused `--hard-links`. */
  get mayRename(): boolean {
    return this.#mayRename;
  }

  /** False when a renamed directory's names cannot stand in arguments, or `--link-dest` is refused. */
  mayLink(renamed: Rename): boolean {
    return this.#mayLink && renamedDirectory(this.#settings.target, renamed) !== undefined;
  }

  async #withRoom<T>(push: () => Promise<T>): Promise<T> {
    for (let refusals = 0; ; refusals += 1) {
      this.#open += 1;
      try {
        return await push();
      } catch (error) {
        const mayWait = isFull(error) && this.#makeRoom() && refusals < mostRefusals;
        if (!mayWait) throw error;
      } finally {
        this.#open -= 1;
      }
      await sleep(firstRoomMs * 2 ** refusals); // a daemon takes a moment to let go of a slot
    }
  }

  /** Closes what waits; what is under way is not touched. */
  close(): void {
    clearTimeout(this.#crampedTimer);
    this.#lookout.stop();
    for (const pool of this.#pools.values()) pool.close();
  }

  #pool(kind: SessionKind): SessionPool {
    let pool = this.#pools.get(kind);
    if (pool === undefined) {
      const isCramped = this.#room < Number.POSITIVE_INFINITY;
      pool = new SessionPool(this.#settings.target, {
        ...this.#options(kind),
        warm: isCramped
          ? Math.min(warm[kind], kind === "small" && this.#room > 2 ? 1 : 0)
          : warm[kind],
        // One kind is enough, and this one is always wanted.
        ...(kind === "small" && { onLook: (look: PoolLook) => this.#looked(look) }),
      });
      this.#pools.set(kind, pool);
    }
    return pool;
  }

  /** A daemon that is full, or refuses what can be done without, can be reached. */
  #looked(look: PoolLook): void {
    if (isFull(look.failure) && !this.#pools.get("small")?.waiting) this.#waitForRoom();
    const isThere = isFull(look.failure) || isRefusal(look.failure);
    this.#onLook(isThere ? { retryMs: 0 } : look);
  }

  #options(kind: SessionKind): SessionOptions {
    const { transfer, timeoutMs, filter } = this.#settings;
    const args = kindArguments(kind, transfer, this.#precision);
    return {
      ...(excludesAnything(filter) ? sparingArguments(kind, args) : args),
      knowledge: this.#knowledge,
      idNames: this.#idNames,
      timeoutMs,
    };
  }

  async #pushPrecisely(
    kind: SessionKind,
    entries: readonly FileEntry[],
    source: FileSource,
    observer: PushObserver,
  ): Promise<PushReport> {
    const pool = this.#pool(kind);
    try {
      return await pool.push(entries, source, observer);
    } catch (error) {
      if (isRefusal(error) && !refusesNanoseconds(error) && kind === "rename") {
        this.#mayRename = false;
        this.#drop(kind, pool);
      }
      if (!refusesNanoseconds(error)) throw error;
      this.#precision = "seconds";
      this.#drop(kind, pool);
      return await this.#pool(kind).push(entries, source, observer);
    }
  }

  #drop(kind: SessionKind, pool: SessionPool): void {
    if (this.#pools.get(kind) === pool) this.#pools.delete(kind);
    pool.close();
  }

  /**
   * The daemon has no slot left: gives back those that only wait, and takes fewer from now on.
   * Returns false when none of those in use is ours: then waiting here helps nobody.
   */
  #makeRoom(): boolean {
    const pools = [...this.#pools.values()];
    const waiting = pools.reduce((sum, pool) => sum + pool.waiting, 0);
    const others = this.#open - 1;
    this.#room = Math.max(1, Math.min(this.#room, waiting + others));
    for (const pool of pools) pool.close();
    this.#pools.clear();
    const isSpare = this.#room > 2 ? 1 : 0; // one that waits ready
    this.#limit.concurrency = Math.max(1, Math.min(this.#limit.concurrency, this.#room - isSpare));
    this.#waitForRoom();
    return waiting + others > 0;
  }

  /** No session tells of the target's end; nor does one wait, before there may be room again. */
  #waitForRoom(): void {
    this.#lookout.start();
    this.#crampedTimer ??= setTimeout(() => this.#relax(), this.#crampedMs).unref();
  }

  #relax(): void {
    this.#crampedTimer = undefined;
    this.#lookout.stop();
    this.#room = Number.POSITIVE_INFINITY;
    this.#limit.concurrency = Math.max(1, this.#settings.sessions - this.#large.concurrency);
    for (const pool of this.#pools.values()) pool.close();
    this.#pools.clear();
    this.prepare(["small"]); // nobody else would notice that an idle target is gone
  }
}
