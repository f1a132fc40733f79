import { type BytePath, joinPath, parentPath } from "../path.ts";
import type { ModuleTree } from "./module-tree.ts";

/**
 * Links below a destination that a client wants taken for the directories they lead to (`-K`): to
 * places of the module, as if it were the whole file system.
 */
export class FollowedLinks {
  readonly #module: ModuleTree;
  readonly #destination: BytePath;
  readonly #places = new Map<BytePath, BytePath>();

  /** @param destination from the module's root; links are named from there. */
  constructor(module: ModuleTree, destination: BytePath) {
    this.#module = module;
    this.#destination = destination;
  }

  /** The directory of the module; undefined when there is none, or none that clients may see. */
  follow(link: BytePath): BytePath | undefined {
    try {
      const place = this.#module.resolve(joinPath(this.#destination, link));
      if (this.#module.isHidden(place, true) || !this.#module.isDirectory(place)) return undefined;
      this.#places.set(link, place);
      return place;
    } catch {
      return undefined; // links that lead to each other are none to a directory
    }
  }

  /** Is a path below the destination hidden, by its name or by where it is? */
  isHidden(path: BytePath, isDirectory: boolean): boolean {
    const named = joinPath(this.#destination, path);
    if (this.#module.isHidden(named, isDirectory)) return true;
    const place = this.#placeOf(path);
    return place !== undefined && this.#module.isHidden(place, isDirectory);
  }

  /** Undefined for what is where its name says. */
  #placeOf(path: BytePath): BytePath | undefined {
    if (this.#places.size === 0) return undefined;
    for (let at = path; at !== ""; at = parentPath(at)) {
      const place = this.#places.get(at);
      if (place !== undefined) return joinPath(place, path.slice(at.length + 1));
    }
    return undefined;
  }
}
