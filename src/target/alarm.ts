/** The longest time a timer takes. */
const longestTimerMs = 2_147_483_647;

/** The first of these moments that has not passed; Infinity: all have. */
export function firstAfter(now: number, moments: readonly number[]): number {
  return Math.min(...moments.filter((moment) => moment > now));
}

/** Rings once, at the moment that was named last. */
export class Alarm {
  readonly #ring: () => void;
  #at = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(ring: () => void) {
    this.#ring = ring;
  }

  /** In ms of `performance.now()`; for a moment that has passed, or infinity, it does not ring. */
  set(at: number, now: number): void {
    if (at === this.#at) return;
    this.clear();
    if (at <= now || at === Number.POSITIVE_INFINITY) return;
    this.#at = at;
    this.#timer = setTimeout(
      () => {
        this.#at = Number.POSITIVE_INFINITY;
        this.#ring();
      },
      Math.min(Math.ceil(at - now), longestTimerMs), // too early: it is set again then
    );
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#at = Number.POSITIVE_INFINITY;
  }
}
