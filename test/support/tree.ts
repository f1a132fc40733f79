import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect } from "vitest";
import { asBytePath, type BytePath, displayPath, nativePath } from "../../protocol/path.ts";
import {
  type FoundTree,
  findDifferences,
  readTree,
  type TreeComparison,
} from "./tree-differences.mjs";

export { type FoundTree, readTree, type TreeComparison } from "./tree-differences.mjs";

/** An empty directory that goes away with its scope: `using directory = temporaryDirectory()`. */
export interface TemporaryDirectory extends Disposable {
  readonly path: string;
}

export function temporaryDirectory(): TemporaryDirectory {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "sersync-tree-"));
  return {
    path: directory,
    [Symbol.dispose]: () => fs.rmSync(directory, { recursive: true, force: true }),
  };
}

/** What to create; a directory or file without a mode gets 755 or 644. */
export type TreeEntry =
  | { readonly type: "file"; readonly content: string | Uint8Array; readonly mode?: number }
  | { readonly type: "directory"; readonly mode?: number }
  | { readonly type: "symlink"; readonly target: string };

/** Entries by byte path; missing parents are created. A string or bytes is a file's content. */
export type TreeSpec = Readonly<Record<string, string | Uint8Array | TreeEntry>>;

function parentOf(at: string): string {
  return at.includes("/") ? at.slice(0, at.lastIndexOf("/")) : "";
}

/** Creates one entry below the existing directory `root`; its parent directories as needed. */
export function makeEntry(root: string, at: BytePath, entry: TreeEntry): void {
  const file = nativePath(root, at);
  fs.mkdirSync(nativePath(root, asBytePath(parentOf(at))), { recursive: true });
  if (entry.type === "symlink") {
    fs.symlinkSync(Buffer.from(entry.target, "latin1"), file);
  } else if (entry.type === "directory") {
    fs.mkdirSync(file, { recursive: true });
    fs.chmodSync(file, entry.mode ?? 0o755);
  } else {
    fs.writeFileSync(file, entry.content);
    fs.chmodSync(file, entry.mode ?? 0o644);
  }
}

/** Creates the entries of `spec` below `root`, which is created when it is missing. */
export function makeTree(root: string, spec: TreeSpec): void {
  fs.mkdirSync(root, { recursive: true });
  for (const [at, entry] of Object.entries(spec)) {
    const isContent = typeof entry === "string" || entry instanceof Uint8Array;
    makeEntry(root, asBytePath(at), isContent ? { type: "file", content: entry } : entry);
  }
}

/** Every difference in one line each, sorted by path; empty when the trees are equal. */
export function treeDifferences(
  wanted: FoundTree,
  found: FoundTree,
  options: TreeComparison = {},
): string[] {
  return findDifferences(wanted, found, options).map(
    ({ path: at, difference }) => `${displayPath(at)}: ${difference}`,
  );
}

const shownDifferences = 20;

/**
 * Fails, naming the first 20 differences, unless the tree `found` is what `wanted` is.
 * Directories are given by path, or as they were read earlier.
 */
export function expectEqualTrees(
  wanted: string | FoundTree,
  found: string | FoundTree,
  options: TreeComparison = {},
): void {
  const read = (tree: string | FoundTree) => (typeof tree === "string" ? readTree(tree) : tree);
  const differences = treeDifferences(read(wanted), read(found), options);
  if (differences.length === 0) return;
  const shown = differences.slice(0, shownDifferences).map((line) => `\n  ${line}`);
  expect.fail(`The trees differ in ${differences.length} points:${shown.join("")}`);
}
