import fs from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { deletion, type FileEntry, isDirectory } from "../../../protocol/flist/entry.ts";
import { inWireOrder } from "../../../protocol/flist/order.ts";
import { asBytePath, type BytePath, parentPath } from "../../../protocol/path.ts";
import { ArgumentSource } from "../../../protocol/source/arguments.ts";
import { LocalTree } from "../../../protocol/source/local.ts";
import { type Branch, type ListSource, TreeLists } from "../../../protocol/source/tree-lists.ts";
import { walk } from "../../../protocol/source/walk.ts";
import { listsOf, WalkBranch } from "../../../protocol/source/walk-branch.ts";
import { makeHostileTree } from "../../support/hostile.ts";
import { makeTree, temporaryDirectory } from "../../support/tree.ts";

function entryOf(path: string, hasContent = true): FileEntry {
  const isFile = !path.endsWith("/");
  const entry = deletion(asBytePath(path.replace(/\/$/, "")));
  return isFile ? { ...entry, mode: 0o100644 } : { ...entry, mode: 0o40755, hasContent };
}

/** A tree in memory: directories end in a slash. */
function branchOf(...paths: string[]): Branch {
  const entries = inWireOrder(paths.map((path) => entryOf(path)));
  return {
    children: ({ path }) =>
      entries.filter((entry) => parentPath(entry.path) === path && entry.path !== ""),
  };
}

/** Every list: whose it is, and what is in it. */
function drain(lists: ListSource): [BytePath | undefined, ...string[]][] {
  const all: [BytePath | undefined, ...string[]][] = [];
  while (lists.hasMore) {
    const list = lists.next();
    if (list === undefined) continue;
    const names = list.entries.map(({ path, mode }) => path + (isDirectory({ mode }) ? "/" : ""));
    all.push([list.directory?.path, ...names]);
  }
  expect(lists.next()).toBeUndefined();
  return all;
}

const root = entryOf("/");

test("a directory's list is followed by those of its subdirectories; empty ones are listed, too", () => {
  const branch = branchOf("z", "b/", "b/d/", "b/d/x", "b/e", "a/", "c/", "c/f");
  expect(drain(new TreeLists([{ entry: root, branch }]))).toEqual([
    [undefined, "/", "z", "a/", "b/", "c/"],
    ["a"],
    ["b", "b/e", "b/d/"],
    ["b/d", "b/d/x"],
    ["c", "c/f"],
  ]);
});

test("directories without their content get an empty list, as from rsync", () => {
  const seeds = [{ entry: entryOf("a/", false) }, { entry: entryOf("b") }];
  expect(drain(new TreeLists(seeds))).toEqual([[undefined, "b", "a/"], ["a"]]);
});

test("directories above a name lead to it, each with a list of its own", () => {
  const above = (path: string) => ({ entry: { ...entryOf(path, false), isImplied: true } });
  const seeds = [above("a/"), above("a/b/"), { entry: entryOf("a/b/f") }, { entry: entryOf("c") }];
  expect(drain(new TreeLists(seeds))).toEqual([
    [undefined, "c", "a/"],
    ["a", "a/b/"],
    ["a/b", "a/b/f"],
  ]);
});

test("several trees are one: of equal names the first stays, directories have all that is in them", () => {
  const one = { entry: root, branch: branchOf("f", "d/", "d/1", "x/", "x/1") };
  const two = { entry: root, branch: branchOf("f", "d/", "d/1", "d/2", "x") };
  expect(drain(new TreeLists([one, two]))).toEqual([
    [undefined, "/", "f", "d/", "x/"],
    ["d", "d/1", "d/2"],
    ["x", "x/1"],
  ]);
});

test("a root that has vanished is listed without its content, so that nothing of it is missed", () => {
  const gone: Branch = { children: () => undefined };
  const [list] = [new TreeLists([{ entry: root, branch: gone }]).next()];
  expect(list?.entries).toMatchObject([{ path: "", hasContent: false }]);
});

