import {
  type BytePath,
  deletion,
  type FileEntry,
  fileTypes,
  isDirectory,
  parentPath,
} from "../../protocol/index.ts";
import type { Carrier } from "./carrier.ts";

/** Knows which directories to list above a name that has gone. */
export interface FormerDirectories {
  /** Every directory above `path`; undefined when something else is in the way. */
  above(path: BytePath): readonly FileEntry[] | undefined;
}

/**
 * Directories above old names. One that is gone itself is listed all the same, as anything: what the
 * target has in it is still needed, and it is deleted when that has been made use of. Not where it
 * may hold what is excluded, and stay: it would not be as it was.
 */
export function formerDirectories({ options, hasRules }: Carrier): FormerDirectories {
  const { tree } = options;
  const seen = new Map<BytePath, FileEntry | undefined>();
  const look = (path: BytePath): FileEntry | undefined => {
    if (seen.has(path)) return seen.get(path);
    const found = tree.lstat(path);
    const entry = found ?? (hasRules ? undefined : { ...deletion(path), mode: formerMode });
    const directory = entry !== undefined && isDirectory(entry) ? entry : undefined;
    seen.set(path, directory);
    return directory;
  };
  const above = (path: BytePath): readonly FileEntry[] | undefined => {
    const list: FileEntry[] = [];
    for (let directory = path; directory !== ""; ) {
      directory = parentPath(directory);
      const entry = look(directory);
      if (entry === undefined) return undefined;
      list.push(entry);
    }
    return list;
  };
  return { above };
}

const formerMode = fileTypes.directory | 0o700;
