import type { Slot } from "./table.ts";

/**
 * Directories whose watch was placed by path while events were still waiting in the queue.
 *
 * Such an event may say that a directory above had moved already, so that the path led to another
 * directory than it seemed. Once the queue has been read up to where it ended then, without a word
 * about them, they are certain.
 *
 * Positions are bytes read from the inotify descriptor since it was opened.
 */
export class Doubts {
  readonly #rounds: { readonly until: number; readonly slots: Slot[] }[] = [];
  #current: Slot[] = [];

  add(slot: Slot): void {
    this.#current.push(slot);
  }

  /** Ends a round: what was added in it is certain once `until` has been read. */
  seal(until: number): void {
    if (this.#current.length === 0) return;
    this.#rounds.push({ until, slots: this.#current });
    this.#current = [];
  }

  /** Takes out the directories that are past doubt at `position`. */
  settle(position: number): Slot[] {
    const settled: Slot[] = [];
    while ((this.#rounds[0]?.until ?? Number.POSITIVE_INFINITY) <= position) {
      for (const slot of this.#rounds.shift()?.slots ?? []) settled.push(slot);
    }
    return settled;
  }

  /** The doubtful directories that `selects` accepts. */
  select(selects: (slot: Slot) => boolean): Slot[] {
    const selected = this.#current.filter(selects);
    for (const { slots } of this.#rounds) {
      for (const slot of slots) if (selects(slot)) selected.push(slot);
    }
    return selected;
  }
}
