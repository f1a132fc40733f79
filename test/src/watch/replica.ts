import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { Change } from "../../../src/watch/change.ts";

/** What a tree holds: each path below its root, and the kind and content there. */
export type Snapshot = Map<string, string>;

function isWithin(path: string, ancestor: string): boolean {
  return ancestor === "" || path === ancestor || path.startsWith(`${ancestor}/`);
}

function readEntry(path: Buffer): string | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats) return undefined;
  if (stats.isDirectory()) return "directory";
  if (stats.isSymbolicLink()) return `link to ${readlinkSync(path)}`;
  return `file ${readFileSync(path, "latin1")}`;
}

function entryAt(root: string, path: string): string | undefined {
  let native = root;
  for (const name of path === "" ? [] : path.split("/")) {
    // A link in the middle would lead to what is not below it.
    if (readEntry(Buffer.from(native, "latin1")) !== "directory") return undefined;
    native = `${native}/${name}`;
  }
  return readEntry(Buffer.from(native, "latin1"));
}

/** Reads `path` and everything below it; the root itself ("") has no entry. */
export function readTree(root: string, path = "", into: Snapshot = new Map()): Snapshot {
  const entry = entryAt(root, path);
  if (entry === undefined) return into;
  if (path !== "") into.set(path, entry);
  if (entry !== "directory") return into;
  const native = Buffer.from(path === "" ? root : `${root}/${path}`, "latin1");
  for (const name of readdirSync(native, { encoding: "latin1" })) {
    readTree(root, path === "" ? name : `${path}/${name}`, into);
  }
  return into;
}

/**
 * A mirror that knows only what it is told: the tree as it was at the start, and the changes.
 *
 * Takes them at their word: a rename moves what it has and nothing else, a path stands for one name.
 */
export class Replica {
  readonly #entries: Snapshot;
  readonly #paths = new Set<string>();
  readonly #trees = new Set<string>();

  constructor(start: Snapshot) {
    this.#entries = new Map(start);
  }

  apply(change: Change): void {
    if (change.kind === "path") this.#paths.add(change.path);
    else if (change.kind === "tree") this.#trees.add(change.path);
    else this.#rename(change.from, change.to);
  }

  /** How what it would hold differs from the tree, once it has looked at every path it was told of. */
  differences(root: string): string[] {
    const held = new Map(this.#entries);
    for (const path of this.#paths) this.#copyOne(root, path, held);
    for (const path of this.#trees) {
      this.#drop(path, held);
      readTree(root, path, held);
    }
    const actual = readTree(root);
    const paths = [...new Set([...held.keys(), ...actual.keys()])].sort();
    return paths
      .filter((path) => held.get(path) !== actual.get(path))
      .map((path) => `${path}: ${held.get(path)} instead of ${actual.get(path)}`);
  }

  #copyOne(root: string, path: string, held: Snapshot): void {
    const entry = entryAt(root, path);
    if (entry !== "directory") this.#drop(path, held);
    if (entry !== undefined) held.set(path, entry);
  }

  #drop(path: string, from: Snapshot): void {
    for (const held of from.keys()) if (isWithin(held, path)) from.delete(held);
  }

  #rename(from: string, to: string): void {
    this.#drop(to, this.#entries);
    const moved = [...this.#entries].filter(([path]) => isWithin(path, from));
    for (const [path, entry] of moved) {
      this.#entries.delete(path);
      this.#entries.set(to + path.slice(from.length), entry);
    }
    const inherits = [...this.#trees].some((tree) => tree !== from && isWithin(from, tree));
    for (const told of [this.#paths, this.#trees]) {
      for (const path of told) if (isWithin(path, to)) told.delete(path);
      const moved = [...told].filter((path) => isWithin(path, from));
      for (const path of moved) {
        told.delete(path);
        told.add(to + path.slice(from.length));
      }
    }
    if (inherits) this.#trees.add(to);
  }
}
