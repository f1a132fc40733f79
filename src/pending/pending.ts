import { type BytePath, parentPath } from "../../protocol/index.ts";
import type { Change } from "../watch/change.ts";

/** A path that may differ at one target. */
export interface PendingPath {
  readonly path: BytePath;
  /** Everything below it may differ too. */
  readonly whole: boolean;
  /** When the oldest undelivered change was seen; `performance.now()`. */
  readonly since: number;
  /** How often delivery has failed. */
  readonly attempts: number;
}

interface State {
  whole: boolean;
  since: number;
  attempts: number;
  /** Not to be taken before this time, after a failure. */
  notBefore: number;
  /** A moved object's old name goes only when its new name has arrived. */
  after: BytePath | undefined;
}

/**
 * What may differ at one target: state, not a log. A path stands in it once, however many events
 * came, and leaves it only when it has been delivered (design law 2).
 *
 * A path is either waiting or in flight. One that changes while it is in flight waits again behind
 * itself; nothing is taken that is in flight, lies below or above something in flight.
 */
export class PendingSet {
  readonly #waiting = new Map<BytePath, State>();
  readonly #inFlight = new Map<BytePath, State>();
  /** How many waiting and in-flight paths lie below a directory. */
  readonly #waitingBelow = new Counter();
  readonly #inFlightBelow = new Counter();

  /** Paths that have not been delivered. */
  get size(): number {
    return this.#waiting.size + this.#inFlight.size;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** When the oldest undelivered change was seen, or undefined when all is delivered. */
  oldest(): number | undefined {
    let oldest: number | undefined;
    for (const states of [this.#waiting, this.#inFlight]) {
      for (const { since } of states.values()) {
        if (oldest === undefined || since < oldest) oldest = since;
      }
    }
    return oldest;
  }

  /** The earliest time at which a waiting path may be taken; undefined when none waits. */
  nextDue(): number | undefined {
    let next: number | undefined;
    for (const { notBefore } of this.#waiting.values()) {
      if (next === undefined || notBefore < next) next = notBefore;
      if (next === 0) return 0;
    }
    return next;
  }

  add(change: Change, now: number): void {
    if (change.kind !== "renamed") {
      this.#add(change.path, change.kind === "tree", now);
      return;
    }
    this.#add(change.to, change.isDirectory, now);
    this.#add(change.from, false, now, change.to);
  }

  /**
   * Takes up to `limit` paths that are due, oldest first; they are in flight until
   * {@link delivered}, {@link again} or {@link later} is called for each.
   */
  take(limit: number, now: number): PendingPath[] {
    const taken: PendingPath[] = [];
    for (const [path, state] of this.#waiting) {
      if (taken.length === limit) break;
      if (state.notBefore > now || this.#mustWait(path, state)) continue;
      this.#waiting.delete(path);
      this.#waitingBelow.remove(path);
      this.#inFlight.set(path, state);
      this.#inFlightBelow.add(path);
      const { whole, since, attempts } = state;
      taken.push({ path, whole, since, attempts });
    }
    return taken;
  }

  delivered(path: BytePath): void {
    this.#land(path);
  }

  /** Puts an in-flight path back as if it had not been taken. */
  again(path: BytePath): void {
    const state = this.#land(path);
    if (state !== undefined) this.#putBack(path, { ...state, notBefore: 0 });
  }

  /**
   * Puts a path back (or in), to be taken no earlier than `notBefore`. Has it changed meanwhile, it
   * may be taken at once: what failed may work now.
   */
  later(path: BytePath, now: number, notBefore: number): void {
    const taken = this.#land(path);
    const { whole = false, since = now, attempts = 0 } = taken ?? {};
    const after = undefined;
    this.#putBack(path, { whole, since, attempts: attempts + 1, notBefore, after });
  }

  /** What is waiting or in flight, for a status page or a journal. */
  *paths(): Generator<PendingPath> {
    for (const states of [this.#inFlight, this.#waiting]) {
      for (const [path, { whole, since, attempts }] of states) {
        yield { path, whole, since, attempts };
      }
    }
  }

  #add(path: BytePath, whole: boolean, now: number, after?: BytePath): void {
    if (this.#isCovered(path)) return;
    const known = this.#waiting.get(path);
    if (known === undefined) {
      this.#wait(path, { whole, since: now, attempts: 0, notBefore: 0, after });
    } else {
      known.whole ||= whole;
      known.notBefore = 0; // it has changed: what failed may work now
      known.after = after;
      known.since = Math.min(known.since, now);
    }
    if (whole) this.#absorbBelow(path);
  }

  /** What changed while it was in flight stays as it waits, but is as old as its first change. */
  #putBack(path: BytePath, state: State): void {
    const known = this.#waiting.get(path);
    if (known === undefined) {
      if (this.#isCovered(path)) return;
      this.#wait(path, state);
    } else {
      known.whole ||= state.whole;
      known.since = Math.min(known.since, state.since);
    }
    if (state.whole && this.#waiting.get(path)?.notBefore === 0) this.#absorbBelow(path);
  }

  #wait(path: BytePath, state: State): void {
    this.#waiting.set(path, state);
    this.#waitingBelow.add(path);
  }

  /**
   * True when a tree that waits above it will take it along. One that waits because it failed does
   * not: what has changed below it may be taken at once.
   */
  #isCovered(path: BytePath): boolean {
    for (let above = path; above !== ""; ) {
      above = parentPath(above);
      const tree = this.#waiting.get(above);
      if (tree?.whole && tree.notBefore === 0) return true;
    }
    return false;
  }

  #absorbBelow(tree: BytePath): void {
    if (!this.#waitingBelow.has(tree)) return;
    const prefix = tree === "" ? "" : `${tree}/`;
    for (const path of this.#waiting.keys()) {
      if (path === tree || !path.startsWith(prefix)) continue;
      this.#waiting.delete(path);
      this.#waitingBelow.remove(path);
    }
  }

  #mustWait(path: BytePath, { after }: State): boolean {
    if (after !== undefined && (this.#waiting.has(after) || this.#inFlight.has(after))) return true;
    if (this.#inFlight.has(path) || this.#inFlightBelow.has(path)) return true;
    for (let above = path; above !== ""; ) {
      above = parentPath(above);
      if (this.#inFlight.has(above)) return true;
    }
    return false;
  }

  #land(path: BytePath): State | undefined {
    const state = this.#inFlight.get(path);
    if (state === undefined) return undefined;
    this.#inFlight.delete(path);
    this.#inFlightBelow.remove(path);
    return state;
  }
}

/** For each directory, how many members of a set lie below it. */
class Counter {
  readonly #counts = new Map<BytePath, number>();

  has(directory: BytePath): boolean {
    return this.#counts.has(directory);
  }

  add(path: BytePath): void {
    this.#change(path, 1);
  }

  remove(path: BytePath): void {
    this.#change(path, -1);
  }

  #change(path: BytePath, by: number): void {
    for (let above = path; above !== ""; ) {
      above = parentPath(above);
      const count = (this.#counts.get(above) ?? 0) + by;
      if (count === 0) this.#counts.delete(above);
      else this.#counts.set(above, count);
    }
  }
}
