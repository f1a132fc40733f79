import { type BytePath, parentPath } from "../../protocol/index.ts";

/** For each directory, how many members of a set lie below it. */
export class Counter {
  readonly #counts = new Map<BytePath, number>();

  has(directory: BytePath): boolean {
    return this.#counts.has(directory);
  }

  add(path: BytePath): void {
    this.#change(path, 1);
  }

  remove(path: BytePath): void {
    this.#change(path, -1);
  }

  #change(path: BytePath, by: number): void {
    for (let above = path; above !== ""; ) {
      above = parentPath(above);
      const count = (this.#counts.get(above) ?? 0) + by;
      if (count === 0) this.#counts.delete(above);
      else this.#counts.set(above, count);
    }
  }
}
