import { lstatSync } from "node:fs";
import {
  asBytePath,
  type BytePath,
  baseName,
  isDirectory,
  listDirectory,
  nativePath,
  parentPath,
  rootPath,
  type Target,
} from "../../../protocol/index.ts";
import type { PushCommand } from "./command.ts";

/** Where a session goes, and what the one thing that is pushed is called there. */
export interface Destination {
  readonly target: Target;
  /** Undefined: it keeps its name, or the target's says it. */
  readonly newName?: BytePath | undefined;
}

const wildcards = /[*?[]/;
const lookMs = 30_000;

/**
 * Where a session goes. A daemon takes a name with wildcards for a pattern: it finds a directory so,
 * but what it makes new is called as the pattern is. So a new file is listed under its new name, for
 * the directory above; and what needs a directory says so, since such a one is made in advance.
 */
export async function destinationOf(
  { target, sources, transfer }: PushCommand,
  signal: AbortSignal | undefined,
): Promise<Destination> {
  const { namesFile, directory = rootPath, module } = target;
  if (!namesFile || !wildcards.test(directory)) return { target };
  const [source] = sources;
  const isOne = sources.length === 1 && !transfer.relative;
  if (!isOne || source === undefined || isDirectoryHere(source)) {
    return { target: { ...target, namesFile: false } };
  }
  const isNew = module !== "" && wildcards.test(baseName(directory));
  if (!isNew || (await isDirectoryThere(target, signal))) return { target };
  return {
    target: { ...target, directory: parentPath(directory), namesFile: false },
    newName: asBytePath(baseName(directory)),
  };
}

/** What cannot be listed, perhaps because nothing of the module can, is none that we know of. */
async function isDirectoryThere(target: Target, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    const { entries } = await listDirectory(target, { signal, timeoutMs: lookMs });
    return entries.some(
      (entry) => entry.path === baseName(target.directory ?? rootPath) && isDirectory(entry),
    );
  } catch {
    return false; // what is wrong with the daemon is told when the push fails
  }
}

function isDirectoryHere(source: string): boolean {
  try {
    return lstatSync(nativePath(source, rootPath)).isDirectory();
  } catch {
    return false; // why not is told when it is listed
  }
}
