import { Worker } from "node:worker_threads";
import { RsyncError } from "../errors.ts";
import type { WriteFailure } from "./file-writer.ts";

/** What the thread is asked for: the files of a batch. */
export interface Order {
  readonly buffer: ArrayBuffer;
  readonly length: number;
}

/** It is done; the buffer comes back. The first answer, without one, says that the thread runs. */
export interface Answer {
  readonly buffer: ArrayBuffer | undefined;
  readonly failures: readonly WriteFailure[];
}

/** @param failure why nothing is known of the batch any more. */
type OnWritten = (buffer: Buffer, failures: readonly WriteFailure[], failure?: Error) => void;

let shared: DiskThread | undefined;

/**
 * The thread that writes small files for all sessions of the process, while the others read what
 * comes and look for what is missing: the system's calls are half of what a small file costs.
 *
 * @param options whether it is to be started where it is not there.
 * @returns undefined until it runs, and where it cannot.
 */
export function diskThread({ starts }: { readonly starts: boolean }): DiskThread | undefined {
  if (starts) shared ??= new DiskThread();
  return shared?.isRunning ? shared : undefined;
}

/** Batches are written in the order in which they come. */
export class DiskThread {
  readonly #worker: Worker | undefined;
  readonly #waiting: OnWritten[] = [];
  isRunning = false;

  constructor() {
    // From source there is no thread: Node cannot read it.
    if (import.meta.url.endsWith(".ts")) return;
    const worker = new Worker(new URL("./writer-thread.js", import.meta.url), { name: "disk" });
    worker.unref();
    worker.on("message", (answer: Answer) => this.#hear(answer));
    worker.on("error", (error) => this.#end(error.message, error));
    worker.on("exit", (code) => this.#end(`the thread has ended with ${code}`));
    this.#worker = worker;
  }

  /** Takes a batch and its buffer away; they come back with what became of it. */
  write(batch: Buffer, onWritten: OnWritten): void {
    const buffer = batch.buffer as ArrayBuffer;
    this.#worker?.ref(); // the process lives at least as long
    this.#waiting.push(onWritten);
    this.#worker?.postMessage({ buffer, length: batch.length } satisfies Order, [buffer]);
  }

  #hear({ buffer, failures }: Answer): void {
    this.isRunning = true;
    if (buffer === undefined) return;
    const onWritten = this.#waiting.shift();
    if (this.#waiting.length === 0) this.#worker?.unref();
    onWritten?.(Buffer.from(buffer), failures);
  }

  #end(found: string, cause?: unknown): void {
    this.isRunning = false;
    const failure = new RsyncError("FILE_IO", `Cannot write files: ${found}`, { cause });
    for (const onWritten of this.#waiting.splice(0)) onWritten(Buffer.alloc(0), [], failure);
  }
}
