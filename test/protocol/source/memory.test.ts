import { expect, test } from "vitest";
import { asBytePath } from "../../../protocol/path.ts";
import { LocalTree } from "../../../protocol/source/local.ts";
import { MemoryTree } from "../../../protocol/source/memory.ts";
import { PathList } from "../../../protocol/source/path-list.ts";
import { makeTree, temporaryDirectory } from "../../support/tree.ts";

test("a tree in memory lists its objects with the directories above them", () => {
  const mtime = new Date("2020-01-02T03:04:05.678Z");
  const tree = new MemoryTree({
    "dir/é.txt": { content: "né", mode: 0o600, mtime },
    link: { linkTarget: "dir" },
  });
  const entries = tree.entries();
  expect(entries.map(({ path }) => path)).toEqual(["", "dir", "dir/Ã©.txt", "link"]);
  expect(entries[2]).toMatchObject({
    mode: 0o100600,
    size: 3,
    mtimeSeconds: 1_577_934_245,
    mtimeNanoseconds: 678_000_000,
  });
  expect(entries[3]).toMatchObject({ mode: 0o120777, linkTarget: "dir" });
});

test("its files are read by position", () => {
  const tree = new MemoryTree({ a: new Uint8Array([1, 2, 3]) });
  const file = tree.open(tree.entries()[1] as never);
  const into = new Uint8Array(2);
  expect([file?.read(into, 2, 1), [...into], file?.read(into, 2, 3)]).toEqual([2, [2, 3], 0]);
});

test.each(["../x", "a//b", "a/./b", "/a", "a\0b"])("%j is no place in a tree", (path) => {
  expect(() => new MemoryTree({ [path]: "" })).toThrow(RangeError);
});

test("a file has nothing below it", () => {
  expect(() => new MemoryTree({ a: "", "a/b": "" })).toThrow(/no directory/);
});

test("a list of paths has their parents, and deletes by the highest name that is gone", () => {
  using directory = temporaryDirectory();
  makeTree(directory.path, { "a/b/file": "", other: "", "not listed": "" });
  const paths = ["a/b/file", "gone/deep/file", "other/below", "a/x"].map(asBytePath);
  const tree = new LocalTree(directory.path);
  const found = (missing: "delete" | "leave out") =>
    new PathList(tree, paths, { missing }).entries().map(({ path, mode }) => [path, mode > 0]);
  const kept = [
    ["", true],
    ["a", true],
    ["a/b", true],
    ["a/b/file", true],
    ["other", true],
  ];
  expect(found("leave out")).toEqual(kept);
  expect(found("delete").filter(([, isThere]) => !isThere)).toEqual([
    ["gone", false],
    ["other/below", false],
    ["a/x", false],
  ]);
});

test.each([
  ["a number", 5],
  ["nothing", null],
  ["an empty object", {}],
  ["a type of its own", { type: "socket", content: "" }],
  ["content that is a list", { content: ["a"] }],
  ["a link to nowhere", { linkTarget: undefined }],
])("%s is no object that can be listed", (_what, object) => {
  expect(() => new MemoryTree({ "dir/x": object as never })).toThrow(
    'cannot list "dir/x": it has neither content nor linkTarget, and is no directory',
  );
});
