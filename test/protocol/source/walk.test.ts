import fs from "node:fs";
import { expect, test } from "vitest";
import { type FileEntry, isDirectory } from "../../../protocol/flist/entry.ts";
import { inWireOrder } from "../../../protocol/flist/order.ts";
import { asBytePath, rootPath } from "../../../protocol/path.ts";
import { LocalTree } from "../../../protocol/source/local.ts";
import { type WalkOptions, walk } from "../../../protocol/source/walk.ts";
import { makeHostileTree } from "../../support/hostile.ts";
import { makeTree, readTree, temporaryDirectory } from "../../support/tree.ts";

const pathsOf = (entries: readonly FileEntry[]) => entries.map(({ path }) => path);

function walked(root: string, start = "", options: WalkOptions = {}): FileEntry[] {
  return [...walk(new LocalTree(root), asBytePath(start), options)];
}

test.each([1, 2, 3])("a walk is complete and in wire order (seed %i)", (seed) => {
  using directory = temporaryDirectory();
  makeHostileTree(directory.path, seed, 200);
  const entries = walked(directory.path);
  expect(new Set(pathsOf(entries))).toEqual(new Set(readTree(directory.path).keys()));
  expect(pathsOf(entries)).toEqual(pathsOf(inWireOrder(entries)));
});

test("a walk may start at a file, in a subdirectory, or where nothing is", () => {
  using directory = temporaryDirectory();
  makeTree(directory.path, { "a/b/c": "", "a/d": "", x: "" });
  expect(pathsOf(walked(directory.path, "x"))).toEqual(["x"]);
  expect(pathsOf(walked(directory.path, "a"))).toEqual(["a", "a/d", "a/b", "a/b/c"]);
  expect(walked(directory.path, "gone")).toEqual([]);
});

test("links are listed, not followed", () => {
  using directory = temporaryDirectory();
  makeTree(directory.path, { "d/f": "", loop: { type: "symlink", target: "." } });
  expect(pathsOf(walked(directory.path))).toEqual(["", "loop", "d", "d/f"]);
});

test("what is excluded is neither listed nor read, the root never is", () => {
  using directory = temporaryDirectory();
  makeTree(directory.path, { "kept/f": "", "cache/deep/f": "", "f.tmp": "" });
  const asked: string[] = [];
  const excluded = (path: string, isDir: boolean) => {
    asked.push(path);
    return isDir ? path === "cache" : path.endsWith(".tmp");
  };
  expect(pathsOf(walked(directory.path, "", { excluded }))).toEqual(["", "kept", "kept/f"]);
  // Whoever had read the directory would have asked about what is in it.
  expect(asked.sort()).toEqual(["cache", "f.tmp", "kept", "kept/f"]);
});

/** Changes the tree once the walk has listed the root's own entries. */
function walkedWhile(root: string, change: () => void) {
  const entries: FileEntry[] = [];
  const errors: string[] = [];
  const onError = (path: string) => void errors.push(path);
  for (const entry of walk(new LocalTree(root), rootPath, { onError })) {
    entries.push(entry);
    if (entry.path === "") change();
  }
  return { entries, errors };
}

test("what vanishes during the walk does not end it", () => {
  using directory = temporaryDirectory();
  makeTree(directory.path, { "a/f": "", "a/g": "", "b/f": "", "c/f": "" });
  const { entries } = walkedWhile(directory.path, () => {
    fs.rmSync(`${directory.path}/a/f`);
    fs.rmSync(`${directory.path}/b`, { recursive: true });
  });
  expect(pathsOf(entries)).toEqual(["", "a", "a/g", "b", "c", "c/f"]);
  expect(entries.find(({ path }) => path === "b")?.hasContent).toBe(false);
});

test("a directory that cannot be read has no content a delete pass may look for", () => {
  using directory = temporaryDirectory();
  makeTree(directory.path, { "a/f": "", "b/f": "" });
  // It was listed, but is a file now: the one way that keeps root from reading it, too.
  const { entries, errors } = walkedWhile(directory.path, () => {
    fs.rmSync(`${directory.path}/a`, { recursive: true });
    fs.writeFileSync(`${directory.path}/a`, "");
  });
  expect(errors).toEqual(["a"]);
  expect(entries.filter(isDirectory).map(({ path, hasContent }) => [path, hasContent])).toEqual([
    ["", true],
    ["a", false],
    ["b", true],
  ]);
});
