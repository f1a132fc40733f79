/** So many batches may begin one right after the other before those that follow gather. */
const burst = 5;
/** The longest that a batch gathers, and how often one begins while changes keep coming. */
const gatherMs = 100;
/** A session costs both sides as much as so many small files: with them it is worth its price. */
const worthwhilePaths = 24;

/**
 * When the next batch may begin: a token bucket. Every batch is a session, and a session of one
 * file costs both sides 4 to 6 ms of processor time, the file itself 0.15. So whoever changes now
 * and then finds a token and is sent at once; where changes keep coming the bucket is empty, and
 * batches begin when the next token falls in, or sooner when they are worth a session.
 */
export class Pace {
  /** When the bucket is full again, in ms of `performance.now()`. */
  #fullAt = 0;

  /** When a batch of so many paths may begin; a time that has passed: now. */
  nextAt(paths: number): number {
    return paths >= worthwhilePaths ? 0 : this.#fullAt - (burst - 1) * gatherMs;
  }

  /** A batch has begun; those that were worth it leave no debt behind. */
  began(now: number): void {
    this.#fullAt = Math.min(Math.max(this.#fullAt, now) + gatherMs, now + burst * gatherMs);
  }

  /** Lets the next batches begin at once. */
  hurry(): void {
    this.#fullAt = 0;
  }
}
