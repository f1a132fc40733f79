const longestPauseMs = 1_000;

/** Keeps what is sent below a rate, counted from when it was made. */
export class Bandwidth {
  readonly #bytesPerMs: number;
  readonly #startedAt = performance.now();

  /** @param limitKiB per second; 0 or undefined: no limit. */
  constructor(limitKiB: number | undefined) {
    this.#bytesPerMs = limitKiB ? (limitKiB * 1_024) / 1_000 : Number.POSITIVE_INFINITY;
  }

  /** Resolves when so many bytes may have been sent in all, or `ended` says that nobody waits. */
  async wait(bytesSent: number, ended: () => boolean): Promise<void> {
    const dueAt = this.#startedAt + bytesSent / this.#bytesPerMs;
    for (;;) {
      const leftMs = dueAt - performance.now();
      if (leftMs <= 0 || ended()) return;
      await new Promise((resolve) => setTimeout(resolve, Math.min(leftMs, longestPauseMs)));
    }
  }
}
