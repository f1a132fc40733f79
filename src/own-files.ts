import { realpathSync } from "node:fs";
import path from "node:path";
import { nativePath, pathFromBytes, rootPath } from "../protocol/index.ts";
import type { FilterConfig } from "./filter/filter.ts";
import { holdsRecordsOnly, recordPattern } from "./state/directory.ts";

/** A filter that leaves out files of this program, and which these are, below the directory. */
export interface SparingFilter {
  readonly filter: FilterConfig;
  /** For people, byte strings; empty: the filter is as it was. */
  readonly leftOut: readonly string[];
}

/** What this program writes to: absolute, or from here. */
export interface OwnPlaces {
  /** Left out with all in it, unless there is something of others in it. */
  readonly stateDirectory?: string | undefined;
  readonly files: readonly string[];
}

/**
 * The filter of a watched directory that leaves out what this program itself writes there: each
 * delivery changes it, and each change would be a delivery.
 *
 * @param watch absolute, a byte string.
 */
export function leaveOutOwn(
  filter: FilterConfig,
  watch: string,
  { stateDirectory, files }: OwnPlaces,
): SparingFilter {
  const root = realPath(nativePath(watch, rootPath));
  const own = files.flatMap((file) => ownFile(pathBelow(root, file)));
  if (stateDirectory !== undefined) {
    own.unshift(...ownState(pathBelow(root, stateDirectory), stateDirectory));
  }
  const patterns = own.map(({ pattern }) => ({ include: false, pattern: `/${pattern}` }));
  const leftOut = own.map(({ shown }) => shown);
  return { filter: { ...filter, patterns: [...patterns, ...filter.patterns] }, leftOut };
}

interface Own {
  readonly pattern: string;
  readonly shown: string;
}

function ownFile(file: string | undefined): readonly Own[] {
  return file === undefined || file === "" ? [] : [{ pattern: literally(file), shown: file }];
}

function ownState(place: string | undefined, directory: string): readonly Own[] {
  if (place === undefined || (place !== "" && holdsRecordsOnly(directory))) return ownFile(place);
  const above = place === "" ? "" : `${place}/`;
  return [{ pattern: escaped(above) + recordPattern, shown: `${above}*.jsonl` }];
}

/** "" for the root itself; undefined for what is not in it. */
function pathBelow(root: string, file: string): string | undefined {
  const real = realPath(path.resolve(file));
  if (real === root) return "";
  const prefix = root === "/" ? root : `${root}/`;
  return real.startsWith(prefix) ? real.slice(prefix.length) : undefined;
}

/** Without links, as a byte string; what is not there yet, by the directory it will be in. */
function realPath(file: string | Buffer): string {
  try {
    return pathFromBytes(realpathSync(file, { encoding: "buffer" }));
  } catch {
    const text = pathFromBytes(Buffer.from(file));
    const cut = text.lastIndexOf("/");
    if (cut <= 0) return text;
    const parent = realPath(nativePath(text.slice(0, cut), rootPath));
    return `${parent === "/" ? "" : parent}${text.slice(cut)}`;
  }
}

/** A backslash escapes in patterns that have a wildcard, and stands for itself in others. */
function literally(file: string): string {
  return /[*?[]/.test(file) ? escaped(file) : file;
}

function escaped(file: string): string {
  return file.replaceAll(/[*?[\\]/g, "\\$&");
}
