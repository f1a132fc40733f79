import { type BytePath, type FileEntry, isDirectory } from "../../protocol/index.ts";

/** Paths that two sessions carried at the same time: which of them the daemon did last is open. */
export interface Overlapped {
  /** Their time may be that of the earlier session. */
  readonly directories: readonly BytePath[];
  /** Their content may be that of the earlier session. */
  readonly others: readonly BytePath[];
}

interface Carried {
  sessions: number;
  overlapped: boolean;
}

/**
 * Knows which paths the running sessions to one target carry, and tells which must be looked at
 * again because more than one did.
 */
export class Overlap {
  readonly #carried = new Map<BytePath, Carried>();

  enter(entries: readonly FileEntry[]): void {
    for (const { path } of entries) {
      const carried = this.#carried.get(path);
      if (carried === undefined) this.#carried.set(path, { sessions: 1, overlapped: false });
      else {
        carried.sessions += 1;
        carried.overlapped = true;
      }
    }
  }

  /** The overlapped paths among `entries` that no session carries any more. */
  leave(entries: readonly FileEntry[]): Overlapped {
    const directories: BytePath[] = [];
    const others: BytePath[] = [];
    for (const entry of entries) {
      const carried = this.#carried.get(entry.path);
      if (carried === undefined) continue;
      carried.sessions -= 1;
      if (carried.sessions > 0) continue;
      this.#carried.delete(entry.path);
      if (carried.overlapped) (isDirectory(entry) ? directories : others).push(entry.path);
    }
    return { directories, others };
  }
}
