import fs from "node:fs";
import { openSafely } from "../destination/anchor.ts";
import { type FileEntry, isDirectory, isSymlink } from "../flist/entry.ts";
import { eachOf, type Stepwise } from "../flist/stepwise.ts";
import type { TransferOptions } from "../options.ts";
import { asBytePath, type BytePath, baseName, joinPath, parentPath } from "../path.ts";
import type { OpenAttributes } from "../source/attributes.ts";
import { fileCalls } from "../source/calls-choice.ts";
import { statusOf } from "../source/file-calls.ts";
import { leadsOut } from "../source/links.ts";
import { entryOf, LocalTree } from "../source/local.ts";
import type { OpenFile } from "../source/source.ts";
import type { Followed, ModuleTree } from "./module-tree.ts";

/** Why a link that is to be followed cannot be listed; rsync's words. */
export const noReferent: string = "symlink has no referent";
/** A longer file of rules is none. */
const longestRules = 1024 * 1024;
/** Directories whose places are remembered, where links are followed. */
const mostPlaces = 1_024;

/** Which links are followed: `-L`, `-k`, `--copy-unsafe-links`. Default none. */
export interface ConfinedOptions
  extends Pick<
    TransferOptions,
    "copyLinks" | "copyDirlinks" | "copyUnsafeLinks" | "atimes" | "openNoatime"
  > {
  /** False for an entry whose names cannot be told. Default: all can. */
  readonly isTellable?: ((entry: FileEntry) => boolean) | undefined;
}

/**
 * Names below a directory of a module, for reading: nothing outside of the module is reached,
 * whatever links there are or come meanwhile, and what the module hides is not there.
 *
 * Links that are followed lead where they would if the module were the whole file system: what they
 * name is looked up component by component, and opened without following anything.
 */
export class ConfinedTree extends LocalTree {
  readonly #module: ModuleTree;
  readonly #directory: Followed;
  readonly #options: ConfinedOptions;
  readonly #follows: boolean;
  /** Directories that a client has named through links, and where they are. */
  readonly #followed = new Map<BytePath, BytePath>();
  /** Where directories are, if links below them may be followed. */
  readonly #places = new Map<BytePath, Followed>();
  #whole: ConfinedTree | undefined;

  /**
   * @param root what the client calls the directory, for messages.
   * @throws what the system says when links lead to each other.
   */
  constructor(root: string, module: ModuleTree, options: ConfinedOptions = {}) {
    const { atimes = false, openNoatime = false } = options;
    super(root, { atimes, openNoatime });
    this.#module = module;
    this.#directory = { path: module.resolve(root), links: 0 };
    this.#options = options;
    this.#follows = Boolean(options.copyLinks || options.copyDirlinks || options.copyUnsafeLinks);
  }

