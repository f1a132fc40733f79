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

/**
 * Sends what is due before we wait. When nothing is, an empty frame goes out for what has come
 * in since: it carries the acknowledgement that the daemon's next small write waits for, which
 * would otherwise come 40 ms late (spec 3 §6). At once: a daemon that acknowledges lets only 50
 * files be under way, or 10 when they are larger, so that every wait of ours is one of its own.
 */
export class Silence {
  readonly #connection: SilenceConnection;
  /** How much of what was received we have answered with bytes of our own. */
  #answered = 0;

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
    if (isDue && !this.#connection.destroyed) output.keepAlive();
  }
}
