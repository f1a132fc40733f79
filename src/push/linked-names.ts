import {
  type BytePath,
  type FileEntry,
  isRegularFile,
  type LocalTree,
  rootPath,
  walk,
} from "../../protocol/index.ts";
import type { BatchOptions } from "./batch.ts";

/** A file that has several names. */
interface Linked {
  /** Those that are known, perhaps from a time when they were names of it. */
  readonly names: Set<BytePath>;
  /** Its change of status that the other names were last told of; every change of it moves it. */
  changedNs: bigint;
  linkCount: number;
  /** How often its names were looked for since their number changed. */
  searches: number;
  /** The change of status that was sent under all names in one session. */
  togetherNs: bigint;
}

/** A file that has changed under one of its names. */
interface Change {
  readonly linked: Linked;
  readonly path: BytePath;
  /** The other names were looked for since. */
  readonly isSearched: boolean;
}

/**
 * Other names are moved while they are looked for, so that one search may miss them; or they lead out
 * of the tree, so that it must end some time. The rests between them grow, to 3 s in all.
 */
const mostSearches = 8;
/** Looking for names takes no more than a fifth of the time. */
const restFactor = 4;
const shortestRestMs = 50;
/** The search lets the loop turn after so much work. */
const budgetMs = 10;
const mostKnown = 100_000;
/** A file with more names is sent name by name. */
const mostTogether = 1_000;

/**
 * Knows the names of files that have several. Who writes such a file under one name changes what is
 * at the others, of which no event tells (inotify(7)): they must be looked at, too.
 *
 * A name is learned when something happens to it; the first one, which a link was made of, must be
 * looked for in the whole tree.
 */
export class LinkedNames {
  readonly #options: () => BatchOptions;
  readonly #onOther: (path: BytePath) => void;
  readonly #known = new Map<string, Linked>();
  #changes: Change[] = [];
  /** Set from when there is work until it is done. */
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> = Promise.resolve();
  #notBefore = 0;
  #closed = false;

  /** `onOther` is told of each other name of a file that has changed. */
  constructor(options: () => BatchOptions, onOther: (path: BytePath) => void) {
    this.#options = options;
    this.#onOther = onOther;
  }

  /** Takes note of what is being sent because it has changed. */
  note(entries: Iterable<FileEntry>): void {
    for (const entry of entries) {
      const { identity, linkCount = 1, changedNs, path } = entry;
      if (linkCount < 2 || changedNs === undefined || !isRegularFile(entry)) continue;
      const linked = this.#linkedOf(keyOf(identity), linkCount);
      linked.names.add(path);
      if (linked.changedNs === changedNs) continue;
      linked.changedNs = changedNs;
      this.#changes.push({ linked, path, isSearched: false });
    }
    this.#workSoon();
  }

  /** Takes note of names, of which nothing has changed. */
  learn(entries: Iterable<FileEntry>): void {
    for (const entry of entries) {
      const { identity, linkCount = 1, path } = entry;
      if (linkCount < 2 || !isRegularFile(entry)) continue;
      this.#linkedOf(keyOf(identity), linkCount).names.add(path);
    }
  }

  /** A file under all names that are known, as they are now; they are about to be sent together. */
  namesOf(entry: FileEntry): readonly FileEntry[] {
    const key = keyOf(entry.identity);
    const linked = this.#known.get(key);
    if (linked === undefined || linked.names.size > mostTogether) return [entry];
    const { tree } = this.#options();
    const found = [entry];
    for (const name of linked.names) {
      const other = name === entry.path ? undefined : lookAt(tree, name);
      if (other !== undefined && keyOf(other.identity) === key) found.push(other);
    }
    if (found.length >= linked.linkCount) linked.togetherNs = linked.changedNs;
    return found;
  }

  /** Resolves when the other names of all that has changed so far have been told, or looked for once. */
  async settle(): Promise<void> {
    await this.#working;
    while (!this.#closed && this.#changes.some(({ isSearched }) => !isSearched)) {
      this.#notBefore = 0;
      this.#begin();
      await this.#working;
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #linkedOf(key: string, linkCount: number): Linked {
    let linked = this.#known.get(key);
    this.#known.delete(key); // the longest unused is first, and forgotten first
    linked ??= { names: new Set(), changedNs: -1n, linkCount, searches: 0, togetherNs: -1n };
    if (linked.linkCount !== linkCount) linked.searches = 0;
    linked.linkCount = linkCount;
    this.#known.set(key, linked);
    if (this.#known.size > mostKnown) {
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest);
        break;
      }
    }
    return linked;
  }

  #workSoon(): void {
    if (this.#changes.length === 0 || this.#timer !== undefined || this.#closed) return;
    this.#timer = setTimeout(() => this.#begin(), 0);
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#working = this.#work();
  }

  async #work(): Promise<void> {
    const changes = this.#changes;
    this.#changes = [];
    const incomplete: Change[] = [];
    for (const change of changes) {
      if (this.#isComplete(change.linked)) this.#tellOthers(change);
      else incomplete.push(change);
    }
    if (incomplete.length > 0) await this.#search(incomplete);
    this.#timer = undefined;
    this.#workSoon();
  }

  async #search(changes: readonly Change[]): Promise<void> {
    await pause(Math.max(0, this.#notBefore - performance.now()));
    const startedAt = performance.now();
    await this.#walk();
    const endedAt = performance.now();
    const rests = changes.map(({ linked }) => shortestRestMs * 2 ** Math.min(linked.searches, 4));
    this.#notBefore = endedAt + Math.max(Math.min(...rests), (endedAt - startedAt) * restFactor);
    for (const linked of new Set(changes.map((change) => change.linked))) linked.searches += 1;
    for (const change of changes) {
      const isComplete = this.#isComplete(change.linked);
      this.#tellOthers(change);
      if (!isComplete) this.#changes.push({ ...change, isSearched: true });
    }
  }

  /** Forgets names that lead elsewhere by now; false when names are missing that may be found. */
  #isComplete(linked: Linked): boolean {
    const { names, linkCount } = linked;
    const { tree } = this.#options();
    for (const name of names) {
      if (this.#known.get(keyAt(tree, name)) === linked) continue;
      names.delete(name);
      linked.searches = 0;
    }
    return names.size >= linkCount || linked.searches >= mostSearches;
  }

  #tellOthers({ linked, path }: Change): void {
    if (linked.togetherNs === linked.changedNs) return;
    for (const name of linked.names) if (name !== path) this.#onOther(name);
  }

  /** Learns all names of the known files, and tells of nothing. */
  async #walk(): Promise<void> {
    const { tree, rules } = this.#options();
    let turnAt = performance.now() + budgetMs;
    const excluded = (path: BytePath, isDirectory: boolean): boolean =>
      rules.excluded(path, isDirectory);
    for (const { path, linkCount = 1, identity } of walk(tree, rootPath, { excluded })) {
      if (this.#closed) return;
      if (linkCount > 1) this.#known.get(keyOf(identity))?.names.add(path);
      if (performance.now() < turnAt) continue;
      await pause(0);
      turnAt = performance.now() + budgetMs;
    }
  }
}

/** Of what is there; where nobody can tell, nothing is. */
function keyAt(tree: LocalTree, path: BytePath): string {
  return keyOf(lookAt(tree, path)?.identity);
}

function lookAt(tree: LocalTree, path: BytePath): FileEntry | undefined {
  try {
    return tree.lstat(path);
  } catch {
    return undefined;
  }
}

function keyOf(identity: FileEntry["identity"]): string {
  return `${identity?.device}:${identity?.inode}`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
