import type { BytePath } from "../../protocol/index.ts";
import { findAbove, PathMap } from "./path-map.ts";
import type { State } from "./state.ts";

/**
 * The paths that wait, and what each waits for: for nothing, for its time after a failure, or for
 * another path to be through. Only those that wait for nothing cost time when some are taken.
 */
export class Waiting extends PathMap<State> {
  readonly #ready = new Set<BytePath>();
  readonly #resting = new Map<BytePath, number>();
  /** Nothing that rests is due earlier than this. */
  #nextDue = Number.POSITIVE_INFINITY;
  /** Whom each of them waits for, and who waits for each of those. */
  readonly #blockers = new Map<BytePath, BytePath>();
  readonly #blocked = new Map<BytePath, Set<BytePath>>();

  override set(path: BytePath, state: State): void {
    super.set(path, state);
    this.#forget(path);
    if (state.notBefore === 0) this.#ready.add(path);
    else this.#rest(path, state.notBefore);
  }

  override delete(path: BytePath): void {
    super.delete(path);
    this.#forget(path);
    this.release(path);
  }

  /** It has not failed, as far as when it may be taken goes. */
  hurry(path: BytePath): void {
    const state = this.get(path);
    if (state === undefined) return;
    state.notBefore = 0;
    if (!this.#ready.has(path)) this.set(path, state); // else it keeps its turn
  }

  /** The same for all that rest. */
  hurryAll(): void {
    for (const path of this.#resting.keys()) this.hurry(path);
  }

  /** The same for the directories above `path`. */
  hurryAbove(path: BytePath): void {
    if (this.#resting.size === 0) return;
    findAbove(path, (above) => {
      if (this.#resting.has(above)) this.hurry(above);
      return false;
    });
  }

  /** True when `first` waits, but not for `path` itself, as names may move in a circle. */
  comesBefore(first: BytePath, path: BytePath): boolean {
    if (!this.has(first)) return false;
    let blocker = this.#blockers.get(first);
    for (let steps = this.#blockers.size; steps > 0 && blocker !== undefined; steps -= 1) {
      if (blocker === path) return false;
      blocker = this.#blockers.get(blocker);
    }
    return true;
  }

  /** The old name `former`, and those whose objects had moved there, wait for `after` instead. */
  redirect(former: BytePath | undefined, before: BytePath, after: BytePath | undefined): void {
    for (let path = former; path !== undefined; ) {
      const state = this.get(path);
      if (state?.after !== before) break;
      state.after = after;
      path = state.former;
    }
    this.release(before);
  }

  /** It need not be looked at until `blocker` is {@link release}d, or waits no more. */
  block(path: BytePath, blocker: BytePath): void {
    this.#forget(path);
    this.#blockers.set(path, blocker);
    const others = this.#blocked.get(blocker);
    if (others === undefined) this.#blocked.set(blocker, new Set([path]));
    else others.add(path);
  }

  /** Who waited for `blocker` may be looked at again. */
  release(blocker: BytePath): void {
    const released = this.#blocked.get(blocker);
    if (released === undefined) return;
    this.#blocked.delete(blocker);
    for (const path of released) {
      this.#blockers.delete(path);
      this.#ready.add(path);
    }
  }

  /** Paths that may be taken; what is released meanwhile comes, too. */
  *due(now: number): Generator<[BytePath, State]> {
    this.#wake(now);
    for (const path of this.#ready) yield [path, this.get(path) as State];
  }

  /** How many may be taken, at least; 0: all that wait must go on doing so. */
  dueCount(now: number): number {
    return this.#ready.size + (now >= this.#nextDue ? 1 : 0);
  }

  /** When the first path that rests may be taken, or a little earlier; undefined: none rests. */
  get nextDue(): number | undefined {
    return this.#resting.size === 0 ? undefined : this.#nextDue;
  }

  #rest(path: BytePath, until: number): void {
    this.#resting.set(path, until);
    this.#nextDue = Math.min(this.#nextDue, until);
  }

  #wake(now: number): void {
    if (now < this.#nextDue) return;
    this.#nextDue = Number.POSITIVE_INFINITY;
    for (const [path, until] of this.#resting) {
      if (until > now) {
        this.#nextDue = Math.min(this.#nextDue, until);
      } else {
        this.#resting.delete(path);
        this.#ready.add(path);
      }
    }
  }

  #forget(path: BytePath): void {
    if (this.#ready.delete(path) || this.#resting.delete(path)) return;
    const blocker = this.#blockers.get(path);
    if (blocker === undefined) return;
    this.#blockers.delete(path);
    const others = this.#blocked.get(blocker);
    others?.delete(path);
    if (others?.size === 0) this.#blocked.delete(blocker);
  }
}
