import { expect, test } from "vitest";
import type { FileEntry } from "../../../protocol/flist/entry.ts";
import { pruneEmptyDirectories } from "../../../protocol/flist/prune.ts";
import { asBytePath } from "../../../protocol/path.ts";

const entry = (path: string): FileEntry => ({
  path: asBytePath(path.replace(/\/$/, "")),
  mode: path === "" || path.endsWith("/") ? 0o40755 : 0o100644,
  size: 0,
  mtimeSeconds: 0,
  mtimeNanoseconds: 0,
  uid: 0,
  gid: 0,
});

test.each([
  [["", "a/", "a/b/", "c/", "c/f"], ["", "c", "c/f"], []],
  [["", "a/", "a/b/", "a/b/c/"], [""], []],
  [["", "a/", "a/b/", "a/b/c/"], ["", "a", "a/b"], ["a/b"]],
  [["a/", "a/f", "ab/"], ["a", "a/f"], []],
  [[], [], []],
])("of %j stays %j", (listed, kept, isProtected: readonly string[]) => {
  const slots = pruneEmptyDirectories(listed.map(entry), (path) => isProtected.includes(path));
  expect(slots).toHaveLength(listed.length);
  expect(slots.flatMap((slot) => (slot ? [slot.path] : []))).toEqual(kept);
});
