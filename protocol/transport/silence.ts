/** What a silent line is broken with. */
interface SilenceOutput {
  readonly bytesSent: number;
  flush(): void;
  keepAlive(): void;
}

/** The connection whose bytes want to be answered. */
interface SilenceConnection {
  readonly bytesRead: number;
  readonly destroyed: boolean;
}

export interface SilenceOptions {
  /** Pieces that come closer together than this are answered together; default 0: each at once. */
  readonly everyMs?: number;
}

/**
 * Sends what is due before we wait. When nothing is, an empty frame goes out for what has come
 * in since: it carries the acknowledgement that the daemon's next small write waits for, which
 * would otherwise come 40 ms late (spec 3 §6). Of one that acknowledges at once: it lets only 50
 * files be under way, or 10 when they are larger, so that every wait of ours is one of its own.
 */
export class Silence {
  readonly #connection: SilenceConnection;
  readonly #everyMs: number;
  /** How much of what was received we have answered with bytes of our own. */
  #answered = 0;
  #spokeAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(connection: SilenceConnection, { everyMs = 0 }: SilenceOptions = {}) {
    this.#connection = connection;
    this.#everyMs = everyMs;
  }

  /** We are about to wait for the daemon. */
  answer(output: SilenceOutput): void {
    const sent = output.bytesSent;
    output.flush();
    const received = this.#connection.bytesRead;
    const isDue = output.bytesSent === sent && received > this.#answered;
    this.#answered = received;
    if (!isDue || this.#timer !== undefined) return;
    const waitMs = this.#spokeAt + this.#everyMs - performance.now();
    if (waitMs <= 0) this.#speak(output);
    else this.#timer = setTimeout(() => this.#speak(output), waitMs);
  }

  /** Nothing is waited for any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #speak(output: SilenceOutput): void {
    this.#timer = undefined;
    this.#spokeAt = performance.now();
    if (!this.#connection.destroyed) output.keepAlive();
  }
}
