import fs from "node:fs";
import path from "node:path";
import { RsyncError } from "../errors.ts";
import { type FileEntry, isDirectory } from "../flist/entry.ts";
import type { TransferOptions } from "../options.ts";
import { pathFromText } from "../path.ts";

/** Where a list goes. */
export interface Landing {
  /** An existing directory; undefined in a dry run where there is none. */
  readonly root: string | undefined;
  readonly slots: readonly (FileEntry | undefined)[];
  /** So many directories had to be made, or would have to be in a dry run. Default none. */
  readonly made?: number;
}

/**
 * Finds or makes the directory that a list goes to. A single file may take the name that was
 * given, as with cp(1).
 *
 * @throws {RsyncError} SOURCE_MISSING (rsync's exit code 3) for several things and one name that is
 *   no directory; FILE_IO when the directory cannot be made.
 */
export function land(
  destination: string,
  slots: readonly (FileEntry | undefined)[],
  { dryRun = false, makePath = false, relative = false }: TransferOptions,
): Landing {
  const found = fs.statSync(destination, { throwIfNoEntry: false });
  if (found?.isDirectory()) return { root: destination, slots };
  const entries = slots.filter((entry) => entry !== undefined);
  const [only] = entries;
  const isOne = entries.length === 1 && only !== undefined && !isDirectory(only) && !relative;
  if (isOne && !destination.endsWith("/")) return asFile(destination, slots, makePath && !dryRun);
  if (found !== undefined) {
    throw new RsyncError(
      "SOURCE_MISSING",
      `Cannot put ${entries.length} entries into ${destination}: it is no directory`,
    );
  }
  const made = makePath ? missing(destination) : 1;
  if (dryRun) return { root: undefined, slots, made };
  makeDirectory(destination, makePath);
  return { root: destination, slots, made };
}

function asFile(
  destination: string,
  slots: readonly (FileEntry | undefined)[],
  makePath: boolean,
): Landing {
  const root = path.dirname(destination);
  if (makePath) makeDirectory(root, true);
  const name = pathFromText(path.basename(destination));
  return { root, slots: slots.map((entry) => entry && { ...entry, path: name }) };
}

/** What is said of directories that were made for a destination, in rsync's words. */
export function madeText(made: number, place: string, { makePath }: TransferOptions): string {
  if (!makePath) return `created directory ${place}`;
  return `created ${made} ${made === 1 ? "directory" : "directories"} for ${place}`;
}

function missing(directory: string): number {
  const above = path.dirname(directory);
  return fs.existsSync(directory) || above === directory ? 0 : 1 + missing(above);
}

function makeDirectory(directory: string, recursive: boolean): void {
  try {
    fs.mkdirSync(directory, { recursive });
  } catch (cause) {
    const { message } = cause as Error;
    throw new RsyncError("FILE_IO", `Cannot make ${directory}: ${message}`, { cause });
  }
}
