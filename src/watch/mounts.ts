import { readFileSync } from "node:fs";
import { asBytePath, type BytePath } from "../../protocol/index.ts";

/** Mount points that appeared or vanished below a directory. */
export interface MountChanges {
  readonly appeared: readonly BytePath[];
  readonly vanished: readonly BytePath[];
}

/** Follows the mounts below a directory; no event tells of a mount, and few of an unmount. */
export class Mounts {
  readonly #root: string;
  readonly #table: string;
  #text = "";
  /** Mount point to what is mounted there. */
  #mounted = new Map<BytePath, string>();
  readonly #missing = new Set<BytePath>();

  /** `root` is a byte string; `table` defaults to the kernel's list for this process. */
  constructor(root: string, table = "/proc/self/mountinfo") {
    this.#root = root;
    this.#table = table;
    this.check();
  }

  /** Mount points whose file system went away and is not back. */
  get missing(): readonly BytePath[] {
    return [...this.#missing];
  }

  /** Compares with the last look; the first look finds nothing changed. */
  check(): MountChanges {
    const text = this.#read();
    if (text === this.#text) return { appeared: [], vanished: [] };
    const isFirst = this.#text === "";
    this.#text = text;
    const before = this.#mounted;
    this.#mounted = parseMounts(text, this.#root);
    if (isFirst) return { appeared: [], vanished: [] };
    const appeared = [...this.#mounted.keys()].filter(
      (path) => before.get(path) !== this.#mounted.get(path),
    );
    const vanished = [...before.keys()].filter((path) => !this.#mounted.has(path));
    for (const path of appeared) this.#missing.delete(path);
    for (const path of vanished) this.#missing.add(path);
    return { appeared, vanished };
  }

  #read(): string {
    try {
      return readFileSync(this.#table, "latin1");
    } catch {
      return this.#text; // no such list on this system: mounts are not followed
    }
  }
}

/**
 * The mounts below `root`, and the number and source of each.
 *
 * Each line: id, parent id, device, root in it, mount point, ... (proc_pid_mountinfo(5)); blanks and
 * backslashes in names are written as three octal digits.
 */
export function parseMounts(text: string, root: string): Map<BytePath, string> {
  const mounts = new Map<BytePath, string>();
  for (const line of text.split("\n")) {
    const [id = "", , device = "", , point = ""] = line.split(" ");
    const path = point.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    if (path.startsWith(`${root}/`)) {
      mounts.set(asBytePath(path.slice(root.length + 1)), `${id} ${device}`);
    }
  }
  return mounts;
}
