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
      Math.ceil(at - now),
    );
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#at = Number.POSITIVE_INFINITY;
  }
}
