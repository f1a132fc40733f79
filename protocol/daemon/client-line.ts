import { RsyncError } from "../errors.ts";
import type { Connection } from "../transport/connection.ts";
import { progressOf } from "../transport/patience.ts";
import { Sink } from "../transport/sink.ts";
import { Source, type SourceEvents } from "../transport/source.ts";
import type { Cursor } from "../wire/cursor.ts";

/** No value is longer than a small part of this; whoever sends more than we read has to wait. */
const longestQueue = 1024 * 1024;
/** So long a client may take to read our last words. */
const lingerMs = 2_000;
const checksPerTimeout = 4;

/** The connection to a client, with its deadlines. */
export class ClientLine {
  readonly socket: Connection;
  readonly source: Source;
  readonly sink: Sink;
  #isLeaving = false;
  #deadline: NodeJS.Timeout | undefined;
  #patience: NodeJS.Timeout | undefined;
  /** Bytes that were sent to keep the line alive: they are no progress. */
  idleBytes = 0;

  constructor(socket: Connection, events: SourceEvents) {
    this.socket = socket;
    this.sink = new Sink(socket);
    this.source = new Source(socket, events, { peer: "the client", lingers: true, longestQueue });
  }

  read<T>(decode: (from: Cursor) => T): Promise<T> {
    return this.source.read(decode);
  }

  write(bytes: Uint8Array | string): void {
    if (this.socket.writable) this.socket.write(bytes);
  }

  /** From now on so much time is left, whatever is said meanwhile. */
  limit(timeoutMs: number, what: string): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#late(`${what} within ${timeoutMs} ms`), timeoutMs);
  }

  /** From now on the line may be silent for so long in both directions, and no longer. */
  expectProgress(timeoutMs: number): void {
    clearTimeout(this.#deadline);
    clearInterval(this.#patience);
    let seen = this.#progress;
    let silentChecks = 0;
    // They are counted, not timed: while this process stood still, it heard nobody.
    this.#patience = setInterval(() => {
      silentChecks = this.#progress === seen ? silentChecks + 1 : 0;
      seen = this.#progress;
      if (silentChecks >= checksPerTimeout) this.#late(`say anything for ${timeoutMs} ms`);
    }, timeoutMs / checksPerTimeout);
  }

  /** True from {@link hangUp} on. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** Says the last words, and waits for the client to read them. */
  async hangUp(words?: string): Promise<void> {
    this.#isLeaving = true;
    clearTimeout(this.#deadline);
    clearInterval(this.#patience);
    const { socket } = this;
    if (socket.destroyed) return;
    socket.resume(); // what still comes is thrown away; unread, it would reset the connection
    const late = setTimeout(() => socket.destroy(), lingerMs);
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.end(words);
    await closed;
    clearTimeout(late);
  }

  /** Ends the connection at once. */
  drop(reason: RsyncError): void {
    this.source.fail(reason);
    this.socket.destroy();
  }

  get #progress(): number {
    return progressOf(this.socket) - this.idleBytes;
  }

  #late(what: string): void {
    this.source.fail(new RsyncError("TIMED_OUT", `Cannot serve the client: it did not ${what}`));
  }
}
