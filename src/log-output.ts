import { closeSync, write, writeSync } from "node:fs";
import type { DestinationStream } from "pino";

export interface LogOutputOptions {
  /** Told the system's error code when writing begins to fail for another reason than before. */
  readonly onTrouble?: (code: string) => void;
}

/** Unwritten text beyond this is dropped: memory does not grow with a reader's patience. */
const longestBacklog = 16 * 1024 * 1024;
/** Under load lines gather for so long after each write: it costs as much as a hundred of them. */
const restMs = 20;
/** When a full disk, or a reader that takes nothing, is tried again. */
const retryMs = 200;
/** The most that the end of the process waits for a reader. */
const lastPatienceMs = 1_000;
/** Nobody will ever read there again: a pipe without a reader, a terminal that hung up. */
const hopeless = new Set(["EPIPE", "EIO", "EBADF"]);

/**
 * Writes lines to a descriptor behind the program's back, as many at a time as have gathered.
 *
 * pino's own stream does that too, but at the end of the process it tries for ever to write what
 * cannot be written: on a closed terminal or a full disk the program would never end.
 */
export class LogOutput implements DestinationStream {
  readonly #onTrouble: (code: string) => void;
  #fd: number;
  /** Closed after the write that is under way. */
  readonly #outdated: number[] = [];
  #lines: string[] = [];
  /** Of what waits in `#lines`, in chars. */
  #length = 0;
  /** What is being written, or was when it failed. */
  #unwritten: Buffer = Buffer.alloc(0);
  #isWriting = false;
  #rest: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #trouble = "";

  constructor(fd: number, { onTrouble = () => {} }: LogOutputOptions = {}) {
    this.#fd = fd;
    this.#onTrouble = onTrouble;
  }

  write(line: string): void {
    if (this.#length + line.length > longestBacklog || hopeless.has(this.#trouble)) return;
    this.#lines.push(line);
    this.#length += line.length;
    this.#pump();
  }

  /** Writes to another descriptor from now on, and closes the one so far. */
  replace(fd: number): void {
    if (this.#rest !== undefined) this.flushSync(); // those lines are of the time before
    // One that is closed while it is written to may be somebody else's by then.
    if (this.#isWriting) this.#outdated.push(this.#fd);
    else closeSync(this.#fd);
    this.#fd = fd;
    this.#trouble = "";
  }

  /** Writes what is left, as far as it is taken: for the last moment of the process. */
  flushSync(): void {
    for (const timer of [this.#retry, this.#rest]) clearTimeout(timer);
    this.#retry = undefined;
    this.#rest = undefined;
    // What is on its way arrives by itself: the process waits for that.
    const waiting = this.#isWriting ? Buffer.alloc(0) : this.#unwritten;
    const rest = this.#writeLast(Buffer.concat([waiting, this.#takeLines()]));
    if (!this.#isWriting) this.#unwritten = rest;
  }

  /** Returns what was not taken. */
  #writeLast(bytes: Buffer): Buffer {
    let rest = bytes;
    const until = performance.now() + lastPatienceMs;
    while (rest.length > 0 && performance.now() < until) {
      try {
        rest = rest.subarray(writeSync(this.#fd, rest));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") break;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
      }
    }
    return rest;
  }

  #takeLines(): Buffer {
    const text = Buffer.from(this.#lines.join(""));
    this.#lines = [];
    this.#length = 0;
    return text;
  }

  #pump(): void {
    if (this.#isWriting || this.#retry !== undefined || this.#rest !== undefined) return;
    if (this.#unwritten.length === 0) this.#unwritten = this.#takeLines();
    if (this.#unwritten.length === 0) return;
    this.#isWriting = true;
    write(this.#fd, this.#unwritten, (error, written) => {
      this.#isWriting = false;
      for (const fd of this.#outdated.splice(0)) closeSync(fd);
      if (error === null) this.#wrote(written);
      else this.#failed(error.code ?? error.message);
    });
  }

  #wrote(bytes: number): void {
    this.#trouble = "";
    this.#unwritten = this.#unwritten.subarray(bytes);
    if (this.#unwritten.length > 0) this.#pump();
    else this.#rest = setTimeout(() => this.#rested(), restMs);
  }

  #rested(): void {
    this.#rest = undefined;
    this.#pump();
  }

  #failed(code: string): void {
    if (code !== this.#trouble && code !== "EAGAIN") this.#onTrouble(code);
    this.#trouble = code;
    if (hopeless.has(code)) {
      this.#unwritten = Buffer.alloc(0);
      this.#takeLines();
      return;
    }
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#pump();
    }, retryMs);
    this.#retry.unref();
  }
}
