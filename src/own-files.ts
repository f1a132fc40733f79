import { realpathSync } from "node:fs";
import path from "node:path";
import { nativePath, pathFromBytes, rootPath } from "../protocol/index.ts";
import type { FilterConfig } from "./filter/filter.ts";

/** A filter that leaves out files of this program, and which these are, below the directory. */
export interface SparingFilter {
  readonly filter: FilterConfig;
  /** Byte paths; empty: the filter is as it was. */
  readonly leftOut: readonly string[];
}

/**
 * The filter of a watched directory that leaves out what this program itself writes there: each
 * delivery changes it, and each change would be a delivery.
 *
 * @param watch absolute, a byte string.
 * @param files of this program, directories with all in them: absolute, or from here.
 */
export function leaveOutOwn(
  filter: FilterConfig,
  watch: string,
  files: readonly string[],
): SparingFilter {
  const root = realPath(nativePath(watch, rootPath));
  const leftOut = files
    .map((file) => realPath(path.resolve(file)))
    .filter((file) => file.startsWith(root === "/" ? root : `${root}/`))
    .map((file) => file.slice(root === "/" ? 1 : root.length + 1))
    .filter((file) => file !== "");
  const own = leftOut.map((file) => ({ include: false, pattern: `/${literally(file)}` }));
  return { filter: { ...filter, patterns: [...own, ...filter.patterns] }, leftOut };
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
  return /[*?[]/.test(file) ? file.replaceAll(/[*?[\\]/g, "\\$&") : file;
}
