import { DestinationTree } from "../destination/tree.ts";
import { type FileEntry, isDirectory } from "../flist/entry.ts";
import type { PatternMatch } from "../flist/pattern.ts";
import type { TransferOptions } from "../options.ts";
import { asBytePath, type BytePath, baseName, displayPath, parentPath } from "../path.ts";
import { FollowedLinks } from "./followed-links.ts";
import { HidingTree } from "./hiding-tree.ts";
import type { ModuleTree } from "./module-tree.ts";
import { SessionFailure } from "./refusal.ts";

/** Where in a module a list goes. */
export interface PushLanding {
  /** The directory, from the module's root. */
  readonly directory: BytePath;
  readonly tree: DestinationTree;
  readonly slots: readonly (FileEntry | undefined)[];
  /** So many directories had to be made, or would have to be in a dry run. */
  readonly made: number;
}

type Slots = PushLanding["slots"];

/**
 * Finds or makes the directory that a push goes to; a single file may take the last name instead.
 *
 * @param path as {@link pathInModule} says it.
 * @throws {SessionFailure} when there can be no such directory.
 */
export function landPush(
  module: ModuleTree,
  path: string,
  slots: Slots,
  { dryRun = false, makePath = false, relative = false }: TransferOptions,
): PushLanding {
  const target = place(() => module.resolve(path), path);
  const directory = asBytePath(target);
  if (module.isHidden(directory, true))
    throw failure(path, "the daemon does not let it be written");
  if (module.isDirectory(directory)) return landed(module, directory, slots);
  const entries = slots.filter((entry) => entry !== undefined);
  const [only] = entries;
  const isOne = entries.length === 1 && only !== undefined && !isDirectory(only) && !relative;
  // Nothing is made for nothing, as in rsync.
  if (entries.length === 0 && !path.endsWith("/")) return nowhere(directory, slots);
  if (isOne && !path.endsWith("/")) return asFile(module, path, slots, makePath && !dryRun);
  if (module.tree.find(directory) !== undefined) {
    throw failure(path, `it is no directory, and ${entries.length} entries go there`);
  }
  const made = makePath ? missing(module, directory) : 1;
  if (dryRun) return nowhere(directory, slots, made);
  place(() => makeDirectory(module, directory, makePath), path, 11);
  return { ...landed(module, directory, slots), made };
}

function landed(module: ModuleTree, directory: BytePath, slots: Slots): PushLanding {
  const links = new FollowedLinks(module, directory);
  const isHidden: PatternMatch = (path, isDir) => links.isHidden(path, isDir);
  const below = module.below(directory, (link) => links.follow(link));
  const tree = module.hasRules ? new HidingTree(below, isHidden) : new DestinationTree(below);
  return { directory, tree, slots, made: 0 };
}

function nowhere(directory: BytePath, slots: Slots, made = 0): PushLanding {
  return { directory, tree: new DestinationTree(undefined), slots, made };
}

function asFile(module: ModuleTree, path: string, slots: Slots, makePath: boolean): PushLanding {
  const whole = asBytePath(path);
  const directory = place(() => module.resolve(parentPath(whole)), path);
  if (makePath) place(() => module.make(directory), path);
  if (!module.isDirectory(directory)) throw failure(path, "its directory is not there");
  const name = asBytePath(baseName(whole));
  return landed(
    module,
    directory,
    slots.map((entry) => entry && { ...entry, path: name }),
  );
}

function missing(module: ModuleTree, directory: BytePath): number {
  let count = 0;
  for (let at = directory; !module.isDirectory(at); at = parentPath(at)) count += 1;
  return count;
}

function makeDirectory(module: ModuleTree, path: BytePath, recursive: boolean): void {
  if (recursive) module.make(path);
  else module.tree.makeDirectory(path, 0o777);
}

function place<T>(find: () => T, path: string, exitCode = 3): T {
  try {
    return find();
  } catch (cause) {
    throw failure(path, (cause as Error).message, { cause }, exitCode);
  }
}

function failure(
  path: string,
  found: string,
  options?: ErrorOptions,
  exitCode = 3,
): SessionFailure {
  const shown = displayPath(asBytePath(path));
  return new SessionFailure(exitCode, `cannot put anything into ${shown}: ${found}`, options);
}
