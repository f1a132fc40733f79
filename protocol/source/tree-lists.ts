import { type FileEntry, isDirectory } from "../flist/entry.ts";
import { numbered } from "../flist/order.ts";
import { atOnce, type Stepwise } from "../flist/stepwise.ts";
import { type BytePath, parentPath, rootPath } from "../path.ts";

/** Where the content of a directory comes from. */
export interface Branch {
  /**
   * What lies directly in a directory, in wire order; its directories say whether they have
   * content to be listed. Undefined when the directory is gone, or is another one by now.
   */
  children(directory: FileEntry): readonly FileEntry[] | undefined;
  /** The same in steps, where there may be many. */
  reading?(directory: FileEntry): Stepwise<readonly FileEntry[] | undefined>;
}

/** What is known of a tree before it is walked: an entry, and where its content comes from. */
export interface Seed {
  readonly entry: FileEntry;
  /** Of a directory whose content is listed too. */
  readonly branch?: Branch | undefined;
}

/** One file list of several: what lies directly in one directory. */
export interface DirectoryList {
  /** Undefined for the first list: what stands at the top, and the root itself, if it is sent. */
  readonly directory: FileEntry | undefined;
  /** In wire order, each name once. */
  readonly entries: readonly FileEntry[];
}

/** File lists, one after the other; none is made before it is asked for. */
export interface ListSource {
  /** Undefined when there are no more. */
  next(): DirectoryList | undefined;
  /** The same in steps, where a list may be long. */
  steps?(): Stepwise<DirectoryList | undefined>;
  /** False when {@link next} has none. */
  readonly hasMore: boolean;
  /** Something could not be listed so far: whoever deletes what is missing must not. */
  readonly incomplete: boolean;
}

/** One of the sources of a directory's content, and the directory as it was listed there. */
interface Origin {
  readonly directory: FileEntry;
  readonly branch: Branch;
}

/** A directory that has not been looked into. */
interface Pending {
  readonly directory: FileEntry;
  readonly origins: readonly Origin[];
}

/**
 * Lists trees directory by directory, in the order in which rsync does: a directory's list is
 * followed by those of its subdirectories (spec 1 §7.12). In memory are the directories between
 * the one that is listed and the root, and their siblings.
 */
export class TreeLists implements ListSource {
  /** By the directory that they lie in. The root lies in none, and is found under its own name. */
  readonly #seeds = new Map<BytePath, Seed[]>();
  readonly #pending: Pending[] = [];
  readonly #isIncomplete: () => boolean;
  #begun = false;

  /**
   * @param seeds every directory between a seed and the top must be one, too.
   * @param isIncomplete whether a branch could not list something. Default: none ever does.
   */
  constructor(seeds: Iterable<Seed>, isIncomplete: () => boolean = () => false) {
    this.#isIncomplete = isIncomplete;
    for (const seed of seeds) {
      const above = parentPath(seed.entry.path);
      const beside = this.#seeds.get(above);
      if (beside === undefined) this.#seeds.set(above, [seed]);
      else beside.push(seed);
    }
  }

  get incomplete(): boolean {
    return this.#isIncomplete();
  }

  get hasMore(): boolean {
    return !this.#begun || this.#pending.length > 0;
  }

  next(): DirectoryList | undefined {
    return atOnce(this.steps());
  }

  *steps(): Stepwise<DirectoryList | undefined> {
    if (!this.#begun) return yield* this.#first();
    for (let next = this.#pending.pop(); next !== undefined; next = this.#pending.pop()) {
      const entries = yield* this.#contentOf(next);
      if (entries !== undefined) return { directory: next.directory, entries };
    }
    return undefined;
  }

  /** What is in a root stands where its argument does: of equal names the first stays. */
  *#first(): Stepwise<DirectoryList> {
    this.#begun = true;
    const all: Seed[] = [];
    let isGone = false;
    for (const seed of this.#takeSeeds(rootPath)) {
      const roots = seed.entry.path === "" ? originsOf([seed]) : [];
      const contents = yield* readOrigins(roots);
      if (contents.length < roots.length) isGone = true;
      all.push(seed);
      addContents(contents, all);
    }
    const told = isGone ? all.map(withoutRootContent) : all;
    return { directory: undefined, entries: yield* this.#merge(told) };
  }

  *#contentOf({ directory, origins }: Pending): Stepwise<readonly FileEntry[] | undefined> {
    const seeds = this.#takeSeeds(directory.path);
    const contents = yield* readOrigins(origins);
    if (seeds.length > 0 || contents.length > 1) {
      const all = [...seeds];
      addContents(contents, all);
      return yield* this.#merge(all);
    }
    const [only] = contents;
    // What nobody looks into has a list all the same: with it the directory itself is finished.
    if (only === undefined) return origins.length === 0 ? [] : undefined;
    const { branch, children } = only;
    this.#expand(children, (child) => (child.hasContent ? [{ directory: child, branch }] : []));
    return children;
  }

  /** What comes from several places into one directory, as one list: of equal names the first stays. */
  *#merge(all: readonly Seed[]): Stepwise<readonly FileEntry[]> {
    const origins = new Map<BytePath, readonly Origin[]>();
    for (const origin of originsOf(all)) {
      const { path } = origin.directory;
      origins.set(path, [...(origins.get(path) ?? []), origin]);
    }
    const { slots } = yield* numbered(all.map(({ entry }) => entry));
    const entries = slots.filter((entry) => entry !== undefined);
    this.#expand(entries, ({ path }) => origins.get(path) ?? []);
    return entries;
  }

  /** Remembers the directories of a list. */
  #expand(
    entries: readonly FileEntry[],
    originsIn: (directory: FileEntry) => readonly Origin[],
  ): void {
    const found: Pending[] = [];
    for (const entry of entries) {
      // The root's content stands beside it.
      if (!isDirectory(entry) || entry.path === "") continue;
      found.push({ directory: entry, origins: originsIn(entry) });
    }
    for (let last = found.pop(); last !== undefined; last = found.pop()) this.#pending.push(last);
  }

  #takeSeeds(directory: BytePath): readonly Seed[] {
    const seeds = this.#seeds.get(directory) ?? [];
    this.#seeds.delete(directory);
    return seeds;
  }
}

interface Content {
  readonly branch: Branch;
  readonly children: readonly FileEntry[];
}

function* readOrigins(origins: readonly Origin[]): Stepwise<Content[]> {
  const contents: Content[] = [];
  for (const { directory, branch } of origins) {
    const reading = branch.reading?.(directory);
    const children = reading ? yield* reading : branch.children(directory);
    if (children !== undefined) contents.push({ branch, children });
  }
  return contents;
}

function addContents(contents: readonly Content[], all: Seed[]): void {
  for (const { branch, children } of contents) {
    for (const entry of children) all.push({ entry, branch });
  }
}

/** Where the content of listed directories comes from. */
function originsOf(seeds: readonly Seed[]): Origin[] {
  return seeds.flatMap(({ entry, branch }) =>
    branch !== undefined && isDirectory(entry) && entry.hasContent === true
      ? [{ directory: entry, branch }]
      : [],
  );
}

/** What a vanished root has not got must not be missed at the destination. */
function withoutRootContent({ entry, branch }: Seed): Seed {
  return entry.path === "" ? { entry: { ...entry, hasContent: false } } : { entry, branch };
}
