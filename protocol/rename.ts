import type { FileEntry } from "./flist/entry.ts";
import type { AlternateDestination, TransferOptions } from "./options.ts";
import { asBytePath, type BytePath, isWithin, joinPath, pathToBytes, rootPath } from "./path.ts";
import type { Target } from "./target.ts";

/** A name that something has lost, and the one it has now. */
export interface Rename {
  readonly from: BytePath;
  readonly to: BytePath;
}

/**
 * The entries that give a renamed file its new name at the destination without its content: both
 * names as names of one object. Where the daemon finds the old name as it is here, by size and
 * time, it makes the new one a link to it and both are acknowledged. Where not it asks for the
 * content, under one of the two names, and is served the new file's (spec 3 §2).
 *
 * The session needs {@link renameTransfer}. The old name stays: it is to be deleted in a later
 * session, when the new one has been acknowledged. Directories above both must be listed too.
 *
 * @param entry the file under its new name; anything but a directory.
 */
export function renamedFile(entry: FileEntry, from: BytePath): readonly [FileEntry, FileEntry] {
  const { linkCount = 1 } = entry;
  const now = { ...entry, linkCount: Math.max(2, linkCount) };
  return [now, { ...now, path: from, servedBy: now }];
}

/**
 * The options of a session that renames: names are linked, and what is equal by size and time, to
 * the nanosecond, is not sent.
 */
export function renameTransfer(given: TransferOptions): TransferOptions {
  const { ignoreTimes: _, sizeOnly: __, wholeFile: ___, checksum: ____, ...rest } = given;
  return { modifyWindowSeconds: -1, ...rest, hardLinks: true };
}

/** Where a session must go to fill a renamed directory with what lies below its old name. */
export interface RenamedDirectory {
  readonly target: Target;
  readonly alternate: AlternateDestination;
}

/**
 * A session to this target with this option links every file that is unchanged from the old
 * directory (spec 3 §3); its list is relative to the new one, which must exist there already.
 *
 * @returns undefined when a name cannot stand in an argument so that every daemon reads it as it
 *   is: then each file has to be renamed by itself.
 */
export function renamedDirectory(
  target: Target,
  { from, to }: Rename,
): RenamedDirectory | undefined {
  const { directory = rootPath } = target;
  const [old, now] = [joinPath(directory, from), joinPath(directory, to)];
  const isSafe = [old, now].every((path) => path.length < longestArgument && !path.includes("\\"));
  // Linked into itself, a directory would be its own source.
  if (!isSafe || isWithin(to, from) || isWithin(from, to)) return undefined;
  return {
    target: { ...target, directory: now },
    alternate: { how: "link", directories: [pathToBytes(asBytePath(`/${old}`))] },
  };
}

/** The daemon's buffer, less the module's name and what is escaped (spec 1 §1.1). */
const longestArgument = 2_000;
