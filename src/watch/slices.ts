/** So long a long work goes on, then the event loop has as much time. */
const budgetMs = 10;

/** Does long works in slices, so that the rest of the program gets its turn. */
export class Slices {
  #timer: NodeJS.Timeout | undefined;
  #endRest: (() => void) | undefined;
  #isClosed = false;

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Takes the steps of a work until it is done or {@link close} is called.
   *
   * @returns how long it took without the rests, in ms.
   */
  async run(work: Iterable<unknown>): Promise<number> {
    let totalMs = 0;
    let sliceBegan = performance.now();
    for (const _ of work) {
      if (this.#isClosed) break;
      const workedMs = performance.now() - sliceBegan;
      if (workedMs < budgetMs) continue;
      totalMs += workedMs;
      await this.rest(budgetMs);
      sliceBegan = performance.now();
    }
    return totalMs + performance.now() - sliceBegan;
  }

  /** Resolves after a while, or when closed. One call at a time. */
  rest(ms: number): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#endRest = resolve;
      this.#timer = setTimeout(resolve, ms);
    });
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#endRest?.();
  }
}
