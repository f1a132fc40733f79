import { deletion, type FileEntry, isDirectory } from "../flist/entry.ts";
import type { FilterRules } from "../flist/filter.ts";
import type { PatternMatch } from "../flist/pattern.ts";
import { asBytePath, type BytePath, parentPath, rootPath } from "../path.ts";
import { type Argument, parseArgument } from "./argument.ts";
import type { OpenAttributes } from "./attributes.ts";
import { LocalTree, type TreeOptions } from "./local.ts";
import { placeOf, rulesIn } from "./rule-files.ts";
import type { FileSource, OpenFile } from "./source.ts";
import { type Seed, TreeLists } from "./tree-lists.ts";
import { type WalkOptions, walkDirectories } from "./walk.ts";
import { WalkBranch } from "./walk-branch.ts";

/** Why something that was to be listed is not. */
export interface ListProblem {
  /** As a person knows it: the argument and what lies below it. */
  readonly path: string;
  readonly kind: "missing" | "vanished" | "unreadable";
  /** Of what has vanished. */
  readonly isDirectory?: boolean;
  readonly cause?: NodeJS.ErrnoException;
}

/** How `SRC` arguments are listed; everything is off unless said. */
export interface ArgumentOptions {
  /** `-r` */
  readonly recursive?: boolean;
  /** `-d`: directories are listed, those with a trailing slash with what is directly in them. */
  readonly dirs?: boolean;
  /** `-R` */
  readonly relative?: boolean;
  /** `-x`: what is mounted below is listed, not what is in it; "skip", `-xx`: not even that. */
  readonly oneFileSystem?: boolean | "skip";
  /** `--delete-missing-args`: an argument that is not there is deleted at the destination. */
  readonly deletesMissing?: boolean;
  /** `-L`, `-k` and their kin. */
  readonly links?: TreeOptions;
  readonly filter?: FilterRules;
  readonly onProblem?: (problem: ListProblem) => void;
  /** A directory is left out because nothing asked for directories. */
  readonly onSkipped?: (path: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** The tree that names of an argument begin in; default a {@link LocalTree} there. */
  readonly openTree?: ((root: string) => LocalTree) | undefined;
}

/** An entry that knows which of several trees it lies in. */
interface Located extends FileEntry {
  readonly tree: LocalTree;
}

/** What `SRC…` of an rsync command line name: each a tree of its own, listed as one. */
export class ArgumentSource implements FileSource {
  readonly #options: ArgumentOptions;
  readonly #implied = new Set<BytePath>();

  constructor(options: ArgumentOptions = {}) {
    this.#options = options;
  }

