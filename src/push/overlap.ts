import { type BytePath, type FileEntry, isDirectory, parentPath } from "../../protocol/index.ts";

/** Paths that two sessions carried at the same time: which of them the daemon did last is open. */
export interface Overlapped {
  /** Their time may be that of the earlier session. */
  readonly directories: readonly BytePath[];
  /** What they are may be what the earlier session made of them. */
  readonly others: readonly BytePath[];
}

/** What of a list may be sent now. */
export interface Cleared {
  readonly clear: readonly FileEntry[];
  /** What running sessions are in the way of, each with the moment when they no longer are. */
  readonly blocked: readonly { readonly path: BytePath; readonly until: Promise<void> }[];
}

interface Carried {
  readonly kind: Kind;
  sessions: number;
  overlapped: boolean;
  /** False when a session carried something else under the name, or its deletion. */
  onlyDirectory: boolean;
  freed?: { readonly until: Promise<void>; readonly tell: () => void };
}

type Kind = "directory" | "deletion" | "other";

/**
 * Knows which paths the running sessions to one target carry: tells which must be looked at again
 * because more than one did, and which must wait because what one makes another would break.
 */
export class Overlap {
  readonly #carried = new Map<BytePath, Carried>();

  /**
   * Parts a list by whether a running session deletes, or takes for another kind of object, what is
   * in it; a directory takes along what is listed below it.
   *
   * Every session lists the directories above what it carries, so equal names tell all of it.
   */
  part(entries: readonly FileEntry[]): Cleared {
    const inTheWay = new Map<BytePath, Carried>();
    for (const entry of entries) {
      const carried = this.#carried.get(entry.path);
      if (carried !== undefined && isConflict(carried.kind, kindOf(entry))) {
        inTheWay.set(entry.path, carried);
      }
    }
    if (inTheWay.size === 0) return { clear: entries, blocked: [] };
    const clear: FileEntry[] = [];
    const blocked: Cleared["blocked"][number][] = [];
    for (const entry of entries) {
      const carried = nearest(entry.path, inTheWay);
      if (carried === undefined) clear.push(entry);
      else blocked.push({ path: entry.path, until: untilFreed(carried) });
    }
    return { clear, blocked };
  }

  enter(entries: readonly FileEntry[]): void {
    for (const entry of entries) {
      const carried = this.#carried.get(entry.path);
      const kind = kindOf(entry);
      const onlyDirectory = kind === "directory";
      if (carried === undefined) {
        this.#carried.set(entry.path, { kind, sessions: 1, overlapped: false, onlyDirectory });
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
      carried.freed?.tell();
      if (carried.overlapped) (carried.onlyDirectory ? directories : others).push(path);
    }
    return { directories, others };
  }
}

function kindOf(entry: FileEntry): Kind {
  if (entry.mode === 0) return "deletion";
  return isDirectory(entry) ? "directory" : "other";
}

/** Two deletions break nothing, but all that the second does is to be looked at again. */
function isConflict(one: Kind, other: Kind): boolean {
  return one !== other || one === "deletion";
}

function nearest<T>(path: BytePath, places: ReadonlyMap<BytePath, T>): T | undefined {
  for (let above = path; ; above = parentPath(above)) {
    const found = places.get(above);
    if (found !== undefined || above === "") return found;
  }
}

function untilFreed(carried: Carried): Promise<void> {
  if (carried.freed === undefined) {
    let tell = (): void => {};
    const until = new Promise<void>((resolve) => {
      tell = resolve;
    });
    carried.freed = { until, tell };
  }
  return carried.freed.until;
}
