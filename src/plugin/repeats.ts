/** Reasons remembered at a time. */
const mostReasons = 100;

/**
 * Says a thing once, and again no more often than once per interval with the number of those that
 * were not said: a peer that is down for a night must not fill the disk with log lines.
 */
export class Repeats {
  readonly #intervalMs: number;
  readonly #now: () => number;
  readonly #said = new Map<string, { since: number; unsaid: number }>();

  constructor(intervalMs = 60_000, now: () => number = () => performance.now()) {
    this.#intervalMs = intervalMs;
    this.#now = now;
  }

  /** The text as it is to be said now, or undefined when it is not. */
  say(text: string, key: string = text): string | undefined {
    const now = this.#now();
    const known = this.#said.get(key);
    if (known !== undefined && now - known.since < this.#intervalMs) {
      known.unsaid += 1;
      return undefined;
    }
    if (known === undefined && this.#said.size >= mostReasons) {
      this.#forgetOld(now);
      // A different reason each time is one reason, too.
      if (this.#said.size >= mostReasons) return undefined;
    }
    this.#said.set(key, { since: now, unsaid: 0 });
    return known?.unsaid ? `${text} (and ${known.unsaid} more like it since the last time)` : text;
  }

  #forgetOld(now: number): void {
    for (const [key, { since }] of this.#said) {
      if (now - since >= this.#intervalMs) this.#said.delete(key);
    }
  }
}
