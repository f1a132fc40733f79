import { DestinationTree } from "../destination/tree.ts";
import { type FileEntry, isDirectory } from "../flist/entry.ts";
import type { TransferOptions } from "../options.ts";
import { asBytePath, type BytePath, baseName, displayPath, parentPath } from "../path.ts";
import type { ModuleTree } from "./module-tree.ts";
import { SessionFailure } from "./refusal.ts";

/** Where in a module a list goes. */
export interface PushLanding {
  /** The directory, from the module's root. */
  readonly directory: BytePath;
  readonly tree: DestinationTree;
  readonly slots: readonly (FileEntry | undefined)[];
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
  if (isOne && !path.endsWith("/")) return asFile(module, path, slots, makePath && !dryRun);
  if (module.tree.find(directory) !== undefined) {
    throw failure(path, `it is no directory, and ${entries.length} entries go there`);
  }
  if (dryRun) return { directory, tree: new DestinationTree(undefined), slots };
  place(() => makeDirectory(module, directory, makePath), path);
  return landed(module, directory, slots);
}

function landed(module: ModuleTree, directory: BytePath, slots: Slots): PushLanding {
  return { directory, tree: new DestinationTree(module.below(directory)), slots };
}

function asFile(module: ModuleTree, path: string, slots: Slots, makePath: boolean): PushLanding {
  const whole = asBytePath(path);
  const directory = place(() => module.resolve(parentPath(whole)), path);
  if (makePath) place(() => makeDirectory(module, directory, true), path);
  if (!module.isDirectory(directory)) throw failure(path, "its directory is not there");
  const name = asBytePath(baseName(whole));
  return landed(
    module,
    directory,
    slots.map((entry) => entry && { ...entry, path: name }),
  );
}

function makeDirectory(module: ModuleTree, path: BytePath, recursive: boolean): void {
  if (module.isDirectory(path)) return;
  if (recursive && path !== "") makeDirectory(module, parentPath(path), true);
  module.tree.makeDirectory(path, 0o777);
}

function place<T>(find: () => T, path: string): T {
  try {
    return find();
  } catch (cause) {
    throw failure(path, (cause as Error).message, { cause });
  }
}

function failure(path: string, found: string, options?: ErrorOptions): SessionFailure {
  const shown = displayPath(asBytePath(path));
  return new SessionFailure(3, `cannot put anything into ${shown}: ${found}`, options);
}