  override lstat(path: BytePath): FileEntry | undefined {
    if (path === "." || path.endsWith("/.")) return this.#named(asBytePath(path.slice(0, -2)));
    if (path === "" || this.#followed.has(path)) return this.#named(path);
    const entry = super.lstat(path);
    if (entry === undefined || this.#isHidden(path, isDirectory(entry))) return undefined;
    const meant = this.#follows && isSymlink(entry) ? this.#meaningOf(entry) : entry;
    if (this.#options.isTellable?.(meant) !== false) return meant;
    throw Object.assign(new Error("its name is no text in the charset of the module"), {
      code: "EILSEQ",
    });
  }

  override names(directory: BytePath): string[] {
    const at = this.#inside(directory);
    return this.#module.names(at).filter((name) => !this.#hides(joinPath(at, name)));
  }

  override *nameSteps(directory: BytePath, sizeBytes: number): Stepwise<string[]> {
    const at = this.#inside(directory);
    const names = yield* this.#module.nameSteps(at, sizeBytes);
    if (!this.#module.hasRules) return names;
    const shown: string[] = [];
    yield* eachOf(names, (name) => void (this.#hides(joinPath(at, name)) || shown.push(name)));
    return shown;
  }

  override text(path: BytePath): string {
    // What is wrong in it is told, and so are the names in it.
    if (this.#module.isHidden(this.#place(path), false)) throw hidden();
    const descriptor = openSafely(this.native(path));
    try {
      const stats = fs.fstatSync(descriptor);
      if (stats.isFile() && stats.size <= longestRules)
        return fs.readFileSync(descriptor, "latin1");
      throw Object.assign(new Error("it is no file of rules"), { code: "EISDIR" });
    } finally {
      fs.closeSync(descriptor);
    }
  }

  override open(entry: FileEntry): OpenFile | undefined {
    return entry.isFollowed ? this.#root.open(this.#referred(entry)) : super.open(entry);
  }

  override attributes(entry: FileEntry): OpenAttributes {
    return entry.isFollowed
      ? this.#root.attributes(this.#referred(entry))
      : super.attributes(entry);
  }

  protected override native(path: BytePath): string | Buffer {
    return this.#module.native(this.#place(path));
  }

  /** The directory that a name leads to; below it, names begin there. */
  #named(path: BytePath): FileEntry | undefined {
    const named = this.#place(path);
    const target = this.#module.resolve(named);
    if (this.#module.isHidden(target, true) || !this.#module.isDirectory(target)) return undefined;
    if (target !== named && !this.#follows) this.#followed.set(path, target);
    return entryOf(path, statusOf(this.#module.status(target)));
  }

  /** A link, or what it leads to. @throws ENOENT where that is nothing, ELOOP */
  #meaningOf(link: FileEntry): FileEntry {
    const { path, linkTarget = "" } = link;
    const { copyLinks, copyDirlinks, copyUnsafeLinks } = this.#options;
    if (copyLinks || (copyUnsafeLinks && leadsOut(linkTarget, path))) {
      const referent = this.#referent(path);
      if (referent !== undefined) return referent;
      throw Object.assign(new Error(noReferent), { code: "ENOENT" });
    }
    const directory = copyDirlinks ? this.#referredDirectory(path) : undefined;
    return directory ?? link;
  }

  /** Links that lead to each other lead to no directory. */
  #referredDirectory(path: BytePath): FileEntry | undefined {
    try {
      const referent = this.#referent(path);
      return referent !== undefined && isDirectory(referent) ? referent : undefined;
    } catch {
      return undefined;
    }
  }

  /** What a link leads to, under its name; undefined where that is nothing, or is hidden. */
  #referent(path: BytePath): FileEntry | undefined {
    const at = this.#placeOf(path).path;
    const module = this.#module;
    const found = module.tree.find(at);
    if (found === undefined) return undefined;
    const status = isDirectory(found)
      ? statusOf(module.status(at))
      : fileCalls().lstat(module.native(at));
    if (status === undefined) return undefined;
    const told = this.#options.atimes ? { atimeSeconds: status.atimeSeconds } : {};
    const entry = { ...entryOf(path, status), ...told, isFollowed: true };
    return isSymlink(entry) || module.isHidden(at, isDirectory(entry)) ? undefined : entry;
  }

  /** The module itself, in which what was followed is opened without following anything. */
  get #root(): ConfinedTree {
    this.#whole ??= new ConfinedTree("", this.#module);
    return this.#whole;
  }

  #referred(entry: FileEntry): FileEntry {
    return { ...entry, path: this.#placeOf(entry.path).path, isFollowed: false };
  }

  #hides(path: BytePath): boolean {
    return this.#module.hasRules && this.#module.isHidden(path, this.#module.isDirectory(path));
  }

  /** By the name that it has here, or by the one that links lead to. */
  #isHidden(path: BytePath, isDirectory: boolean): boolean {
    const { isHidden } = this.#module;
    if (isHidden(this.#place(path), isDirectory)) return true;
    return this.#follows && isHidden(join(this.#directory.path, path), isDirectory);
  }

  /** Where what a path of this tree names is, from the module's root; it may be a link. */
  #place(path: BytePath): BytePath {
    if (this.#follows && path !== "") {
      return joinPath(this.#placeOf(parentPath(path)).path, baseName(path));
    }
    if (this.#followed.size > 0) {
      for (let above = path; ; above = parentPath(above)) {
        const target = this.#followed.get(above);
        if (target !== undefined) return join(target, path.slice(above.length).replace(/^\//, ""));
        if (above === "") break;
      }
    }
    return join(this.#directory.path, path);
  }

  /** Where a directory is of which names are wanted. */
  #inside(directory: BytePath): BytePath {
    return this.#follows ? this.#placeOf(directory).path : this.#place(directory);
  }

  /** Where a name leads when the links in it are followed. @throws ELOOP */
  #placeOf(path: BytePath): Followed {
    if (path === "") return this.#directory;
    const known = this.#places.get(path);
    if (known !== undefined) return known;
    const place = this.#module.follow(baseName(path), this.#placeOf(parentPath(path)));
    if (this.#places.size >= mostPlaces) this.#places.clear();
    this.#places.set(path, place);
    return place;
  }
}

function join(directory: BytePath, path: string): BytePath {
  return path === "" ? directory : joinPath(directory, path);
}

function hidden(): Error {
  return Object.assign(new Error("No such file or directory"), { code: "ENOENT" });
}
