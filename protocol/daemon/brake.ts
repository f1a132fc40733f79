import { networkOf } from "./access/address.ts";

const firstPauseMs = 500;
const longestPauseMs = 8_000;
const forgottenAfterMs = 600_000;
const mostAddresses = 10_000;
/** While so many wrong answers of one address wait, further ones are refused unseen. */
const mostWaiting = 20;

interface Record {
  failures: number;
  waiting: number;
  failedAt: number;
  /** When the last of them is told. */
  turnAt: number;
}

/**
 * Slows down who guesses passwords: wrong answers of one address are told one after the other, and
 * each makes the pause between two longer. Right ones wait for nothing, unless very many wrong ones
 * wait: a mirror goes on while something else at its address has an old password.
 */
export class Brake {
  readonly #records = new Map<string, Record>();

  /** False while so many wrong answers of an address wait that no further one is looked at. */
  admits(address: string): boolean {
    const { waiting = 0 } = this.#records.get(networkOf(address)) ?? {};
    return waiting < mostWaiting;
  }

  /** Takes note of a wrong answer; resolves when it may be told. */
  async failed(address: string): Promise<void> {
    const record = this.#recordOf(networkOf(address));
    const now = performance.now();
    record.failures += 1;
    record.failedAt = now;
    record.turnAt = Math.max(now, record.turnAt) + pauseMs(record.failures);
    record.waiting += 1;
    // Nobody waits for it once everything else has ended.
    await new Promise((resolve) => setTimeout(resolve, record.turnAt - now).unref());
    record.waiting -= 1;
  }

  /** Who failed last is forgotten last. */
  #recordOf(network: string): Record {
    const known = this.#records.get(network);
    const isOver = known && performance.now() - known.failedAt > forgottenAfterMs;
    const record =
      known === undefined || isOver ? { failures: 0, waiting: 0, failedAt: 0, turnAt: 0 } : known;
    this.#records.delete(network);
    this.#records.set(network, record);
    const [oldest] = this.#records.keys();
    if (this.#records.size > mostAddresses && oldest !== undefined) this.#records.delete(oldest);
    return record;
  }
}

function pauseMs(failures: number): number {
  return Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1));
}