test("a directory that vanishes has no list, one that has become another neither", () => {
  using directory = temporaryDirectory();
  makeTree(directory.path, { "a/f": "", "b/f": "", "c/f": "", "d/f": "" });
  const vanished: string[] = [];
  const lists = listsOf(
    new LocalTree(directory.path),
    { onVanished: (path) => void vanished.push(path) },
    () => false,
  ) as TreeLists;
  expect(lists.next()?.entries).toHaveLength(5);
  fs.rmSync(`${directory.path}/a`, { recursive: true });
  fs.rmSync(`${directory.path}/c`, { recursive: true });
  fs.symlinkSync("b", `${directory.path}/c`);
  fs.renameSync(`${directory.path}/d`, `${directory.path}/e`);
  fs.mkdirSync(`${directory.path}/d`);
  expect(drain(lists)).toEqual([["b", "b/f"]]);
  expect(vanished).toEqual(["a", "c", "d"]);
});

test.skipIf(process.getuid?.() === 0)("what cannot be read has an empty list, and is told", () => {
  using directory = temporaryDirectory();
  makeTree(directory.path, { "a/f": "" });
  fs.chmodSync(`${directory.path}/a`, 0);
  const failed: string[] = [];
  const options = { onError: (path: BytePath) => void failed.push(path) };
  const lists = listsOf(new LocalTree(directory.path), options, () => failed.length > 0);
  expect(drain(lists as TreeLists).at(-1)).toEqual(["a"]);
  expect([failed, lists?.incomplete]).toEqual([["a"], true]);
  fs.chmodSync(`${directory.path}/a`, 0o700);
});

test("arguments that are not there, and directories that vanish, are told of", () => {
  using directory = temporaryDirectory();
  makeTree(directory.path, { "a/f": "", "b/f": "", one: "" });
  const problems: string[] = [];
  const source = new ArgumentSource({
    recursive: true,
    onProblem: ({ path, kind, isDirectory: isDir = false }) =>
      void problems.push(`${kind} ${isDir ? "directory" : "name"} ${path.slice(-4)}`),
  });
  const texts = ["a", "gone", "one", "b"].map((name) => `${directory.path}/${name}`);
  const lists = source.lists(texts, () => problems.length > 0);
  expect(lists.next()?.entries.map(({ path }) => path)).toEqual(["one", "a", "b"]);
  fs.rmSync(`${directory.path}/b`, { recursive: true });
  expect(drain(lists)).toEqual([["a", "a/f"]]);
  expect(problems).toEqual(["missing name gone", "vanished directory /./b"]);
  expect(lists.incomplete).toBe(true);
});

test("what lies on another device is listed and not looked into", () => {
  using directory = temporaryDirectory();
  makeTree(directory.path, { "a/f": "" });
  const tree = new LocalTree(directory.path);
  const branch = new WalkBranch(tree, { device: -1 });
  const entry = { ...(tree.lstat(asBytePath("")) as FileEntry), hasContent: true };
  expect(drain(new TreeLists([{ entry, branch }]))).toEqual([[undefined, "/", "a/"], ["a"]]);
});

test("all lists of a tree together are what a walk finds, each in the order of its numbers", () => {
  fc.assert(
    fc.property(fc.nat(1_000), (seed) => {
      using directory = temporaryDirectory();
      makeHostileTree(directory.path, seed, 40);
      const tree = new LocalTree(directory.path);
      const found: FileEntry[] = [];
      const lists = listsOf(tree, {}, () => false) as TreeLists;
      for (let list = lists.next(); list !== undefined; list = lists.next()) {
        expect(inWireOrder(list.entries)).toEqual(list.entries);
        found.push(...list.entries);
      }
      expect(inWireOrder(found)).toEqual([...walk(tree, asBytePath(""))]);
    }),
    { seed: 11, numRuns: 15 },
  );
});
