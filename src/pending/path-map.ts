import { type BytePath, parentPath } from "../../protocol/index.ts";
import { Counter } from "./counter.ts";

/** A map by path that knows what lies below a directory. */
export class PathMap<T> {
  readonly #values = new Map<BytePath, T>();
  readonly #below = new Counter();

  get size(): number {
    return this.#values.size;
  }

  has(path: BytePath): boolean {
    return this.#values.has(path);
  }

  get(path: BytePath): T | undefined {
    return this.#values.get(path);
  }

  set(path: BytePath, value: T): void {
    if (!this.#values.has(path)) this.#below.add(path);
    this.#values.set(path, value);
  }

  delete(path: BytePath): void {
    if (this.#values.delete(path)) this.#below.remove(path);
  }

  hasBelow(directory: BytePath): boolean {
    return this.#below.has(directory);
  }

  /** True when something is in it at, below or above a path. */
  meets(path: BytePath): boolean {
    return this.#below.has(path) || this.covering(path) !== undefined;
  }

  /** The path itself, or the nearest one above it that is in the map. */
  covering(path: BytePath): BytePath | undefined {
    if (this.#values.has(path)) return path;
    return findAbove(path, (above) => this.#values.has(above));
  }

  paths(): IterableIterator<BytePath> {
    return this.#values.keys();
  }

  values(): IterableIterator<T> {
    return this.#values.values();
  }

  [Symbol.iterator](): IterableIterator<[BytePath, T]> {
    return this.#values.entries();
  }
}

/** The nearest directory above a path that is accepted. */
export function findAbove(
  path: BytePath,
  accepts: (above: BytePath) => boolean,
): BytePath | undefined {
  for (let above = path; above !== ""; ) {
    above = parentPath(above);
    if (accepts(above)) return above;
  }
  return undefined;
}
