/** More bytes of messages than that do not wait: a peer must not fill memory with them. */
const mostHeldBytes = 256 * 1024;
/** So many that have been told are kept at most, until it is worth to take them out. */
const mostTold = 1_024;
/** What a message takes besides its text. */
const bytesPerMessage = 64;

interface Held {
  readonly tag: number;
  readonly payload: Buffer;
  /** So many bytes of data came before it. */
  readonly at: number;
}

/**
 * Messages that are told in turn with the data between which they came: a chunk of the network has
 * many of both, and its messages are found before anybody has read its data.
 */
export class HeldMessages {
  readonly #tell: (tag: number, payload: Buffer) => void;
  #waiting: Held[] = [];
  #next = 0;
  #bytes = 0;

  constructor(tell: (tag: number, payload: Buffer) => void) {
    this.#tell = tell;
  }

  get isEmpty(): boolean {
    return this.#next === this.#waiting.length;
  }

  /** Keeps a copy of a message, behind so many bytes of data. */
  hold(tag: number, payload: Buffer, at: number): void {
    this.#waiting.push({ tag, payload: Buffer.from(payload), at });
    this.#bytes += payload.length + bytesPerMessage;
    if (this.#bytes > mostHeldBytes) this.release(Number.POSITIVE_INFINITY);
  }

  /** Tells all that stand behind no more than so many bytes of data. */
  release(position: number): void {
    for (let held = this.#waiting[this.#next]; held !== undefined && held.at <= position; ) {
      this.#next += 1;
      this.#bytes -= held.payload.length + bytesPerMessage;
      this.#tell(held.tag, held.payload);
      held = this.#waiting[this.#next];
    }
    // Where data is always behind, some message waits at any time.
    if (this.isEmpty || this.#next >= mostTold) {
      this.#waiting.splice(0, this.#next);
      this.#next = 0;
    }
  }
}
