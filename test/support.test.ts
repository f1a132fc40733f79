import fs from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { hostileNames, makeHostileTree, mutateTree } from "./support/hostile.ts";
import {
  expectEqualTrees,
  makeTree,
  readTree,
  temporaryDirectory,
  treeDifferences,
} from "./support/tree.ts";

const untimed = { times: false } as const;

test("a tree is created as its description says", () => {
  using directory = temporaryDirectory();
  makeTree(directory.path, {
    "a/b\xff": "text",
    "a/run": { type: "file", content: Buffer.from([0, 1]), mode: 0o700 },
    empty: { type: "directory", mode: 0o711 },
    link: { type: "symlink", target: "nowhere\xfe" },
  });
  const found = Object.fromEntries(readTree(directory.path));
  expect(found).toMatchObject({
    a: { type: "directory" },
    "a/b\xff": { type: "file", mode: "644", sizeBytes: 4 },
    "a/run": { mode: "700", sizeBytes: 2 },
    empty: { type: "directory", mode: "711" },
    link: { type: "symlink", target: "nowhere\xfe" },
  });
  expect(fs.existsSync(Buffer.from(`${directory.path}/a/b\xff`, "latin1"))).toBe(true);
});

test("each kind of difference is named with its path", () => {
  using left = temporaryDirectory();
  using right = temporaryDirectory();
  makeTree(left.path, { content: "one", mode: "", gone: "", type: "", "line\nend": "long" });
  makeTree(right.path, { content: "two", mode: "", extra: "", "type/x": "", "line\nend": "l" });
  makeTree(left.path, { link: { type: "symlink", target: "a" } });
  makeTree(right.path, { link: { type: "symlink", target: "b" } });
  fs.chmodSync(`${right.path}/mode`, 0o600);
  const differences = treeDifferences(readTree(left.path), readTree(right.path), untimed);
  expect(differences.map((line) => line.replace(/[0-9a-f]{64}/g, "…"))).toEqual([
    "content: content is … instead of …",
    "extra: should not exist (file)",
    "gone: is missing (file)",
    "line\\#012end: sizeBytes is 1 instead of 4",
    "line\\#012end: content is … instead of …",
    "link: target is b instead of a",
    "mode: mode is 600 instead of 644",
    "type: is a directory instead of a file",
    "type/x: should not exist (file)",
  ]);
  expect(() => expectEqualTrees(left.path, right.path, untimed)).toThrow("differ in 9 points");
});

test("times are compared of files to the nanosecond, of all else to the second", () => {
  using directory = temporaryDirectory();
  makeTree(directory.path, { "d/f": "", l: { type: "symlink", target: "x" } });
  const set = (name: string, time: number) =>
    fs.lutimesSync(`${directory.path}/${name}`, time, time);
  const differences = (time: number) => {
    for (const name of ["d", "d/f", "l"]) set(name, 1_700_000_000);
    const before = readTree(directory.path);
    for (const name of ["d", "d/f", "l"]) set(name, time);
    return treeDifferences(before, readTree(directory.path), { root: false });
  };
  expect(differences(1_700_000_000.25)).toEqual([expect.stringContaining("d/f: mtimeNs is 17")]);
  expect(differences(1_700_000_001)).toEqual([
    "d: mtimeSeconds is 1700000001 instead of 1700000000",
    expect.stringContaining("d/f: mtimeNs"),
    "l: mtimeSeconds is 1700000001 instead of 1700000000",
  ]);
});

test("times of directories count only where they are asked for", () => {
  using directory = temporaryDirectory();
  makeTree(directory.path, { "d/f": "" });
  const before = readTree(directory.path);
  fs.utimesSync(`${directory.path}/d`, 1, 1);
  expectEqualTrees(before, readTree(directory.path), { directoryTimes: false });
});

test("the same seed makes the same tree and the same changes", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      using left = temporaryDirectory();
      using right = temporaryDirectory();
      for (const { path } of [left, right]) makeHostileTree(path, seed, 60);
      expectEqualTrees(left.path, right.path, { times: false });
      const before = readTree(left.path);
      for (const { path } of [left, right]) mutateTree(path, seed, 20);
      expectEqualTrees(left.path, right.path, { times: false });
      expect(treeDifferences(before, readTree(left.path))).not.toEqual([]);
    }),
    { numRuns: 5, seed: 1 },
  );
});

test("hostile trees hold every kind of entry and many of the hostile names", () => {
  using directory = temporaryDirectory();
  makeHostileTree(directory.path, 1, 400);
  const tree = readTree(directory.path);
  const types = new Set([...tree.values()].map(({ type }) => type));
  expect([...types].sort()).toEqual(["directory", "file", "symlink"]);
  const names = new Set([...tree.keys()].flatMap((path) => path.split("/")));
  expect(hostileNames.filter((name) => names.has(name)).length).toBeGreaterThan(25);
});
