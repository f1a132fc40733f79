import { compilePattern } from "../flist/pattern.ts";
import { eachOf, paced, type Stepwise } from "../flist/stepwise.ts";
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
      for (const name of await paced(matching(module, directory, part), pace)) {
        if (next.push(name) > mostMatches) throw tooMany(path);
      }
      await pace();
    }
    found = next;
  }
  return found.length === 0 ? [unescaped(path)] : found.map((each) => `${each}${end}`);
}

function* matching(module: ModuleTree, directory: string, part: string): Stepwise<string[]> {
  const join = (name: string): string => joinPath(asBytePath(directory), name);
  // "." and ".." are part of what the client says, not of what lies there.
  if (!wildcard.test(part.replaceAll(/\\[\s\S]/g, ""))) return [join(unescaped(part))];
  const matches = compilePattern(`/${part}`);
  const isHiddenWanted = part.startsWith(".");
  const isMeant = (name: string): boolean =>
    (isHiddenWanted || !name.startsWith(".")) && matches(asBytePath(name), false);
  const found: string[] = [];
  try {
    const at: BytePath = module.resolve(directory);
    const size = module.tree.find(at)?.size ?? 0;
    yield* eachOf(yield* module.nameSteps(at, size), (name) => {
      if (isMeant(name) && !isHidden(module, joinPath(at, name))) found.push(join(name));
    });
  } catch {
    return []; // it is not there, or no directory: nothing matches
  }
  return found;
}

function isHidden(module: ModuleTree, path: BytePath): boolean {
  return module.hasRules && module.isHidden(path, module.isDirectory(path));
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
