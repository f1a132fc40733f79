import fs from "node:fs";
import path from "node:path";
import { inspect } from "../config/inspect.ts";

/** Why a file could not be had. */
export interface Unreadable {
  readonly reason: string;
}

/** Where an rsyncd.conf and what it includes come from. Contents are byte strings. */
export interface ConfFiles {
  readonly read: (file: string) => string | Unreadable;
  /** The names in a directory; undefined where there is none. */
  readonly list: (file: string) => readonly string[] | undefined;
  readonly exists: (file: string) => boolean;
}

/** More than this is no configuration. */
const largestFile = 10 * 1024 * 1024;

/** The files of this machine. */
export const localFiles: ConfFiles = {
  read: readLocal,
  list: (file) => {
    const names = inspect(() => fs.readdirSync(file));
    return typeof names === "string" ? undefined : names;
  },
  exists: (file) => fs.existsSync(file),
};

function readLocal(file: string): string | Unreadable {
  const stats = inspect(() => fs.statSync(file));
  if (typeof stats === "string") return { reason: stats };
  if (stats.isDirectory()) return { reason: "it is a directory" };
  if (stats.size > largestFile) return { reason: `it has ${stats.size} bytes` };
  const content = inspect(() => fs.readFileSync(file));
  return typeof content === "string" ? { reason: content } : content.toString("latin1");
}

/**
 * The files that a directive means: the one it names, or of a directory all `*.conf` (`*.inc` to be
 * merged) in the order of their names. A relative path begins where the file lies.
 */
export function filesOf(
  files: ConfFiles,
  from: string,
  { path: wanted, merges }: { readonly path: string; readonly merges: boolean },
): string[] | Unreadable {
  const file = path.resolve(path.dirname(from), Buffer.from(wanted, "latin1").toString());
  const names = files.list(file);
  if (names === undefined) return files.exists(file) ? [file] : { reason: "it does not exist" };
  const ending = merges ? ".inc" : ".conf";
  const chosen = names.filter((name) => name.endsWith(ending)).toSorted();
  return chosen.map((name) => path.join(file, name));
}
