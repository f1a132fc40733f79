/** Between two lines about the same trouble, in ms: a minute, ten, and then an hour. */
const restsMs = [60_000, 600_000, 3_600_000] as const;

/** Tells the first of many equal messages, then now and then one with the number of those between. */
export class Repeats {
  #key = "";
  #told = 0;
  #untold = 0;
  #nextAt = 0;

  /** The number of times it was not told since the last time; undefined when it should rest. */
  tell(key: string, now: number): number | undefined {
    if (key !== this.#key) {
      this.#key = key;
      this.#told = 0;
      this.#untold = 0;
      this.#nextAt = 0;
    }
    if (now < this.#nextAt) {
      this.#untold += 1;
      return undefined;
    }
    const untold = this.#untold;
    this.#nextAt = now + (restsMs[Math.min(this.#told, restsMs.length - 1)] ?? 0);
    this.#told += 1;
    this.#untold = 0;
    return untold;
  }
}

/** Lines about single things: so many in so much time, the rest are counted. */
export class Allowance {
  readonly #most: number;
  readonly #perMs: number;
  #startedAt = Number.NEGATIVE_INFINITY;
  #used = 0;
  #refused = 0;

  constructor(most: number, perMs: number) {
    this.#most = most;
    this.#perMs = perMs;
  }

  /** The number refused since the last one granted; undefined when this one is refused. */
  ask(now: number): number | undefined {
    if (now - this.#startedAt >= this.#perMs) {
      this.#startedAt = now;
      this.#used = 0;
    }
    if (this.#used === this.#most) {
      this.#refused += 1;
      return undefined;
    }
    this.#used += 1;
    const refused = this.#refused;
    this.#refused = 0;
    return refused;
  }
}
