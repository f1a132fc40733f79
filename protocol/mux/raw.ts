import { Writer } from "../wire/writer.ts";
import type { FrameSink, Output } from "./mux.ts";

/**
 * The outgoing stream without frames. There is no room for messages in it, nor for a sign of life:
 * both are left out, as an old rsync does.
 *
 * Wire: protocol 29 and earlier, from client to daemon (spec 1 §4.1).
 */
export class RawOutput extends Writer implements Output {
  readonly #sink: FrameSink;
  #bytesSent = 0;

  constructor(sink: FrameSink) {
    super(0);
    this.#sink = sink;
    this.buffer = sink.take();
  }

  get bytesSent(): number {
    return this.#bytesSent;
  }

  get dataBytes(): number {
    return this.#bytesSent + this.offset;
  }

  flush(): void {
    if (this.offset === 0) return;
    this.#bytesSent += this.offset;
    this.#sink.send(this.buffer, this.offset);
    this.buffer = this.#sink.take();
    this.offset = 0;
  }

  message(): void {
    this.flush();
  }

  keepAlive(): void {
    this.flush();
  }

  /** Copies `view`, whatever its length. */
  override bytes(view: Uint8Array): void {
    for (let at = 0; at < view.length; ) {
      this.makeRoom(1);
      const part = view.subarray(at, at + this.buffer.length - this.offset);
      this.buffer.set(part, this.offset);
      this.offset += part.length;
      at += part.length;
    }
  }

  protected override makeRoom(length: number): void {
    if (this.offset + length <= this.buffer.length) return;
    this.flush();
    if (this.offset + length > this.buffer.length) {
      throw new RangeError(`a single value of ${length} bytes does not fit a buffer`);
    }
  }
}
