import { RsyncError } from "../errors.ts";
import { Demux } from "../mux/demux.ts";
import type { Cursor } from "../wire/cursor.ts";
import { ByteQueue } from "./byte-queue.ts";
import type { Connection } from "./connection.ts";
import { HeldMessages } from "./held-messages.ts";
import { Stream } from "./stream.ts";

/** Past this many unread bytes the socket is paused until they have been worked off. */
const longestQueueBytes = 64 * 1024 * 1024;
/** What is streamed is worked off as it arrives; past this much, others have their turn. */
const turnBytes = 2 * 1024 * 1024;

/** What a {@link Source} tells beside the data. */
export interface SourceEvents {
  /** A message frame; `payload` is valid during the call. */
  onMessage(tag: number, payload: Buffer): void;
  /** Messages that are told when all data before them has been read. Default none. */
  isInTurn?(tag: number): boolean;
  /** The connection has ended, for the reason that every later read will give. */
  onEnd?(reason: RsyncError): void;
}

export interface SourceOptions {
  /** Who is at the other end, in reasons; default "the daemon". */
  readonly peer?: string;
  /** Whoever reads says goodbye and closes the connection itself. Default false. */
  readonly lingers?: boolean;
  /** More unread bytes make the other side wait; default 64 MiB. */
  readonly longestQueue?: number;
}

/**
 * The incoming bytes of a socket, read as values: synchronously from what has arrived, waiting
 * only when a value is short.
 *
 * Everything that ends a session (abort, deadline, lost socket, an error of the daemon) arrives
 * here as {@link fail}; what had been received before stays readable.
 */
export class Source {
  readonly #socket: Connection;
  readonly #events: SourceEvents;
  readonly #peer: string;
  readonly #lingers: boolean;
  readonly #longestQueue: number;
  readonly #queue = new ByteQueue();
  readonly #held: HeldMessages;
  #stream: Pick<Stream<unknown>, "take" | "isOver" | "fail"> | undefined;
  #onWait: (() => void) | undefined;
  /** Streamed since others had their turn. */
  #streamedBytes = 0;
  #demux: Demux | undefined;
  #failure: RsyncError | undefined;
  #wake: (() => void) | undefined;
  #isPaused = false;

