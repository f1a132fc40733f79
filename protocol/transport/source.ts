import { RsyncError } from "../errors.ts";
import { Demux } from "../mux/demux.ts";
import { Cursor, NeedMoreBytes } from "../wire/cursor.ts";
import type { Connection } from "./connection.ts";
import { HeldMessages } from "./held-messages.ts";

const initialBytes = 16 * 1024;
/** Past this many unread bytes the socket is paused until they have been worked off. */
const longestQueueBytes = 64 * 1024 * 1024;

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
  readonly #lingers: boolean;
  readonly #longestQueue: number;
  #queue: Buffer = Buffer.allocUnsafe(initialBytes);
  #start = 0;
  #end = 0;
  #appended = 0;
  readonly #held: HeldMessages;
  #cursor: Cursor | undefined;
  #demux: Demux | undefined;
  #failure: RsyncError | undefined;
  #wake: (() => void) | undefined;
  #isPaused = false;

  constructor(
    socket: Connection,
    events: SourceEvents,
    { lingers = false, longestQueue = longestQueueBytes }: SourceOptions = {},
  ) {
    this.#socket = socket;
    this.#events = events;
    this.#held = new HeldMessages((tag, payload) => events.onMessage(tag, payload));
    this.#lingers = lingers;
    this.#longestQueue = longestQueue;
    const take = (chunk: Buffer): void => this.#receive(chunk);
    if (socket.receive === undefined) socket.on("data", take);
    else socket.receive(take);
    socket.on("error", (cause) => this.fail(connectionLost(cause)));
    socket.on("close", () => this.fail(connectionLost()));
    socket.on("end", () => this.fail(connectionLost()));
    socket.resume(); // a proxy's answer may have left it paused, with more behind it
  }

  /** Why nothing more will arrive; undefined while the connection lives. */
  get failure(): RsyncError | undefined {
    return this.#failure;
  }

  /** Unread bytes that have arrived. */
  get available(): number {
    return this.#end - this.#start;
  }

  /** Bytes that have been read, without frames where there are any. */
  get position(): number {
    return this.#appended - this.available;
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
    this.#cursor ??= new Cursor(this.#queue.subarray(0, this.#end), this.#start);
    const cursor = this.#cursor;
    try {
      const value = decode(cursor);
      this.#start = cursor.offset;
      // What came in the middle of a value stands before it.
      if (!this.#held.isEmpty) this.#held.release(this.position - 1);
      if (this.#isPaused && this.available < this.#longestQueue / 2) this.#resume();
      return value;
    } catch (error) {
      if (!(error instanceof NeedMoreBytes)) throw error;
      cursor.rewind(this.#start);
      return undefined;
    }
  }

  /** Resolves when more bytes are here. @throws the failure that ended the connection. */
  async more(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const before = this.#end - this.#start;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    if (this.#failure !== undefined && this.available === before) throw this.#failure;
  }

  /** From here on the stream is framed: data goes to the readers, messages to `onMessage`. */
  demultiplex(): void {
    const early = Buffer.from(this.#queue.subarray(this.#start, this.#end));
    this.#start = this.#end;
    this.#cursor = undefined; // it stands in front of bytes that were not framed away yet
    this.#demux = new Demux({
      data: (view) => this.#append(view),
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
    this.#notify();
  }

  #message(tag: number, payload: Buffer): void {
    const isBehindData = this.available > 0 || !this.#held.isEmpty;
    if (isBehindData && this.#events.isInTurn?.(tag)) {
      this.#held.hold(tag, payload, this.#appended);
    } else {
      this.#events.onMessage(tag, payload);
    }
  }

  #receive(chunk: Buffer): void {
    if (this.#failure !== undefined) return;
    try {
      if (this.#demux === undefined) this.#append(chunk);
      else this.#demux.push(chunk);
    } catch (error) {
      this.fail(asRsyncError(error));
    }
    if (this.available > this.#longestQueue) {
      this.#isPaused = true;
      this.#socket.pause();
    }
    this.#notify();
  }

  #resume(): void {
    this.#isPaused = false;
    this.#socket.resume();
  }

  #append(view: Uint8Array): void {
    this.#cursor = undefined;
    if (this.#start === this.#end) this.#start = this.#end = 0;
    if (this.#end + view.length > this.#queue.length) this.#makeRoom(view.length);
    this.#queue.set(view, this.#end);
    this.#end += view.length;
    this.#appended += view.length;
  }

  #makeRoom(length: number): void {
    const needed = this.available + length;
    const fits = needed * 2 <= this.#queue.length;
    const target = fits
      ? this.#queue
      : Buffer.allocUnsafe(Math.max(needed, this.#queue.length * 2));
    this.#queue.copy(target, 0, this.#start, this.#end);
    this.#queue = target;
    this.#end -= this.#start;
    this.#start = 0;
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

function connectionLost(cause?: Error): RsyncError {
  if (cause instanceof RsyncError) return cause;
  const found = cause === undefined ? "it closed the connection" : cause.message;
  return new RsyncError("CONNECTION_LOST", `Cannot go on with the daemon: ${found}`, { cause });
}

function asRsyncError(error: unknown): RsyncError {
  if (error instanceof RsyncError) return error;
  return new RsyncError("BAD_STREAM", "Cannot read what the daemon sent", { cause: error });
}
