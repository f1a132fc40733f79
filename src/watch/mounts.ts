import { readFileSync, realpathSync } from "node:fs";
import {
  asBytePath,
  type BytePath,
  displayPath,
  nativePath,
  rootPath,
} from "../../protocol/index.ts";
import { holdsNames, type Identity, isSameDirectory, readIdentity } from "./directory.ts";

/** A mount below a directory, and what was mounted there when it was last known to be good. */
export interface KnownMount {
  readonly path: BytePath;
  readonly identity: Identity;
}

/** What became of the mounts below a directory since the last look. */
export interface MountChanges {
  /** There now, after having been absent or another. */
  readonly appeared: readonly BytePath[];
  readonly vanished: readonly BytePath[];
  /** An empty file system is there, in place of another or of files that it hides. */
  readonly hidden: readonly BytePath[];
}

interface State {
  /** What the kernel calls the mount. */
  mark: string | undefined;
  /** What must be there for it to count as present. */
  identity: Identity;
  isMissing: boolean;
}

/** No directory is ever this one. */
const nobody: Identity = { device: -1, inode: -1, bornMs: 0 };

/** Follows the mounts below a directory; no event tells of a mount, and few of an unmount. */
export class Mounts {
  readonly #root: string;
  readonly #table: string;
  #text = "";
  readonly #states = new Map<BytePath, State>();

  /** `root` is a byte string; `table` defaults to the kernel's list for this process. */
  constructor(root: string, table = "/proc/self/mountinfo") {
    this.#root = root;
    this.#table = table;
    this.#text = this.#read();
    for (const [path, mark] of parseMounts(this.#text, this.#realRoot())) {
      this.#states.set(path, { mark, identity: this.#identity(path), isMissing: false });
    }
  }

  /**
   * Every mount there is or was. Where another directory than the one named stands now, nothing may
   * be concluded about what was in it.
   */
  get known(): readonly KnownMount[] {
    return [...this.#states].map(([path, { identity }]) => ({ path, identity }));
  }

  /** Mount points whose file system went away and is not back. */
  get missing(): readonly BytePath[] {
    return [...this.#states].filter(([, { isMissing }]) => isMissing).map(([path]) => path);
  }

  /**
   * Compares with the last look.
   *
   * @param isThorough also look at mounts of which the kernel's list says nothing new.
   */
  check({ isThorough = false }: { readonly isThorough?: boolean } = {}): MountChanges {
    const text = this.#read();
    const changes = { appeared: [], vanished: [], hidden: [] };
    if (text === this.#text && !isThorough && this.missing.length === 0) return changes;
    this.#text = text;
    const mounted = parseMounts(text, this.#realRoot());
    for (const path of this.#states.keys()) if (!mounted.has(path)) this.#lose(path, changes);
    for (const [path, mark] of mounted) this.#compare(path, mark, isThorough, changes);
    return changes;
  }

  #lose(path: BytePath, { vanished }: { vanished: BytePath[] }): void {
    const state = this.#states.get(path) as State;
    state.mark = undefined;
    if (!state.isMissing) vanished.push(path);
    state.isMissing = true;
  }

  #compare(
    path: BytePath,
    mark: string,
    isThorough: boolean,
    { appeared, hidden }: { appeared: BytePath[]; hidden: BytePath[] },
  ): void {
    const state = this.#states.get(path) ?? { mark: undefined, identity: nobody, isMissing: false };
    this.#states.set(path, state);
    if (state.mark === mark && !state.isMissing && !isThorough) return;
    const now = this.#identity(path);
    const isSame = isSameDirectory(now, state.identity);
    if (isSame && state.mark === mark && !state.isMissing) return;
    state.mark = mark;
    // An empty stranger is no evidence of anything.
    if (isSame || holdsNames(this.#root, path, 1)) {
      state.identity = now;
      state.isMissing = false;
      appeared.push(path);
    } else if (!state.isMissing) {
      state.isMissing = true;
      hidden.push(path);
    }
  }

  #identity(path: BytePath): Identity {
    return readIdentity(this.#root, path) ?? nobody;
  }

  /** The kernel's list knows no links. */
  #realRoot(): string {
    try {
      return realpathSync(nativePath(this.#root, rootPath), "latin1");
    } catch {
      return this.#root;
    }
  }

  #read(): string {
    try {
      return readFileSync(this.#table, "latin1");
    } catch {
      return this.#text; // no such list on this system: mounts are not followed
    }
  }
}

/** What a person should know of these changes, a line each. */
export function describeMountChanges({ appeared, vanished, hidden }: MountChanges): string[] {
  const because =
    "nothing that was in it is deleted at the targets until it is back or the program is started again";
  return [
    ...vanished.map((path) => `What was mounted at ${displayPath(path)} has gone; ${because}`),
    ...hidden.map((path) => `An empty file system is at ${displayPath(path)} now; ${because}`),
    ...appeared.map((path) => `${displayPath(path)} is mounted; it is compared`),
  ];
}

/**
 * The mounts below `root`, and the number and source of each; of several on one another the last.
 *
 * Each line: id, parent id, device, root in it, mount point, ... (proc_pid_mountinfo(5)); blanks and
 * backslashes in names are written as three octal digits.
 */
export function parseMounts(text: string, root: string): Map<BytePath, string> {
  const mounts = new Map<BytePath, string>();
  const above = root === "/" ? root : `${root}/`;
  for (const line of text.split("\n")) {
    const [id = "", , device = "", , point = ""] = line.split(" ");
    const path = point.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    if (path.startsWith(above) && path !== above) {
      mounts.set(asBytePath(path.slice(above.length)), `${id} ${device}`);
    }
  }
  return mounts;
}
