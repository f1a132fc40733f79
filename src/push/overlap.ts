import { type BytePath, type FileEntry, isDirectory } from "../../protocol/index.ts";

/** Paths that two sessions carried at the same time: which of them the daemon did last is open. */
export interface Overlapped {
  /** Their time may be that of the earlier session. */
  readonly directories: readonly BytePath[];
  /** What they are may be what the earlier session made of them. */
  readonly others: readonly BytePath[];
}

interface Carried {
  sessions: number;
  overlapped: boolean;
  /** False when a session carried something else under the name, or its deletion. */
  onlyDirectory: boolean;
}

/**
 * Knows which paths the running sessions to one target carry, and tells which must be looked at
 * again because more than one did.
 */
export class Overlap {
  readonly #carried = new Map<BytePath, Carried>();

  enter(entries: readonly FileEntry[]): void {
    for (const entry of entries) {
      const carried = this.#carried.get(entry.path);
      const onlyDirectory = isDirectory(entry);
      if (carried === undefined) {
        this.#carried.set(entry.path, { sessions: 1, overlapped: false, onlyDirectory });
      } else {
        carried.sessions += 1;
        carried.overlapped = true;
        carried.onlyDirectory &&= onlyDirectory;
      }
    }
  }

  /** The overlapped paths among `entries` that no session carries any more. */
  leave(entries: readonly FileEntry[]): Overlapped {
    const directories: BytePath[] = [];
    const others: BytePath[] = [];
    for (const { path } of entries) {
      const carried = this.#carried.get(path);
      if (carried === undefined) continue;
      carried.sessions -= 1;
      if (carried.sessions > 0) continue;
      this.#carried.delete(path);
      if (carried.overlapped) (carried.onlyDirectory ? directories : others).push(path);
    }
    return { directories, others };
  }
}
