import { type BytePath, parentPath } from "../../protocol/index.ts";
import type { Change } from "../watch/change.ts";
import { isArrival } from "./arrival.ts";
import { treeAbove, treesCovering } from "./collapse.ts";
import { Counter } from "./counter.ts";
import { fresh, merged, type PendingPath, pendingPath, type State } from "./state.ts";

export type { PendingPath } from "./state.ts";

/** How much a set holds, for status pages. */
export interface PendingSummary {
  /** Paths that have not been delivered, those in flight among them. */
  readonly paths: number;
  /** How many of them stand for everything below them. */
  readonly trees: number;
  readonly inFlight: number;
  /** How many have failed at least once. */
  readonly refused: number;
  /** When the oldest undelivered change was seen; undefined when all is delivered. */
  readonly oldest: number | undefined;
}

export interface PendingOptions {
  /** More paths than these are gathered into whole trees; at least 2. Default 200,000. */
  readonly limit?: number;
}

/**
 * What may differ at one target: state, not a log. A path stands in it once, however many events
 * came, and leaves it only when it has been delivered (design law 2). Its memory has a limit: past
 * it, paths are gathered into the directories above them, "everything below may differ".
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
  readonly #limit: number;
  #revision = 0;

  constructor({ limit = 200_000 }: PendingOptions = {}) {
    this.#limit = Math.max(2, limit);
  }

  /** Paths that have not been delivered. */
  get size(): number {
    return this.#waiting.size + this.#inFlight.size;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Grows with every change of the set: equal numbers mean equal content. */
  get revision(): number {
    return this.#revision;
  }

  /** When the oldest undelivered change was seen, or undefined when all is delivered. */
  oldest(): number | undefined {
    return this.summary().oldest;
  }

  /** Looks at every path: for people, not for each event. */
  summary(): PendingSummary {
    let oldest: number | undefined;
    let trees = 0;
    let refused = 0;
    for (const states of [this.#waiting, this.#inFlight]) {
      for (const { since, whole, attempts } of states.values()) {
        if (oldest === undefined || since < oldest) oldest = since;
        if (whole) trees += 1;
        if (attempts > 0) refused += 1;
      }
    }
    return { paths: this.size, trees, inFlight: this.inFlight, refused, oldest };
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
      this.#add(change.path, { whole: change.kind === "tree", now });
      return;
    }
    const { from, to, isDirectory } = change;
    this.#add(to, { whole: isDirectory, now, arrived: !isDirectory && isArrival(from, to) });
    this.#add(from, { whole: false, now, after: to });
  }

  /** Adds a path that is sent only when size or time differ; unless it waits to be sent anyway. */
  compare(path: BytePath, now: number): void {
    if (!this.#waiting.has(path)) this.#add(path, { now, arrived: true });
  }

  /** Puts back what was pending in another set, with its age and its failures. */
  restore({ path, whole, since, attempts, reason }: PendingPath): void {
    const state = { ...fresh, whole, since, attempts, reason };
    this.#putBack(path, state);
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
      this.#unwait(path);
      this.#inFlight.set(path, state);
      this.#inFlightBelow.add(path);
      taken.push(pendingPath(path, state));
    }
    return taken;
  }

  /** Takes the root as a whole out for good, if it waits and is due: whole trees are compared elsewhere. */
  takeRoot(now: number): boolean {
    const root = this.#waiting.get("" as BytePath);
    if (!root?.whole || root.notBefore > now) return false;
    this.#unwait("" as BytePath);
    return true;
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
  later(path: BytePath, now: number, notBefore: number, reason?: string): void {
    const { whole, since, attempts } = this.#land(path) ?? { ...fresh, since: now };
    const failed = { whole, since, attempts: attempts + 1, notBefore, reason };
    this.#putBack(path, { ...fresh, ...failed });
  }

  /** What has failed may be tried at once. */
  hurry(): void {
    for (const state of this.#waiting.values()) state.notBefore = 0;
  }

  /** Something below them has arrived: directories above that failed may work now. */
  hurryAbove(path: BytePath): void {
    for (let above = path; above !== ""; ) {
      above = parentPath(above);
      const state = this.#waiting.get(above);
      if (state !== undefined) state.notBefore = 0;
    }
  }

  /** What is waiting or in flight, for a status page or a journal. */
  *paths(): Generator<PendingPath> {
    for (const states of [this.#inFlight, this.#waiting]) {
      for (const [path, state] of states) yield pendingPath(path, state);
    }
  }

  #add(path: BytePath, { now, ...news }: Partial<State> & { readonly now: number }): void {
    if (this.#isCovered(path)) return;
    const known = this.#waiting.get(path);
    const { whole = false, after, arrived = false } = news;
    if (known === undefined) {
      this.#wait(path, { ...fresh, whole, since: now, after, arrived });
    } else {
      this.#revision += 1;
      known.whole ||= whole;
      known.notBefore = 0; // it has changed: what failed may work now
      known.after = after;
      known.arrived = arrived;
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
      this.#revision += 1;
      known.whole ||= state.whole;
      known.arrived &&= state.arrived; // one of the two changes was made here
      known.since = Math.min(known.since, state.since);
    }
    if (state.whole && this.#waiting.get(path)?.notBefore === 0) this.#absorbBelow(path);
  }

  #wait(path: BytePath, state: State): void {
    this.#revision += 1;
    this.#waiting.set(path, state);
    this.#waitingBelow.add(path);
    if (this.#waiting.size > this.#limit) this.#collapse();
  }

  #unwait(path: BytePath): void {
    this.#revision += 1;
    if (this.#waiting.delete(path)) this.#waitingBelow.remove(path);
  }

  /** Half of the limit goes, so that the next time is far. What all failed fails no sooner again. */
  #collapse(): void {
    const trees = treesCovering(this.#waiting.keys(), Math.floor(this.#limit / 2));
    const gathered = new Map<BytePath, State>();
    for (const [path, state] of this.#waiting) {
      const tree = treeAbove(path, trees);
      if (tree === undefined) continue;
      gathered.set(tree, merged(state, gathered.get(tree) ?? state));
      this.#unwait(path);
    }
    for (const [tree, state] of gathered) {
      this.#waiting.set(tree, { ...state, whole: true, after: undefined, arrived: false });
      this.#waitingBelow.add(tree);
    }
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
      if (path !== tree && path.startsWith(prefix)) this.#unwait(path);
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
    this.#revision += 1;
    this.#inFlight.delete(path);
    this.#inFlightBelow.remove(path);
    return state;
  }
}
