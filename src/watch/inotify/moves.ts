import type { BytePath } from "../../../protocol/index.ts";
import { noSlot, type Slot } from "./table.ts";

/** How long the second half of a move may take: the kernel writes both within microseconds. */
export const moveGraceMs = 20;

/** The first half of a move: a name that went away, perhaps to another place in the tree. */
export interface Departure {
  readonly from: BytePath;
  readonly isDirectory: boolean;
  /** Where it was. */
  readonly parent: Slot;
  readonly name: string;
  /** The directory that went, out of the tree but still with its watches; or {@link noSlot}. */
  readonly slot: Slot;
  /** True when its content has not been reported yet, so that no target can have it. */
  readonly wasUnreported: boolean;
  /** When it was read, in ms of `performance.now()`. */
  readonly atMs: number;
}

/** Departures that wait for their other half, by the kernel's cookie. */
export class Moves {
  readonly #waiting = new Map<number, Departure[]>();
  #directoryWasTouched = false;

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  depart(cookie: number, departure: Departure): void {
    if (departure.slot !== noSlot) this.#directoryWasTouched = false;
    const same = this.#waiting.get(cookie);
    // A directory seen twice through a bind mount departs twice with one cookie.
    if (same) same.push(departure);
    else this.#waiting.set(cookie, [departure]);
  }

  /** The departure an arrival belongs to; undefined for something from outside the tree. */
  arrive(cookie: number): Departure | undefined {
    const same = this.#waiting.get(cookie);
    const departure = same?.shift();
    if (same?.length === 0) this.#waiting.delete(cookie);
    return departure;
  }

  /** Notes that something changed inside a directory on its way. */
  touch(): void {
    this.#directoryWasTouched = true;
  }

  /** True when the directory that just arrived was changed on its way. */
  get wasTouched(): boolean {
    return this.#directoryWasTouched;
  }

  /** Takes out the departures read before `beforeMs`: nothing will arrive for them. */
  expire(beforeMs: number): Departure[] {
    const expired: Departure[] = [];
    for (const [cookie, departures] of this.#waiting) {
      if ((departures[0]?.atMs ?? 0) >= beforeMs) continue;
      expired.push(...departures);
      this.#waiting.delete(cookie);
    }
    return expired;
  }
}
