import { type BytePath, parentPath } from "../path.ts";
import { type FileEntry, isDirectory } from "./entry.ts";

/**
 * `--prune-empty-dirs`: takes directories out of a list that hold nothing but directories. The
 * others keep their numbers.
 *
 * @param isProtected spares a directory, and those above it.
 */
export function pruneEmptyDirectories(
  slots: readonly (FileEntry | undefined)[],
  isProtected: (path: BytePath, isDirectory: boolean) => boolean,
): (FileEntry | undefined)[] {
  const kept = new Set<BytePath>();
  for (const entry of slots) {
    if (entry === undefined) continue;
    const { path } = entry;
    if (isDirectory(entry) && (path === "" || !isProtected(path, true))) continue;
    for (let at = path; !kept.has(at); at = parentPath(at)) {
      kept.add(at);
      if (at === "") break;
    }
  }
  return slots.map((entry) => {
    if (entry === undefined || !isDirectory(entry) || entry.path === "") return entry;
    return kept.has(entry.path) ? entry : undefined;
  });
}
