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

/** Pieces that come closer together than this are answered together. */
const answerEveryMs = 2;

/**
 * Sends what is due before we wait. When nothing is, an empty frame goes out for what has come
 * in since: it carries the acknowledgement that the daemon's next small write waits for, which
 * would otherwise come 40 ms late (spec 3 §6). Not for each piece of a stream of them, though:
 * what the daemon gathers meanwhile costs both sides less.
 */
export class Silence {
  readonly #connection: SilenceConnection;
  /** How much of what was received we have answered with bytes of our own. */
  #answered = 0;
  #answeredAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(connection: SilenceConnection) {
    this.#connection = connection;
  }

  /** We are about to wait for the daemon. */
  answer(output: SilenceOutput): void {
    const sent = output.bytesSent;
    output.flush();
    const received = this.#connection.bytesRead;
    const isDue = output.bytesSent === sent && received > this.#answered;
    this.#answered = received;
    if (!isDue || this.#timer !== undefined) return;
    const waitMs = this.#answeredAt + answerEveryMs - performance.now();
    if (waitMs <= 0) this.#answerNow(output);
    else this.#timer = setTimeout(() => this.#answerNow(output), waitMs);
  }

  #answerNow(output: SilenceOutput): void {
    this.#timer = undefined;
    this.#answeredAt = performance.now();
    if (!this.#connection.destroyed) output.keepAlive();
  }
}
