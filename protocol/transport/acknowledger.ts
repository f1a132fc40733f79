import type { Output } from "../mux/mux.ts";
import type { Connection } from "./connection.ts";

/** Pieces that come closer together than this are answered together. */
const answerEveryMs = 2;

/**
 * Answers what comes in with an empty frame where we have nothing to say: it carries the
 * acknowledgement that the peer's next small write waits for, which would come 40 ms late.
 */
export class Acknowledger {
  readonly #socket: Connection;
  readonly #output: Output;
  #answered = 0;
  #answeredAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(socket: Connection, output: Output) {
    this.#socket = socket;
    this.#output = output;
  }

  /** We are about to wait. */
  answer(): void {
    const received = this.#socket.bytesRead;
    if (received === this.#answered || this.#timer !== undefined) return;
    this.#answered = received;
    const waitMs = this.#answeredAt + answerEveryMs - performance.now();
    if (waitMs <= 0) this.#speak();
    else this.#timer = setTimeout(() => this.#speak(), waitMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #speak(): void {
    this.#timer = undefined;
    this.#answeredAt = performance.now();
    if (!this.#socket.destroyed) this.#output.keepAlive();
  }
}
