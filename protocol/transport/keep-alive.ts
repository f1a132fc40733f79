/** An idle line says something at least this often: NAT entries live, dead peers are found. */
const longestIntervalMs = 20_000;

/** Speaks while a session is parked, often enough for the daemon not to hang up. */
export class KeepAlive {
  readonly #speak: () => void;
  #intervalMs = longestIntervalMs;
  #timer: NodeJS.Timeout | undefined;

  /** @param speak sends what keeps a line alive. */
  constructor(speak: () => void) {
    this.#speak = speak;
  }

  /** How often a parked session speaks. */
  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** Begins, or goes on at another pace; does not keep the process running. */
  start(): void {
    clearInterval(this.#timer);
    this.#timer = setInterval(this.#speak, this.#intervalMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** The daemon hangs up after so many seconds without a byte of ours (spec 2 §8.1). */
  adoptTimeout(payload: Buffer): void {
    const seconds = payload.length === 4 ? payload.readInt32LE(0) : 0;
    if (seconds <= 0) return;
    this.#intervalMs = Math.min(longestIntervalMs, (seconds * 1_000) / 3);
    if (this.#timer !== undefined) this.start();
  }
}
