import fs from "node:fs";
import { type BytePath, parentPath } from "../path.ts";
import { hasDescriptors } from "./anchor.ts";
import { type DiskThread, diskThread } from "./disk-thread.ts";
import { FileBatch, type NewFileAttributes } from "./file-batch.ts";
import { type WriteFailure, writeFiles } from "./file-writer.ts";
import { type LibC, libC } from "./libc.ts";
import { temporaryName } from "./temporary.ts";
import type { DestinationTree } from "./tree.ts";

/** So many files are written here before it pays to start a thread for it: that costs 0.2 s. */
const filesBeforeThread = 1_000;
/** Batches that the thread has; another one is being filled meanwhile. */
const mostInFlight = 2;

/** A batch that is not full is written after so long: each one costs the waking of a thread. */
const gatherMs = 5;

/** Told of each file that was added: it is in place, or why it is not. */
export type OnStored<T> = (file: T, error: NodeJS.ErrnoException | undefined) => void;

/**
 * Brings small files of one session to their names, many at a time. Their directories are held by
 * descriptors that were opened without following links, and names are single components: whatever
 * happens to the tree meanwhile, nothing outside of it is written.
 */
export class FileStore<T> {
  readonly #tree: DestinationTree;
  readonly #onStored: OnStored<T>;
  readonly #c: LibC;
  readonly #spare: Buffer[] = [];
  #batch: FileBatch | undefined;
  #files: T[] = [];
  #inFlight = 0;
  #written = 0;
  #timer: NodeJS.Timeout | undefined;
  /** All is to be sent, as soon as that can be. */
  #isDue = false;
  #wake: (() => void) | undefined;

  /** Undefined where the calls are missing that it needs. */
  static open<T>(tree: DestinationTree, onStored: OnStored<T>): FileStore<T> | undefined {
    const c = libC();
    return c === undefined || !hasDescriptors ? undefined : new FileStore(tree, c, onStored);
  }

  private constructor(tree: DestinationTree, c: LibC, onStored: OnStored<T>) {
    this.#tree = tree;
    this.#c = c;
    this.#onStored = onStored;
  }

  /** False: {@link room} must be waited for. */
  get hasRoom(): boolean {
    return this.#batch?.isFull !== true;
  }

  /** Resolves when a file can be added. */
  async room(): Promise<void> {
    while (!this.hasRoom && this.#inFlight > 0) await this.#change();
  }

  /**
   * Takes a file of at most {@link longestContent} bytes; they can change afterwards.
   *
   * @throws what the system says of its directory.
   */
  add(file: T, path: BytePath, attributes: NewFileAttributes, content: Uint8Array): void {
    const name = this.#tree.nameToWrite(path);
    this.#batch ??= new FileBatch(this.#spare.pop());
    const directory = this.#batch.directory(parentPath(path), () =>
      this.#tree.openDirectory(parentPath(path)),
    );
    this.#batch.add(directory, [`.${temporaryName(path)}`, name], attributes, content);
    this.#files.push(file);
    if (this.#batch.isFull) this.#send();
  }

  /** Nothing more is here for now: what was added is written soon. */
  flush(): void {
    if (this.#batch === undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#sendAll(), gatherMs);
  }

  /** Resolves when all that was added is in place, or will not be. */
  async settled(): Promise<void> {
    this.#sendAll();
    while (this.#batch !== undefined || this.#inFlight > 0) await this.#change();
  }

  #sendAll(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isDue = true;
    this.#send();
  }

  /** Where the thread has enough to do, the batch goes on growing. */
  #send(): void {
    const batch = this.#batch;
    if (batch === undefined || this.#inFlight >= mostInFlight) return;
    const files = this.#files;
    this.#batch = undefined;
    this.#files = [];
    this.#isDue = false;
    this.#written += files.length;
    const thread = diskThread({ starts: this.#written > filesBeforeThread });
    if (thread !== undefined) {
      this.#hand(thread, batch, files);
      return;
    }
    this.#end(batch, files, writeFiles(this.#c, batch.bytes));
    this.#spare.push(batch.buffer);
  }

  #hand(thread: DiskThread, batch: FileBatch, files: readonly T[]): void {
    this.#inFlight += 1;
    thread.write(batch.bytes, (buffer, failures, failure) => {
      this.#inFlight -= 1;
      if (buffer.length > 0) this.#spare.push(buffer);
      this.#end(batch, files, failures, failure);
      if (this.#isDue || this.#batch?.isFull) this.#send();
      this.#wake?.();
    });
  }

  #end(
    batch: FileBatch,
    files: readonly T[],
    failures: readonly WriteFailure[],
    failure?: Error,
  ): void {
    for (const descriptor of batch.directories) fs.closeSync(descriptor);
    const failed = new Map(failures.map((each) => [each.at, asError(each)]));
    for (const [at, file] of files.entries()) this.#onStored(file, failure ?? failed.get(at));
  }

  async #change(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}

function asError({ code, message }: WriteFailure): NodeJS.ErrnoException {
  return Object.assign(new Error(message), { code });
}
