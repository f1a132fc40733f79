import { compilePattern } from "../flist/pattern.ts";
import { asBytePath, type BytePath, displayPath, joinPath } from "../path.ts";
import type { ModuleTree } from "./module-tree.ts";
import { SessionFailure } from "./refusal.ts";

/** One argument does not stand for more names than this. */
const mostMatches = 100_000;

const wildcard = /[*?[]/;

/**
 * The names that an argument stands for: `*`, `?` and `[` are expanded, a backslash takes their
 * meaning away; what matches nothing stands for itself (spec 1 §2.1). In a name without any of
 * them a backslash is one.
 *
 * @param path as {@link pathInModule} says it, a byte string.
 * @param pace is awaited between two directories.
 * @throws {SessionFailure} for more names than anybody means.
 */
export async function expandWildcards(
  module: ModuleTree,
  path: string,
  pace: () => Promise<void>,
): Promise<string[]> {
  if (!wildcard.test(path)) return [path];
  const end = path.endsWith("/") ? "/" : "";
  let found: string[] = [""];
  for (const part of path.split("/").filter((each) => each !== "")) {
    const next: string[] = [];
    for (const directory of found) {
      next.push(...matching(module, directory, part));
      if (next.length > mostMatches) throw tooMany(path);
      await pace();
    }
    found = next;
  }
  return found.length === 0 ? [unescaped(path)] : found.map((each) => `${each}${end}`);
}

function matching(module: ModuleTree, directory: string, part: string): string[] {
  const join = (name: string): string => joinPath(asBytePath(directory), name);
  // "." and ".." are part of what the client says, not of what lies there.
  if (!wildcard.test(part.replaceAll(/\\[\s\S]/g, ""))) return [join(unescaped(part))];
  const matches = compilePattern(`/${part}`);
  const isHiddenWanted = part.startsWith(".");
  return namesIn(module, directory)
    .filter((name) => isHiddenWanted || !name.startsWith("."))
    .filter((name) => matches(asBytePath(name), false))
    .map(join);
}

function namesIn(module: ModuleTree, directory: string): string[] {
  try {
    const at: BytePath = module.resolve(directory);
    return module.names(at).filter((name) => {
      const path = joinPath(at, name);
      return !module.isHidden(path, module.isDirectory(path));
    });
  } catch {
    return []; // it is not there, or no directory: nothing matches
  }
}

function tooMany(path: string): SessionFailure {
  const shown = displayPath(asBytePath(path));
  return new SessionFailure(1, `ERROR: ${shown} stands for more than ${mostMatches} names`);
}

function unescaped(path: string): string {
  const names = path.split("/");
  const literal = (name: string): string => name.replaceAll(/\\([\s\S])/g, "$1");
  return names.map((name) => (wildcard.test(name) ? literal(name) : name)).join("/");
}
