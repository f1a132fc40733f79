import { type FileEntry, namedDirectory } from "./flist/entry.ts";
import { namesBeforePattern } from "./handshake/destination.ts";
import type { TransferOptions } from "./options.ts";
import { asBytePath, rootPath } from "./path.ts";
import type { Target } from "./target.ts";

/** A session that makes the directory which another one is for, from a directory above. */
export interface Making {
  readonly target: Target;
  readonly transfer: TransferOptions;
  readonly entries: readonly FileEntry[];
}

/**
 * What has to be made before a session, since its daemon would give it another name: a directory
 * that an argument can only say by a pattern. All that is missing on the way to it is made, too;
 * what is there stays as it is.
 *
 * @returns undefined when the name is none of these, as usual, or may be that of a file.
 */
export function makingOf(
  target: Target,
  { dryRun, makePath }: TransferOptions,
): Making | undefined {
  const { module, directory = rootPath, namesFile, ssh } = target;
  if (dryRun || namesFile || (ssh !== undefined && module === "")) return undefined;
  const above = namesBeforePattern(module, directory);
  if (above === undefined) return undefined;
  const names = directory.split("/");
  const paths = names.slice(above).map((_, count) => names.slice(above, above + count + 1));
  return {
    target: { ...target, directory: asBytePath(names.slice(0, above).join("/")) },
    transfer: { dirs: true, ignoreExisting: true, ...(makePath && { makePath }) },
    entries: [[], ...paths].map((path) => namedDirectory(asBytePath(path.join("/")))),
  };
}
