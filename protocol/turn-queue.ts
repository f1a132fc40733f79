import { RsyncError } from "./errors.ts";
import { whenAborted } from "./transport/abort.ts";

interface Waiter<T> {
  readonly resolve: (turn: T) => void;
  readonly reject: (reason: RsyncError) => void;
}

/** Those who wait until there is something for them, served in the order in which they came. */
export class TurnQueue<T> {
  readonly #tryTake: () => T | undefined;
  readonly #waiters: Waiter<T>[] = [];

  /** @param tryTake takes what there is for one more; undefined when there is nothing. */
  constructor(tryTake: () => T | undefined) {
    this.#tryTake = tryTake;
  }

  get length(): number {
    return this.#waiters.length;
  }

  /**
   * Takes what there is, at once or when it is one's turn.
   *
   * @throws {RsyncError} ABORTED by the signal; what {@link fail} is given.
   */
  async take(signal?: AbortSignal): Promise<T> {
    const now = this.length === 0 ? this.#tryTake() : undefined;
    if (now !== undefined) return now;
    return await new Promise<T>((resolve, reject) => {
      const waiter = {
        resolve: (turn: T) => {
          forget();
          resolve(turn);
        },
        reject: (reason: RsyncError) => {
          forget();
          reject(reason);
        },
      };
      this.#waiters.push(waiter);
      const forget = whenAborted(signal, () => {
        const at = this.#waiters.indexOf(waiter);
        if (at >= 0) this.#waiters.splice(at, 1);
        reject(new RsyncError("ABORTED", "Cannot go on waiting for a session: aborted"));
      });
    });
  }

  /** There may be something for who waits. */
  wake(): void {
    while (this.length > 0) {
      const turn = this.#tryTake();
      if (turn === undefined) return;
      this.#waiters.shift()?.resolve(turn);
    }
  }

  /** Nobody waits any more. */
  fail(reason: RsyncError): void {
    for (const { reject } of this.#waiters.splice(0)) reject(reason);
  }
}
