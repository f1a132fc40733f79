import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect } from "vitest";
import {
  asBytePath,
  type BytePath,
  displayPath,
  joinPath,
  nativePath,
  rootPath,
} from "../../protocol/path.ts";

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

/** An entry as it is on disk. */
export interface FoundEntry {
  readonly type: "file" | "directory" | "symlink" | "other";
  /** Permission bits; not of a symlink, which has none of its own. */
  readonly mode?: string;
  readonly mtimeNs: bigint;
  readonly sizeBytes?: number;
  /** SHA-256 of a file's content, in hex. */
  readonly content?: string;
  /** A symlink's target as a byte string. */
  readonly target?: string;
  readonly owner: string;
}

/** A tree as it is on disk, by byte path; the root itself is "". */
export type FoundTree = ReadonlyMap<BytePath, FoundEntry>;

function readEntry(file: string | Buffer): FoundEntry {
  const stats = fs.lstatSync(file, { bigint: true });
  const { mtimeNs } = stats;
  const owner = `${stats.uid}:${stats.gid}`;
  const mode = (stats.mode & 0o7777n).toString(8);
  if (stats.isSymbolicLink()) {
    return { type: "symlink", mtimeNs, owner, target: fs.readlinkSync(file, "latin1") };
  }
  if (stats.isDirectory()) return { type: "directory", mtimeNs, owner, mode };
  if (!stats.isFile()) return { type: "other", mtimeNs, owner, mode };
  const content = createHash("sha256").update(fs.readFileSync(file)).digest("hex");
  return { type: "file", mtimeNs, owner, mode, sizeBytes: Number(stats.size), content };
}

/** Reads everything below `root`, following no link. */
export function readTree(root: string): FoundTree {
  const found = new Map<BytePath, FoundEntry>();
  const pending = [rootPath];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    const entry = readEntry(nativePath(root, at));
    found.set(at, entry);
    if (entry.type !== "directory") continue;
    for (const name of fs.readdirSync(nativePath(root, at), { encoding: "latin1" })) {
      pending.push(joinPath(at, name));
    }
  }
  return found;
}

/** What counts as a difference besides type, content and link target. */
export interface TreeComparison {
  /** Permission bits. Default true. */
  readonly modes?: boolean;
  /** Modification times of files and symlinks, to the nanosecond. Default true. */
  readonly times?: boolean;
  /** Modification times of directories. Default: as `times`. */
  readonly directoryTimes?: boolean;
  /** User and group numbers. Default false. */
  readonly owners?: boolean;
  /** The attributes of the root itself. Default true. */
  readonly root?: boolean;
}

type Field = Exclude<keyof FoundEntry, "type">;

function comparedFields(entry: FoundEntry, options: TreeComparison): Field[] {
  const { modes = true, times = true, directoryTimes = times, owners = false } = options;
  const fields: Field[] = ["sizeBytes", "content", "target"];
  if (modes) fields.push("mode");
  if (entry.type === "directory" ? directoryTimes : times) fields.push("mtimeNs");
  if (owners) fields.push("owner");
  return fields;
}

function differencesAt(
  wanted: FoundEntry | undefined,
  found: FoundEntry | undefined,
  options: TreeComparison,
): string[] {
  if (wanted === undefined) return [`should not exist (${found?.type})`];
  if (found === undefined) return [`is missing (${wanted.type})`];
  if (wanted.type !== found.type) return [`is a ${found.type} instead of a ${wanted.type}`];
  return comparedFields(wanted, options)
    .filter((field) => wanted[field] !== found[field])
    .map((field) => `${field} is ${found[field]} instead of ${wanted[field]}`);
}

/** Every difference in one line each, sorted by path; empty when the trees are equal. */
export function treeDifferences(
  wanted: FoundTree,
  found: FoundTree,
  options: TreeComparison = {},
): string[] {
  const paths = [...new Set([...wanted.keys(), ...found.keys()])].sort();
  return paths
    .filter((at) => at !== rootPath || options.root !== false)
    .flatMap((at) =>
      differencesAt(wanted.get(at), found.get(at), options).map(
        (difference) => `${displayPath(at)}: ${difference}`,
      ),
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
