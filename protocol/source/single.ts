import { lstatSync, statSync } from "node:fs";
import type { FileEntry } from "../flist/entry.ts";
import type { PatternMatch } from "../flist/pattern.ts";
import { nativePath, rootPath } from "../path.ts";
import { type ArgumentOptions, ArgumentSource } from "./arguments.ts";
import type { FileSource } from "./source.ts";

/** One object that is no directory, as `rsync FILE` sends it: by its own name. */
export interface SingleSource extends FileSource {
  entries(): Iterable<FileEntry>;
}

/**
 * What `path`, a byte string, names as a source of its own; undefined for a directory, also one that
 * a symlink leads to, and for what cannot be looked at.
 */
export function singleSource(
  path: string,
  options: Pick<ArgumentOptions, "links" | "filter">,
  excluded: PatternMatch = () => false,
): SingleSource | undefined {
  if (!isSingle(path)) return undefined;
  const source = new ArgumentSource(options);
  return {
    entries: () => [...source.list(path)].filter((entry) => !excluded(entry.path, false)),
    open: (entry) => source.open(entry),
    attributes: (entry) => source.attributes(entry),
  };
}

function isSingle(path: string): boolean {
  if (path === "" || path.endsWith("/")) return false;
  const native = nativePath(path, rootPath);
  try {
    const found = lstatSync(native, { throwIfNoEntry: false });
    if (found === undefined || found.isDirectory()) return false;
    return !statSync(native, { throwIfNoEntry: false })?.isDirectory();
  } catch {
    return false; // it is for whoever lists it to say why not
  }
}