  constructor(socket: Connection, events: SourceEvents, options: SourceOptions = {}) {
    const { peer = "the daemon", lingers = false, longestQueue = longestQueueBytes } = options;
    this.#socket = socket;
    this.#events = events;
    this.#held = new HeldMessages((tag, payload) => events.onMessage(tag, payload));
    this.#peer = peer;
    this.#lingers = lingers;
    this.#longestQueue = longestQueue;
    const take = (chunk: Buffer): void => this.#receive(chunk);
    if (socket.receive === undefined) socket.on("data", take);
    else socket.receive(take);
    socket.on("error", (cause) => this.fail(this.#lost(cause)));
    socket.on("close", () => this.fail(this.#lost()));
    socket.on("end", () => this.fail(this.#lost()));
    socket.resume(); // a proxy's answer may have left it paused, with more behind it
  }

  /** Why nothing more will arrive; undefined while the connection lives. */
  get failure(): RsyncError | undefined {
    return this.#failure;
  }

  /** Unread bytes that have arrived. */
  get available(): number {
    return this.#queue.available;
  }

  /** Bytes that have been read, without frames where there are any. */
  get position(): number {
    return this.#queue.position;
  }

  /** One value, waiting for the rest of it. @throws the failure that ended the connection. */
  async read<T>(decode: (from: Cursor) => T): Promise<T> {
    for (;;) {
      const value = this.tryRead(decode);
      if (value !== undefined) return value;
      await this.more();
    }
  }

  /** One value if all of it is here, else undefined and nothing is consumed. */
  tryRead<T>(decode: (from: Cursor) => T): T | undefined {
    if (!this.#held.isEmpty) this.#held.release(this.position);
    const value = this.#queue.tryRead(decode);
    if (value === undefined) return undefined;
    // What came in the middle of a value stands before it.
    if (!this.#held.isEmpty) this.#held.release(this.position - 1);
    this.#resumeWhenRead();
    return value;
  }

  /**
   * Decodes one value after the other, each as it arrives and where it lies: content is not copied
   * on its way. Ends with the first value that is not undefined; what came behind it is queued.
   *
   * @param onWait told each time when all that is here has been taken.
   * @throws the failure that ended the connection; what `decode` throws.
   */
  stream<T>(decode: (from: Cursor) => T | undefined, onWait?: () => void): Promise<T> {
    const stream = new Stream(this.#queue, decode);
    stream.takeQueued();
    this.#resumeWhenRead();
    if (this.#failure !== undefined) stream.fail(this.#failure);
    else if (!stream.isOver) {
      this.#stream = stream;
      this.#onWait = onWait;
      onWait?.();
    }
    return stream.result;
  }

  /** Resolves when more bytes are here. @throws the failure that ended the connection. */
  async more(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const before = this.available;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    if (this.#failure !== undefined && this.available === before) throw this.#failure;
  }

  /** From here on the stream is framed: data goes to the readers, messages to `onMessage`. */
  demultiplex(): void {
    const early = this.#queue.takeBack();
    this.#demux = new Demux({
      data: (view) => this.#take(view),
      message: (tag, payload) => this.#message(tag, payload),
    });
    if (early.length > 0) this.#receive(early);
  }

  /** Ends the connection; only the first reason counts. */
  fail(reason: RsyncError): void {
    if (this.#failure !== undefined) return;
    this.#failure = reason;
    if (!this.#lingers) this.#socket.destroy();
    try {
      this.#held.release(Number.POSITIVE_INFINITY);
    } catch {
      // It has ended already, and who reads must hear of that whatever came of the last messages.
    }
    this.#events.onEnd?.(reason);
    this.#stream?.fail(reason);
    this.#notify();
  }

  #message(tag: number, payload: Buffer): void {
    const isBehindData = this.available > 0 || !this.#held.isEmpty;
    if (isBehindData && this.#events.isInTurn?.(tag)) {
      this.#held.hold(tag, payload, this.#queue.appended);
    } else {
      this.#events.onMessage(tag, payload);
    }
  }

  #receive(chunk: Buffer): void {
    if (this.#failure !== undefined) return;
    try {
      if (this.#demux === undefined) this.#take(chunk);
      else this.#demux.push(chunk);
      if (this.#stream !== undefined) this.#goOn(chunk.length);
    } catch (error) {
      this.fail(this.#unreadable(error));
    }
    if (this.available > this.#longestQueue) {
      this.#isPaused = true;
      this.#socket.pause();
    }
    this.#notify();
  }

  #take(view: Uint8Array): void {
    const stream = this.#stream;
    if (stream === undefined) {
      this.#queue.append(view);
      return;
    }
    const rest = stream.take(view);
    if (rest.length > 0) this.#queue.append(rest);
    if (stream.isOver) this.#stream = undefined;
    if (!this.#held.isEmpty) this.#held.release(this.position);
  }

  /** All that is here has been taken from the socket, which would deliver without an end. */
  #goOn(bytes: number): void {
    this.#onWait?.();
    this.#streamedBytes += bytes;
    if (this.#streamedBytes < turnBytes) return;
    this.#streamedBytes = 0;
    this.#socket.pause();
    setImmediate(() => {
      if (!this.#isPaused) this.#socket.resume();
    });
  }

  #resumeWhenRead(): void {
    if (!this.#isPaused || this.available >= this.#longestQueue / 2) return;
    this.#isPaused = false;
    this.#socket.resume();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #lost(cause?: Error): RsyncError {
    if (cause instanceof RsyncError) return cause;
    const found = cause === undefined ? "it closed the connection" : cause.message;
    return new RsyncError("CONNECTION_LOST", `Cannot go on with ${this.#peer}: ${found}`, {
      cause,
    });
  }

  #unreadable(error: unknown): RsyncError {
    if (error instanceof RsyncError) return error;
    return new RsyncError("BAD_STREAM", `Cannot read what ${this.#peer} sent`, { cause: error });
  }
}
