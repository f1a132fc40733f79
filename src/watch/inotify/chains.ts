const none = -1;

/**
 * A hash index over small whole numbers, in two columns of numbers: for each hash the first entry,
 * for each entry the next with a hash like its own.
 *
 * Knows neither keys nor equality: whoever asks walks a chain and compares.
 */
export class Chains {
  #first: Int32Array = new Int32Array(0);
  #next: Int32Array = new Int32Array(0);

  /** Begins anew, empty, for entries below `capacity` (a power of two). */
  reset(capacity: number): void {
    this.#first = new Int32Array(capacity).fill(none);
    this.#next = new Int32Array(capacity);
  }

  /** The first entry whose hash may equal `hash`; -1 for none. */
  first(hash: number): number {
    return this.#first[hash & (this.#first.length - 1)] ?? none;
  }

  /** The entry after `entry` in its chain; -1 at the end. */
  next(entry: number): number {
    return this.#next[entry] ?? none;
  }

  add(hash: number, entry: number): void {
    const bucket = hash & (this.#first.length - 1);
    this.#next[entry] = this.#first[bucket] ?? none;
    this.#first[bucket] = entry;
  }

  /** Removes an entry that was added under this hash. */
  remove(hash: number, entry: number): void {
    const bucket = hash & (this.#first.length - 1);
    let before = this.#first[bucket] ?? none;
    if (before === entry) {
      this.#first[bucket] = this.next(entry);
      return;
    }
    while (this.next(before) !== entry) before = this.next(before);
    this.#next[before] = this.next(entry);
  }
}
