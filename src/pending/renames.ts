import { type BytePath, isWithin } from "../../protocol/index.ts";
import { Counter } from "./counter.ts";
import { findAbove, type PathMap } from "./path-map.ts";
import type { State } from "./state.ts";

/**
 * Which waiting names the target has under another name, with everything as it is here: so it need
 * not be sent again. The old name stays untouched there until the new one has been made of it.
 */
export class Renames {
  readonly #waiting: PathMap<State>;
  readonly #origins = new Map<BytePath, BytePath>();
  readonly #destinations = new Map<BytePath, BytePath>();
  /** How many old names lie below a directory. */
  readonly #originsBelow = new Counter();

  /** `waiting`: what waits, with the pairs or without. */
  constructor(waiting: PathMap<State>) {
    this.#waiting = waiting;
  }

  get size(): number {
    return this.#origins.size;
  }

  /** Where the target has what is to be at `to`. */
  origin(to: BytePath): BytePath | undefined {
    return this.#origins.get(to);
  }

  /** True for what a rename must come before: its old name, and all that lies above or below. */
  holds(path: BytePath): boolean {
    if (this.size === 0) return false;
    if (this.#destinations.has(path) || this.#hasAbove(path)) return true;
    return !this.#origins.has(path) && this.#originsBelow.has(path);
  }

  /** Where the target has what is at `to` now; undefined when it may have something else there. */
  originOf(from: BytePath, to: BytePath): BytePath | undefined {
    if (this.treeAbove(from) !== undefined || this.#hasAbove(from)) return undefined;
    if (!this.#waiting.has(from)) return from;
    // Renamed twice: the target has it under the first of its names.
    return this.#waiting.has(to) ? undefined : this.origin(from);
  }

  /**
   * A tree that waits above a path and will take it along. One that waits because it failed does
   * not: what has changed below it may be taken at once. Nor does one that is renamed: it does not
   * send what the target has; nor, for what must be sent though size and time are equal, one that
   * compares those.
   */
  treeAbove(path: BytePath, { resend = false }: { resend?: boolean } = {}): BytePath | undefined {
    return findAbove(path, (above) => {
      const tree = this.#waiting.get(above);
      if (!tree?.whole || tree.notBefore > 0 || this.#origins.has(above)) return false;
      return tree.resend || !resend;
    });
  }

  /** Notes a pair, in place of others of these two names. */
  set(from: BytePath, to: BytePath): void {
    if (isWithin(from, to) || isWithin(to, from)) return;
    this.forget(to);
    this.forgetOrigin(from);
    this.#origins.set(to, from);
    this.#destinations.set(from, to);
    this.#originsBelow.add(from);
    const left = this.#waiting.get(from);
    if (left !== undefined) left.after = to;
  }

  /** What is to be at `to` must be sent after all. */
  forget(to: BytePath): void {
    const from = this.#origins.get(to);
    if (from === undefined) return;
    const waiting = this.#waiting.get(to);
    if (waiting?.whole) waiting.resend = true;
    this.#origins.delete(to);
    this.#destinations.delete(from);
    this.#originsBelow.remove(from);
  }

  /** What the target has at `from` is not as it was here, or goes on its own. */
  forgetOrigin(from: BytePath): void {
    const to = this.#destinations.get(from);
    if (to !== undefined) this.forget(to);
  }

  /** What was sent for `path` has not arrived: of what lies there and above, the target is not sure. */
  doubt(path: BytePath): void {
    if (this.size === 0) return;
    this.forgetOrigin(path);
    findAbove(path, (above) => {
      this.forgetOrigin(above);
      return false;
    });
  }

  clear(): void {
    for (const to of this.#origins.keys()) this.forget(to);
  }

  /** True when one of the two names of a pair is a directory above `path`. */
  #hasAbove(path: BytePath): boolean {
    if (this.size === 0) return false;
    const isName = (above: BytePath): boolean =>
      this.#origins.has(above) || this.#destinations.has(above);
    return findAbove(path, isName) !== undefined;
  }
}
