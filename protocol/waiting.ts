import type { Session } from "./session.ts";

/** Sessions that are ready, in the order in which they were opened. */
export class WaitingSessions {
  readonly #sessions: { readonly session: Session; readonly since: number }[] = [];
  readonly #maxAgeMs: number;
  readonly #onOld: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param onOld told when some were closed because they had waited for `maxAgeMs`. */
  constructor(maxAgeMs: number, onOld: () => void) {
    this.#maxAgeMs = maxAgeMs;
    this.#onOld = onOld;
  }

  get length(): number {
    return this.#sessions.length;
  }

  get newest(): Session | undefined {
    return this.#sessions.at(-1)?.session;
  }

  add(session: Session): void {
    this.#sessions.push({ session, since: performance.now() });
    if (this.#timer === undefined) this.#watch();
  }

  /** The one that has waited longest, and is fit to be used. */
  take(): Session | undefined {
    for (let next = this.#sessions.shift(); next !== undefined; next = this.#sessions.shift()) {
      if (next.session.alive && performance.now() - next.since < this.#maxAgeMs) {
        return next.session;
      }
      next.session.close();
    }
    return undefined;
  }

  /** @returns false when it does not wait, but was taken or closed. */
  remove(session: Session): boolean {
    const index = this.#sessions.findIndex((waiting) => waiting.session === session);
    if (index >= 0) this.#sessions.splice(index, 1);
    return index >= 0;
  }

  /** Closes so many of the oldest; default all. */
  close(count: number = this.length): void {
    for (const { session } of this.#sessions.splice(0, count)) session.close();
    if (this.length > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Looks again when the oldest will be too old. */
  #watch(): void {
    this.#timer = undefined;
    const [oldest] = this.#sessions;
    if (oldest === undefined) return;
    const leftMs = oldest.since + this.#maxAgeMs - performance.now();
    this.#timer = setTimeout(() => this.#closeOld(), Math.min(leftMs + 1, longestTimerMs));
    this.#timer.unref();
  }

  #closeOld(): void {
    const now = performance.now();
    const isOld = ({ since }: { readonly since: number }): boolean => now - since >= this.#maxAgeMs;
    const count = this.#sessions.filter(isOld).length;
    this.close(count);
    this.#watch();
    if (count > 0) this.#onOld();
  }
}

/** Longer ones would end at once. */
const longestTimerMs = 0x7fffffff;
