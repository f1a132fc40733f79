import { expect, test } from "vitest";
import { asBytePath, deletion, type FileEntry } from "../../../protocol/index.ts";
import { nameGroups } from "../../../src/push/name-groups.ts";

function file(path: string, inode: number, linkCount = 1): FileEntry {
  const identity = { device: 1, inode };
  return { ...deletion(asBytePath(path)), mode: 0o100644, identity, linkCount };
}

function grouped(entries: readonly FileEntry[], most?: number): string[] {
  return [...nameGroups(entries, most)].map((group) => group.map(({ path }) => path).join(" "));
}

test("the names of an object come together, when the last of them has been seen", () => {
  const entries = [
    file("a", 1, 2),
    file("b", 2),
    file("c", 3, 3),
    file("d", 1, 2),
    file("e", 3, 3),
  ];
  expect(grouped([...entries, file("f", 3, 3)])).toEqual(["b", "a d", "c e f"]);
});

test("names that have others elsewhere come at the end", () => {
  expect(grouped([file("a", 1, 3), file("b", 1, 3), file("c", 2)])).toEqual(["c", "a b"]);
});

test("what waits has a limit", () => {
  const entries = [file("a", 1, 3), file("b", 2, 2), file("c", 3, 2), file("d", 1, 3)];
  expect(grouped(entries, 2)).toEqual(["a", "b", "c", "d"]);
});
