import { type ConnectOpts, Socket, type SocketConstructorOpts } from "node:net";
import type { InotifyInstance } from "./kernel.ts";

const bufferBytes = 256 * 1024;
/** How long reading rests in a storm, so that the kernel collects events meanwhile. */
const restMs = 10;
/** From this many bytes on a read counts as part of a storm (about forty events). */
const stormBytes = 1536;
/** More reads than this within one rest count as a storm too. */
const readsPerRest = 8;

/** What a stream calls. */
export interface StreamHandlers {
  /** The events of one read; the bytes are valid during the call. */
  readonly onRecords: (bytes: Buffer) => void;
  readonly onError: (error: Error) => void;
}

/**
 * Reads an inotify instance on Node's event loop: a lone event at once, a storm in bulk.
 *
 * The socket costs neither a thread nor a slot of libuv's pool.
 */
export class EventStream {
  readonly #buffer = Buffer.allocUnsafeSlow(bufferBytes);
  readonly #handlers: StreamHandlers;
  readonly #socket: Socket;
  #rest: NodeJS.Timeout | undefined;
  #windowEnds = 0;
  #readsInWindow = 0;
  #closed = false;

  constructor(instance: InotifyInstance, handlers: StreamHandlers) {
    this.#handlers = handlers;
    const options: SocketConstructorOpts & ConnectOpts = {
      fd: instance.fd,
      readable: true,
      writable: false,
      onread: { buffer: this.#buffer, callback: (length) => this.#take(length) },
    };
    this.#socket = new Socket(options);
    instance.takeOver();
    this.#socket.on("error", (error) => {
      if (!this.#closed) handlers.onError(error);
    });
  }

  /** Nothing is handed on after this call; resolves when the descriptor is closed. */
  close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#rest);
    return new Promise((resolve) => {
      if (this.#socket.closed) resolve();
      else this.#socket.once("close", () => resolve()).destroy();
    });
  }

  /** Returns false to stop reading, as Node's `onread` wants it. */
  #take(length: number): boolean {
    if (this.#closed) return false;
    this.#handlers.onRecords(this.#buffer.subarray(0, length));
    if (this.#closed) return false;
    if (!this.#shouldRest(length)) return true;
    this.#rest = setTimeout(() => this.#socket.resume(), restMs);
    return false;
  }

  #shouldRest(length: number): boolean {
    // A buffer half full means that the kernel's queue is already deep: resting could overflow it.
    if (length > bufferBytes / 2) return false;
    if (length >= stormBytes) return true;
    const now = performance.now();
    if (now > this.#windowEnds) {
      this.#windowEnds = now + restMs;
      this.#readsInWindow = 0;
    }
    this.#readsInWindow += 1;
    return this.#readsInWindow > readsPerRest;
  }
}
