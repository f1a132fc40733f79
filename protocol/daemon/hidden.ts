import type { FilterRules } from "../flist/filter.ts";
import type { PatternMatch } from "../flist/pattern.ts";
import { asBytePath, type BytePath, joinPath } from "../path.ts";

const nothing: PatternMatch = () => false;
const mostKnown = 100_000;

/**
 * Says of paths below `directory` which a module hides: what its rules exclude, and everything in a
 * directory that they exclude.
 */
export function hiddenBelow(filter: FilterRules | undefined, directory: BytePath): PatternMatch {
  if (filter === undefined || filter.isEmpty) return nothing;
  const excludes = filter.excluding(() => undefined);
  const known = new Map<string, boolean>();
  const isHiddenDirectory = (path: string): boolean => {
    if (path === "") return false;
    const before = known.get(path);
    if (before !== undefined) return before;
    const slash = path.lastIndexOf("/");
    const above = slash < 0 ? "" : path.slice(0, slash);
    const isHidden = isHiddenDirectory(above) || excludes(asBytePath(path), true);
    if (known.size >= mostKnown) known.clear();
    known.set(path, isHidden);
    return isHidden;
  };
  return (path, isDirectory) => {
    const whole = joinPath(directory, path).replace(/\/$/, "");
    if (isDirectory) return isHiddenDirectory(whole);
    const slash = whole.lastIndexOf("/");
    if (slash >= 0 && isHiddenDirectory(whole.slice(0, slash))) return true;
    return whole !== "" && excludes(asBytePath(whole), false);
  };
}
