import type { FrameSink } from "../mux/mux.ts";
import type { Connection } from "./connection.ts";

/** A step of a file (256 KiB) with what frames it: one write for each, as writing is what costs. */
const bufferBytes = 260 * 1024;
/** Most sessions of a mirror send less than this: what they leave behind is to be small. */
const firstBytes = 64 * 1024;
/** Buffers kept for re-use; a slow peer holds more than these only while it is slow. */
const keptBuffers = 3;

/**
 * Bytes to the socket, in buffers that are used again once the kernel has them.
 *
 * `congested` says that the socket has more than it can take: whoever writes then waits with
 * {@link drained}, so a slow peer slows the reading of files, not the growth of memory.
 */
export class Sink implements FrameSink {
  readonly #socket: Connection;
  readonly #free: Buffer[] = [];
  #sent = 0;

  constructor(socket: Connection) {
    this.#socket = socket;
  }

  get congested(): boolean {
    return this.#socket.writableNeedDrain;
  }

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#bufferBytes);
  }

  send(buffer: Buffer, length: number): void {
    if (this.#socket.destroyed) return;
    this.#sent += length;
    this.#socket.write(buffer.subarray(0, length), () => {
      const isOfUse = buffer.length === this.#bufferBytes && this.#free.length < keptBuffers;
      if (isOfUse) this.#free.push(buffer);
    });
  }

  get #bufferBytes(): number {
    return this.#sent < firstBytes ? firstBytes : bufferBytes;
  }

  /**
   * Resolves when the socket can take more, or when it has closed: whoever goes on then finds the
   * reason at the source, which is the one place that keeps it.
   */
  async drained(): Promise<void> {
    const socket = this.#socket;
    if (!socket.writableNeedDrain || socket.destroyed) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        socket.off("drain", done);
        socket.off("close", done);
        resolve();
      };
      socket.on("drain", done);
      socket.on("close", done);
    });
  }
}
