import { type FileEntry, fileTypes, isDirectory } from "./flist/entry.ts";
import { type BytePath, baseName, joinPath, parentPath, rootPath } from "./path.ts";

/** An entry of which only the name and the type are known; a mode of 0 is a deletion. */
export type NamedEntry = Pick<FileEntry, "path" | "mode">;

/** The names of one list, in few bytes. */
interface Chunk {
  readonly directory: BytePath;
  /** A letter for the type, and the name; with slashes between them. */
  readonly names: string;
}

/** Keeps the names of lists that are forgotten otherwise: some bytes more than a name has each. */
export class PathArchive {
  readonly #chunks: Chunk[] = [];

  /** @param entries a list: what lies directly in one directory, or at the top. */
  add(entries: readonly FileEntry[]): void {
    const last = entries.at(-1);
    if (last === undefined) return;
    const names = entries.map((entry) => (isDirectory(entry) ? "d" : "f") + baseName(entry.path));
    this.#chunks.push({ directory: parentPath(last.path), names: names.join("/") });
  }

  /** Everything, in the order in which it was listed. */
  *[Symbol.iterator](): Generator<NamedEntry> {
    for (const { directory, names } of this.#chunks) {
      for (const each of names.split("/")) {
        const name = each.slice(1);
        const type = each.startsWith("d") ? fileTypes.directory : fileTypes.regular;
        yield { path: name === "" ? rootPath : joinPath(directory, name), mode: type };
      }
    }
  }
}
