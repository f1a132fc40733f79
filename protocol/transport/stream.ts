import { Cursor, NeedMoreBytes } from "../wire/cursor.ts";
import type { ByteQueue } from "./byte-queue.ts";

/** A value that was cut is joined with so many bytes at first: most are no longer. */
const joinedBytes = 64;

/** Values that are decoded one after the other as they arrive, up to the first that counts. */
export class Stream<T> {
  /** The first value that was not undefined. */
  readonly result: Promise<T>;
  readonly #queue: ByteQueue;
  readonly #decode: (from: Cursor) => T | undefined;
  #resolve: (value: T) => void = () => {};
  #reject: (reason: unknown) => void = () => {};
  #isOver = false;

  /** @param queue what has arrived already, and values that are not complete yet. */
  constructor(queue: ByteQueue, decode: (from: Cursor) => T | undefined) {
    this.#queue = queue;
    this.#decode = decode;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Nothing more is wanted. */
  get isOver(): boolean {
    return this.#isOver;
  }

  fail(reason: unknown): void {
    this.#isOver = true;
    this.#reject(reason);
  }

  /** Takes what is queued. */
  takeQueued(): void {
    this.#queue.tryRead((from) => this.#take(from));
  }

  /** Takes what arrives, where it lies. @returns what is left of it. */
  take(view: Uint8Array): Uint8Array {
    let rest = view;
    for (let most = joinedBytes; this.#queue.available > 0 && rest.length > 0; most = rest.length) {
      this.#queue.append(rest.subarray(0, most));
      rest = rest.subarray(most);
      this.takeQueued();
      if (this.#isOver) return rest;
    }
    const cursor = new Cursor(rest);
    this.#take(cursor);
    this.#queue.pass(cursor.offset);
    return rest.subarray(cursor.offset);
  }

  /** Whole values only: `from` stands behind the last. */
  #take(from: Cursor): void {
    let start = from.offset;
    try {
      while (!this.#isOver && from.available > 0) {
        const value = this.#decode(from);
        if (value !== undefined) this.#settle(value);
        start = from.offset;
      }
    } catch (error) {
      from.rewind(start);
      if (!(error instanceof NeedMoreBytes)) this.fail(error);
    }
  }

  #settle(value: T): void {
    this.#isOver = true;
    this.#resolve(value);
  }
}
