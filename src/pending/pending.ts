import { type BytePath, rootPath } from "../../protocol/index.ts";
import type { Change } from "../watch/change.ts";
import { isArrival } from "./arrival.ts";
import { gather } from "./collapse.ts";
import { type Changed, changedBelow, mostMoved, type Renaming } from "./moved.ts";
import { PathMap } from "./path-map.ts";
import { Renames } from "./renames.ts";
import {
  fresh,
  type PendingPath,
  type PendingSummary,
  pendingPath,
  type Refusal,
  refused,
  rejoin,
  renew,
  type State,
  stateOf,
  summarized,
} from "./state.ts";
import { Waiting } from "./waiting.ts";

export type { PendingPath, PendingSummary } from "./state.ts";

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
 *
 * What was renamed is taken together with its old name, as long as nothing had changed there that
 * the target has not got. Until then nothing at or below either name is taken. However long the new
 * name is refused, the old one stays: nothing else at the target holds that object.
 */
export class PendingSet {
  readonly #waiting = new Waiting();
  readonly #inFlight = new PathMap<State>();
  readonly #renames = new Renames(this.#waiting);
  readonly #limit: number;
  #revision = 0;

  constructor({ limit = 200_000 }: PendingOptions = {}) {
    this.#limit = Math.max(2, limit);
  }

  /** Paths that have not been delivered. */
  get size(): number {
    return this.#waiting.size + this.#inFlight.size;
  }

  /** Grows with every change: equal numbers mean equal content. */
  get revision(): number {
    return this.#revision;
  }

