import { readAddress } from "./access/address.ts";

const firstPauseMs = 500;
const longestPauseMs = 8_000;
const forgottenAfterMs = 600_000;
const mostAddresses = 10_000;
/** More attempts of one address do not wait their turn: they are refused. */
const mostWaiting = 20;

interface Record {
  failures: number;
  waiting: number;
  failedAt: number;
  /** The next attempt's turn. */
  turnAt: number;
}

/**
 * Slows down who guesses passwords: after a failure the attempts of that address take turns, and
 * each failure makes the pause between two turns longer.
 */
export class Brake {
  readonly #records = new Map<string, Record>();

  /**
   * Resolves when it is the turn of an attempt.
   *
   * @returns false, at once, when too many wait already.
   */
  async turn(address: string): Promise<boolean> {
    const key = keyOf(address);
    const record = this.#records.get(key);
    if (record === undefined) return true;
    const now = performance.now();
    if (now - record.failedAt > forgottenAfterMs) {
      this.#records.delete(key);
      return true;
    }
    if (record.waiting >= mostWaiting) return false;
    const turnAt = Math.max(now, record.turnAt);
    record.turnAt = turnAt + pauseMs(record.failures);
    record.waiting += 1;
    await new Promise((resolve) => setTimeout(resolve, turnAt - now));
    record.waiting -= 1;
    return true;
  }

  failed(address: string): void {
    const now = performance.now();
    const key = keyOf(address);
    const record = this.#records.get(key) ?? {
      failures: 0,
      waiting: 0,
      failedAt: 0,
      turnAt: 0,
    };
    record.failures += 1;
    record.failedAt = now;
    record.turnAt = Math.max(record.turnAt, now + pauseMs(record.failures));
    this.#records.delete(key); // who failed last is forgotten last
    this.#records.set(key, record);
    const [oldest] = this.#records.keys();
    if (this.#records.size > mostAddresses && oldest !== undefined) this.#records.delete(oldest);
  }
}

/** Whoever has one IPv6 address has all that begin with the same 64 bits. */
function keyOf(address: string): string {
  const bytes = readAddress(address)?.bytes;
  return bytes?.length === 16 ? Buffer.from(bytes.subarray(0, 8)).toString("hex") : address;
}

function pauseMs(failures: number): number {
  return Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1));
}
