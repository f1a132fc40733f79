import { Writer } from "../wire/writer.ts";
import { encodeFrameHeader, messageTags } from "./frame.ts";

/** Takes full buffers off a {@link Mux}'s hands. */
export interface FrameSink {
  /** An empty buffer; `send` returns it to where it came from. */
  take(): Buffer;
  send(buffer: Buffer, length: number): void;
}

const headerLength = 4;

/** The outgoing stream of a session. Nothing leaves before `flush` or before a buffer is full. */
export interface Output extends Writer {
  /** Bytes handed to the sink so far, with what frames them. */
  readonly bytesSent: number;
  /** Bytes of data written so far, without what frames them and what is beside them. */
  readonly dataBytes: number;
  /** Sends what has been written. */
  flush(): void;
  /** Sends `payload` beside the data, after what was written before it. */
  message(tag: number, payload: Uint8Array): void;
  /** Sends something that means nothing, for a peer that waits for a sign of life. */
  keepAlive(): void;
}

/**
 * The outgoing stream of a session: what is written becomes data frames, messages go in between.
 *
 * A frame is built in place, so that a file's bytes are read straight into the buffer that the
 * socket gets. Nothing leaves before {@link flush} or before the buffer is full.
 */
export class Mux extends Writer implements Output {
  readonly #sink: FrameSink;
  #bytesSent = 0;
  #framedBytes = 0;

  constructor(sink: FrameSink) {
    super(0);
    this.#sink = sink;
    this.#begin();
  }

  /** Payload and header bytes handed to the sink so far. */
  get bytesSent(): number {
    return this.#bytesSent;
  }

  get dataBytes(): number {
    return this.#framedBytes + this.offset - headerLength;
  }

  /** Sends what has been written as one data frame. */
  flush(): void {
    const length = this.offset - headerLength;
    if (length === 0) return;
    this.buffer.writeUInt32LE(encodeFrameHeader(messageTags.data, length), 0);
    this.#framedBytes += length;
    this.#send();
  }

  /** Sends `payload` as a message, after the data that was written before it. */
  message(tag: number, payload: Uint8Array): void {
    this.flush();
    this.buffer.writeUInt32LE(encodeFrameHeader(tag, payload.length), 0);
    this.bytes(payload);
    this.#send();
  }

  /** An empty data frame: legal between any two frames, and the answer to an idle line. */
  keepAlive(): void {
    this.flush();
    this.buffer.writeUInt32LE(encodeFrameHeader(messageTags.data, 0), 0);
    this.#send();
  }

  /** Copies `view`, cut into as many frames as it needs. */
  override bytes(view: Uint8Array): void {
    if (view.length <= this.buffer.length - this.offset) {
      this.buffer.set(view, this.offset);
      this.offset += view.length;
      return;
    }
    let rest = view;
    while (rest.length > 0) {
      this.makeRoom(1);
      const part = rest.subarray(0, this.buffer.length - this.offset);
      this.buffer.set(part, this.offset);
      this.offset += part.length;
      rest = rest.subarray(part.length);
    }
  }

  protected override makeRoom(length: number): void {
    if (this.offset + length <= this.buffer.length) return;
    this.flush();
    if (this.offset + length > this.buffer.length) {
      throw new RangeError(`a single value of ${length} bytes does not fit a frame`);
    }
  }

  #send(): void {
    this.#bytesSent += this.offset;
    this.#sink.send(this.buffer, this.offset);
    this.#begin();
  }

  #begin(): void {
    this.buffer = this.#sink.take();
    this.offset = headerLength;
  }
}