  /** Looks at every path: for people. */
  summary(): PendingSummary {
    return summarized(this.#waiting, this.#inFlight);
  }

  /** How many wait neither for what is in flight nor for a later attempt, at least. */
  dueCount(now: number): number {
    return this.#waiting.dueCount(now);
  }

  /** When the first path that failed may be taken again, or a little earlier; undefined: none has. */
  nextDue(): number | undefined {
    return this.#waiting.nextDue;
  }

  add(change: Change, now: number): void {
    if (change.kind === "renamed") this.#addRenamed(change, now);
    else this.#add(change.path, { whole: change.kind === "tree", now });
  }

  /** Adds a path that is sent only when size or time differ; unless it waits to be sent anyway. */
  compare(path: BytePath, now: number): void {
    if (!this.#waiting.has(path)) this.#add(path, { now, arrived: true });
  }

  /** Puts back what was pending in another set, with its age and its failures; but for renames. */
  restore(pending: PendingPath): void {
    this.#putBack(pending.path, stateOf(pending));
  }

  /**
   * Takes up to `limit` paths that are due, oldest first; they are in flight until
   * {@link delivered}, {@link again} or {@link later} is called for each. One more than `limit`
   * when the last one has an old name, which comes behind it.
   */
  take(limit: number, now: number): PendingPath[] {
    const taken: PendingPath[] = [];
    for (const [path, state] of this.#waiting.due(now)) {
      if (taken.length >= limit) break;
      if (this.#mustWait(path, state)) continue;
      const origin = this.#renames.origin(path);
      if (origin !== undefined && this.#inFlight.meets(origin)) continue;
      taken.push(this.#fly(path, { ...state, origin }));
      if (origin !== undefined) taken.push(this.#flyOrigin(origin, path, now));
    }
    const isStuck = taken.length === 0 && limit > 0 && this.#inFlight.size === 0;
    if (!isStuck || this.#renames.size === 0) return taken;
    // Renames that wait for each other in a circle: everything is sent instead.
    this.#renames.clear();
    return this.take(limit, now);
  }

  /** Takes the root as a whole out for good, if it waits and is due: whole trees are compared elsewhere. */
  takeRoot(now: number): boolean {
    const root = this.#waiting.get(rootPath);
    if (!root?.whole || root.notBefore > now) return false;
    this.#unwait(rootPath);
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
  later(path: BytePath, now: number, notBefore: number, refusal: Refusal = {}): void {
    const state = this.#land(path) ?? { ...fresh, since: now };
    this.#putBack(path, refused(state, notBefore, refusal));
  }

  /** What has failed may be tried at once. */
  hurry(): void {
    this.#waiting.hurryAll();
  }

  /** Something below them has arrived: directories above that failed may work now. */
  hurryAbove(path: BytePath): void {
    this.#waiting.hurryAbove(path);
  }

  /** What is waiting or in flight, for a status page or a journal. */
  *paths(): Generator<PendingPath> {
    for (const states of [this.#inFlight, this.#waiting]) {
      for (const [path, state] of states) yield pendingPath(path, state);
    }
  }

  /** The new name is taken as a rename if the target has, under the old one, all that was there. */
  #addRenamed({ from, to, isDirectory }: Renaming, now: number): void {
    const arrived = !isDirectory && isArrival(from, to);
    const below = changedBelow(from, this.#waiting, this.#renames);
    const origin =
      arrived || below.length > mostMoved ? undefined : this.#renames.originOf(from, to);
    this.#renames.forget(from); // it has moved on
    if (isDirectory) this.#absorbBelow(from, true);
    // What had moved to `to` before is replaced here: its old name need not wait for that any more.
    this.#waiting.redirect(this.#formerOf(to), to, undefined);
    // A directory that was there before may have held other files of equal size and time.
    this.#add(to, { whole: isDirectory, resend: isDirectory, now, arrived, former: from });
    if (origin !== undefined && this.#waiting.has(to)) {
      this.#renames.set(origin, to);
      for (const each of below) this.#move(each, (to + each.path.slice(from.length)) as BytePath);
    }
    const tree = (this.#waiting.has(to) ? to : this.#renames.treeAbove(to)) ?? to;
    const after = tree === from ? undefined : tree;
    this.#waiting.redirect(this.#formerOf(from), from, after);
    this.#add(from, { whole: isDirectory, now, leaving: true, after });
  }

  #formerOf(path: BytePath): BytePath | undefined {
    return this.#waiting.get(path)?.former ?? this.#inFlight.get(path)?.former;
  }

  /** What had changed below a directory has changed below its new name; quick checks may not see it. */
  #move({ origin, whole, since }: Changed, to: BytePath): void {
    this.#add(to, { whole, now: since });
    if (origin !== undefined && this.#waiting.has(origin)) this.#renames.set(origin, to);
  }

  #add(path: BytePath, { now, ...news }: Partial<State> & { readonly now: number }): void {
    const { whole = false, arrived = false, leaving = false, after, former } = news;
    // Of a rename under way nobody knows yet what it took for equal.
    const resend = news.resend || (whole && this.#inFlight.get(path)?.origin !== undefined);
    const above = this.#renames.treeAbove(path, { resend });
    if (above !== undefined) {
      // Something is there again: it need not wait for what has moved away.
      if (!leaving) (this.#waiting.get(above) as State).leaving = false;
      return;
    }
    const known = this.#waiting.get(path);
    // A directory's own attributes are looked at when it is renamed, a file's content is not.
    if (!leaving && (whole || !known?.whole)) this.#renames.forget(path);
    const state = { ...fresh, whole, since: now, after, former, arrived, leaving, resend };
    if (known === undefined) this.#wait(path, state);
    else {
      this.#revision += 1;
      renew(known, state);
      this.#waiting.hurry(path); // it has changed: what failed may work now
    }
    if (whole) this.#absorbBelow(path);
  }

  /** What changed while it was in flight stays as it waits, but is as old as its first change. */
  #putBack(path: BytePath, { origin, ...state }: State): void {
    this.#revision += 1;
    if (!state.leaving) this.#renames.doubt(path);
    const known = this.#waiting.get(path);
    if (known === undefined) {
      if (this.#renames.treeAbove(path, state) !== undefined) return;
      this.#wait(path, { ...state, origin: undefined });
      if (origin !== undefined) this.#renames.set(origin, path);
    } else rejoin(known, state);
    const isTree = state.whole && this.#renames.origin(path) === undefined;
    if (isTree && this.#waiting.get(path)?.notBefore === 0) this.#absorbBelow(path);
  }

  #wait(path: BytePath, state: State): void {
    this.#revision += 1;
    this.#waiting.set(path, state);
    if (this.#waiting.size > this.#limit) this.#collapse();
  }

  #unwait(path: BytePath): void {
    this.#revision += 1;
    this.#renames.forget(path);
    this.#renames.forgetOrigin(path);
    this.#waiting.delete(path);
  }

  #fly(path: BytePath, state: State): PendingPath {
    this.#unwait(path);
    this.#inFlight.set(path, state);
    return pendingPath(path, state);
  }

  /** The old name goes along; what has come there since waits behind it. */
  #flyOrigin(origin: BytePath, to: BytePath, now: number): PendingPath {
    const known = this.#waiting.get(origin);
    const state = { ...fresh, since: now, ...(known?.leaving && known) };
    // If it is in use again, all of what is there has to be looked at.
    const leaving: State = { ...state, whole: true, leaving: true, after: to };
    if (known === undefined || known.leaving) return this.#fly(origin, leaving);
    this.#inFlight.set(origin, leaving);
    return pendingPath(origin, leaving);
  }

  /** Half of the limit goes, so that the next time is far. What all failed fails no sooner again. */
  #collapse(): void {
    const { trees, members } = gather(this.#waiting, Math.floor(this.#limit / 2));
    for (const path of members) this.#unwait(path);
    for (const [tree, state] of trees) this.#waiting.set(tree, state);
  }

  /** A tree takes along what waits below it, but for what it might take for equal. */
  #absorbBelow(tree: BytePath, isGone = false): void {
    if (!this.#waiting.hasBelow(tree)) return;
    const prefix = tree === "" ? "" : `${tree}/`;
    for (const [path, { resend }] of this.#waiting) {
      if (path === tree || !path.startsWith(prefix) || (resend && !isGone)) continue;
      this.#unwait(path);
    }
  }

  #mustWait(path: BytePath, { after, leaving }: State): boolean {
    const isLater =
      leaving &&
      after !== undefined &&
      (this.#inFlight.has(after) || this.#waiting.comesBefore(after, path));
    const blocker = this.#inFlight.covering(path) ?? (isLater ? after : undefined);
    if (blocker !== undefined) this.#waiting.block(path, blocker);
    return blocker !== undefined || this.#inFlight.hasBelow(path) || this.#renames.holds(path);
  }

  #land(path: BytePath): State | undefined {
    const state = this.#inFlight.get(path);
    if (state === undefined) return undefined;
    this.#revision += 1;
    this.#inFlight.delete(path);
    this.#waiting.release(path);
    return state;
  }
}
