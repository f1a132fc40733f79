import type { PluginEvent } from "./plugin.ts";

/** An event that waits, and how often it was refused. */
export interface Waiting {
  readonly event: PluginEvent;
  readonly attempts: number;
}

/**
 * Events that wait for a plugin: a path stands in it once per target, with what was last known of
 * it. Bounded: beyond the limit the oldest are left out, since what is newer says more.
 */
export class PluginQueue {
  readonly #limit: number;
  /** Refused before; these go first. At most as many as run at a time. */
  readonly #again = new Map<string, Waiting>();
  readonly #waiting = new Map<string, PluginEvent>();
  readonly #running = new Set<string>();
  #dropped = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get waiting(): number {
    return this.#again.size + this.#waiting.size;
  }

  get running(): number {
    return this.#running.size;
  }

  /** How many events were left out since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Returns false when another event had to go for it. */
  add(event: PluginEvent): boolean {
    this.#waiting.set(keyOf(event), event);
    if (this.#waiting.size <= this.#limit) return true;
    const [oldest] = this.#waiting.keys();
    if (oldest !== undefined) this.#waiting.delete(oldest);
    this.#dropped += 1;
    return false;
  }

  /** The oldest event whose path is not under way; {@link settle} it. */
  take(): Waiting | undefined {
    for (const [key, waiting] of this.#again) {
      this.#again.delete(key);
      this.#running.add(key);
      return waiting;
    }
    for (const [key, event] of this.#waiting) {
      if (this.#running.has(key)) continue;
      this.#waiting.delete(key);
      this.#running.add(key);
      return { event, attempts: 0 };
    }
    return undefined;
  }

  /** It has been dealt with; `again` puts it back, unless something newer is known. */
  settle({ event }: Waiting, again?: { readonly attempts: number }): void {
    const key = keyOf(event);
    this.#running.delete(key);
    if (again !== undefined && !this.#waiting.has(key)) this.#again.set(key, { event, ...again });
  }
}

function keyOf({ target, root, path }: PluginEvent): string {
  return `${target}\0${root}\0${path}`;
}
