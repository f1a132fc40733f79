import fs from "node:fs";
import { openSafely } from "../destination/anchor.ts";
import type { FileEntry } from "../flist/entry.ts";
import { isDirectory } from "../flist/entry.ts";
import { asBytePath, type BytePath, joinPath, parentPath } from "../path.ts";
import { statusOf } from "../source/file-calls.ts";
import { entryOf, LocalTree } from "../source/local.ts";
import type { ModuleTree } from "./module-tree.ts";

/** A longer file of rules is none. */
const longestRules = 1024 * 1024;

/**
 * Names below a directory of a module, for reading: nothing outside of the module is reached,
 * whatever links there are or come meanwhile, and what the module hides is not there.
 */
export class ConfinedTree extends LocalTree {
  readonly #module: ModuleTree;
  readonly #directory: BytePath;
  /** Directories that a client has named through links, and where they are. */
  readonly #followed = new Map<BytePath, BytePath>();

  /**
   * @param root what the client calls the directory, for messages.
   * @throws what the system says when links lead to each other.
   */
  constructor(root: string, module: ModuleTree) {
    super(root);
    this.#module = module;
    this.#directory = module.resolve(root);
  }

  override lstat(path: BytePath): FileEntry | undefined {
    if (path === "." || path.endsWith("/.")) return this.#follow(asBytePath(path.slice(0, -2)));
    if (path === "" || this.#followed.has(path)) return this.#follow(path);
    const entry = super.lstat(path);
    if (entry === undefined) return undefined;
    return this.#module.isHidden(this.#place(path), isDirectory(entry)) ? undefined : entry;
  }

  override names(directory: BytePath): string[] {
    const at = this.#place(directory);
    return this.#module.names(at).filter((name) => !this.#hides(joinPath(at, name)));
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

  protected override native(path: BytePath): string | Buffer {
    return this.#module.native(this.#place(path));
  }

  /** The directory that a name leads to; below it, names begin there. */
  #follow(path: BytePath): FileEntry | undefined {
    const named = this.#place(path);
    const target = this.#module.resolve(named);
    if (this.#module.isHidden(target, true) || !this.#module.isDirectory(target)) return undefined;
    if (target !== named) this.#followed.set(path, target);
    return entryOf(path, statusOf(this.#module.status(target)));
  }

  #hides(path: BytePath): boolean {
    return this.#module.hasRules && this.#module.isHidden(path, this.#module.isDirectory(path));
  }

  /** Where a path of this tree is, from the module's root. */
  #place(path: BytePath): BytePath {
    if (this.#followed.size > 0) {
      for (let above = path; ; above = parentPath(above)) {
        const target = this.#followed.get(above);
        if (target !== undefined) return join(target, path.slice(above.length).replace(/^\//, ""));
        if (above === "") break;
      }
    }
    return join(this.#directory, path);
  }
}

function join(directory: BytePath, path: string): BytePath {
  return path === "" ? directory : joinPath(directory, path);
}

function hidden(): Error {
  return Object.assign(new Error("No such file or directory"), { code: "ENOENT" });
}