  /**
   * The entries of one argument: `dir` with its name, `dir/` what is in it, and with `-R` all the
   * directories that its path names.
   *
   * @param text as it was given, a byte string.
   * @throws {RsyncError} BAD_OPTION for a path with ".." under `-R`.
   */
  *list(text: string): Generator<FileEntry> {
    const argument = parseArgument(text, this.#options.relative ?? false);
    const tree = this.#treeAt(argument.root);
    const first = this.#lookAt(tree, argument, text);
    if (first === undefined) return;
    const excluded = this.#exclusion(tree, argument);
    if (argument.start !== "" && excluded(argument.start, isDirectory(first))) return;
    yield* this.#impliedBy(tree, argument);
    if (!isDirectory(first)) yield located(first, tree);
    else if (this.#options.recursive) yield* this.#below(tree, first, excluded);
    else if (this.#options.dirs) yield* this.#oneLevel(tree, argument, first, excluded);
    else this.#options.onSkipped?.(argument.start === "" ? "." : argument.start);
  }

  /**
   * The same for several arguments, directory by directory, with everything below them: what is
   * not asked for is not looked at. Recursive whatever the options say.
   *
   * @throws {RsyncError} BAD_OPTION for a path with ".." under `-R`.
   */
  lists(texts: readonly string[], isIncomplete: () => boolean): TreeLists {
    const seeds = texts.flatMap((text) => [...this.seeds(text)]);
    return new TreeLists(seeds, isIncomplete);
  }

  /** What one argument begins {@link lists} with. @throws as they do. */
  *seeds(text: string): Generator<Seed> {
    const argument = parseArgument(text, this.#options.relative ?? false);
    const tree = this.#treeAt(argument.root);
    const first = this.#lookAt(tree, argument, text);
    if (first === undefined) return;
    const excluded = this.#exclusion(tree, argument);
    if (argument.start !== "" && excluded(argument.start, isDirectory(first))) return;
    for (const entry of this.#impliedBy(tree, argument)) yield { entry };
    const entry = located(first, tree);
    if (isDirectory(first)) {
      const { oneFileSystem = false } = this.#options;
      const device = oneFileSystem ? first.identity?.device : undefined;
      const skipsMounts = oneFileSystem === "skip";
      const options = this.#walkOptions(tree, excluded, () => true);
      const locate = (each: FileEntry): FileEntry => located(each, tree);
      const branch = new WalkBranch(tree, { ...options, device, skipsMounts, locate });
      yield { entry: { ...entry, hasContent: true }, branch };
    } else {
      yield { entry };
    }
  }

  open(entry: FileEntry): OpenFile | undefined {
    return (entry as Located).tree.open(entry);
  }

  get sendsAttribute(): ((name: string) => boolean) | undefined {
    return this.#options.filter?.sendsAttribute();
  }

  attributes(entry: FileEntry): OpenAttributes {
    return (entry as Located).tree.attributes(entry);
  }

  /** Where an entry lies, as the arguments say it, without a slash before it. */
  fullName(entry: FileEntry): string {
    const { tree, path } = (entry.servedBy ?? entry) as Located;
    const parts = `${tree.root}/${path}`.split("/").filter((part) => part !== "" && part !== ".");
    return parts.length === 0 || path !== "" ? parts.join("/") || "." : `${parts.join("/")}/.`;
  }

  /**
   * Removes what was sent, unless it is a directory.
   *
   * @returns false, and nothing is removed, when something else is there by now.
   */
  remove(entry: FileEntry): boolean {
    if (isDirectory(entry)) return true;
    const { tree, path } = (entry.servedBy ?? entry) as Located;
    const now = tree.lstat(path);
    if (now === undefined || !isAsListed(now, entry)) return false;
    tree.remove(path);
    return true;
  }

  #treeAt(root: string): LocalTree {
    const { openTree, links } = this.#options;
    return openTree?.(root) ?? new LocalTree(root, links);
  }

  /** The entry that is named; undefined when it is not there, which is told. */
  #lookAt(tree: LocalTree, argument: Argument, text: string): FileEntry | undefined {
    const { start, isContent } = argument;
    const { onProblem, deletesMissing = false } = this.#options;
    try {
      // Whoever names a directory's content means the directory, whatever leads to it; what is no
      // directory is meant itself where names are kept.
      const directory = isContent ? tree.lstat(inside(start)) : undefined;
      const entry = directory ?? tree.lstat(isContent && start === "" ? inside(start) : start);
      if (entry !== undefined) return { ...entry, path: start };
      // A name can only be missing from a directory that is there.
      const isMissing = start !== "" && tree.lstat(inside(rootPath)) !== undefined;
      if (isMissing && deletesMissing) return deletion(start);
      onProblem?.({ path: text, kind: isMissing ? "missing" : "unreadable" });
    } catch (error) {
      onProblem?.({ path: text, kind: "unreadable", cause: error as NodeJS.ErrnoException });
    }
    return undefined;
  }

  *#impliedBy(tree: LocalTree, { start, hasDot }: Argument): Generator<FileEntry> {
    if (!this.#options.relative || start === "") return;
    const above: BytePath[] = [];
    for (let path = parentPath(start); path !== ""; path = parentPath(path)) above.unshift(path);
    if (hasDot) above.unshift(rootPath);
    for (const path of above) {
      if (this.#implied.has(path)) continue;
      this.#implied.add(path);
      const entry = tree.lstat(inside(path));
      if (entry !== undefined) yield located({ ...entry, path, isImplied: true }, tree);
      else this.#options.onProblem?.({ path, kind: "vanished", isDirectory: true });
    }
  }

  *#below(tree: LocalTree, first: FileEntry, excluded: PatternMatch): Generator<FileEntry> {
    const { oneFileSystem = false, signal } = this.#options;
    const mounts = new Set<BytePath>();
    const options = this.#walkOptions(tree, excluded, (path) => !mounts.has(path));
    for (const { directory, children } of walkDirectories(tree, first.path, options)) {
      signal?.throwIfAborted();
      yield located({ ...directory, hasContent: children !== undefined }, tree);
      for (const child of children ?? []) {
        const isMount =
          oneFileSystem !== false &&
          isDirectory(child) &&
          child.identity?.device !== first.identity?.device;
        if (isMount) mounts.add(child.path);
        if (isMount ? oneFileSystem !== "skip" : !isDirectory(child)) yield located(child, tree);
      }
    }
  }

  *#oneLevel(
    tree: LocalTree,
    { isContent }: Argument,
    first: FileEntry,
    excluded: PatternMatch,
  ): Generator<FileEntry> {
    if (!isContent) {
      yield located(first, tree);
      return;
    }
    const options = this.#walkOptions(tree, excluded, () => false);
    for (const { directory, children } of walkDirectories(tree, first.path, options)) {
      yield located({ ...directory, hasContent: children !== undefined }, tree);
      for (const child of children ?? []) yield located(child, tree);
    }
  }

  #exclusion(tree: LocalTree, { root, start }: Argument): PatternMatch {
    const { filter, openTree } = this.#options;
    if (filter === undefined || filter.isEmpty) return () => false;
    const sparesRoot = start !== "";
    const place = openTree === undefined ? placeOf(tree, sparesRoot) : { root, sparesRoot };
    return filter.excluding(rulesIn(tree), place);
  }

  #walkOptions(
    tree: LocalTree,
    excluded: PatternMatch,
    descend: (path: BytePath) => boolean,
  ): WalkOptions {
    const { onProblem } = this.#options;
    const nameOf = (path: BytePath): string => (path === "" ? tree.root : `${tree.root}/${path}`);
    return {
      descend,
      excluded,
      onError: (path, cause) => onProblem?.({ path: nameOf(path), kind: "unreadable", cause }),
      onVanished: (path, what) => onProblem?.({ path: nameOf(path), kind: "vanished", ...what }),
    };
  }
}

function isAsListed(now: FileEntry, listed: FileEntry): boolean {
  return (
    now.identity?.inode === listed.identity?.inode &&
    now.identity?.device === listed.identity?.device &&
    now.size === listed.size &&
    now.mtimeSeconds === listed.mtimeSeconds &&
    now.mtimeNanoseconds === listed.mtimeNanoseconds
  );
}

function located(entry: FileEntry, tree: LocalTree): Located {
  return { ...entry, tree };
}

function inside(path: BytePath): BytePath {
  return asBytePath(path === "" ? "." : `${path}/.`);
}
