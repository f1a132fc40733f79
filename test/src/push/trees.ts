import { LocalTree, rootPath } from "../../../protocol/index.ts";
import { compileRules, type Rules } from "../../../src/filter/rules.ts";
import type { BatchOptions } from "../../../src/push/batch.ts";
import { MountGuard } from "../../../src/push/mount-guard.ts";
import { readIdentity } from "../../../src/watch/directory.ts";

/** Rules that exclude what rsync's `--exclude` with these patterns would. */
export function excluding(...patterns: readonly string[]): Rules {
  return compileRules({
    builtin: false,
    expressions: [],
    patterns: patterns.map((pattern) => ({ include: false, pattern })),
  });
}

/** What a mirror of `root` that carries everything decides by. */
export function batchOptions(
  root: string,
  { patterns = [] }: { readonly patterns?: readonly string[] } = {},
): BatchOptions {
  const tree = new LocalTree(root);
  const rootIdentity = readIdentity(root, rootPath);
  if (rootIdentity === undefined) throw new TypeError(`${root} is no directory`);
  const mounts = new MountGuard(root);
  return {
    tree,
    rootIdentity,
    mounts,
    rules: excluding(...patterns),
    deletes: true,
    holdsDeletions: false,
    carries: () => true,
  };
}
