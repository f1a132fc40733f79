import { expect, test } from "vitest";
import { compileSuffixes } from "../../../protocol/delta/suffixes.ts";
import { asBytePath } from "../../../protocol/path.ts";

test.each([
  ["gz", "a.gz", true],
  ["gz", "dir.gz/a", false],
  ["gz", "dir/A.GZ", true],
  ["gz", "gz", false],
  ["gz", "a.tgz", false],
  [".gz", "a.gz", true],
  ["mp[34]", "a.mp3", true],
  ["mp[34]", "a.mp5", false],
  ["c++", "a.c++", true],
  ["*", "anything", true],
])("%s means %s: %s", (suffix, path, expected) => {
  expect(compileSuffixes([suffix])(asBytePath(path))).toBe(expected);
});

test("no suffix means no file, and what is none is refused", () => {
  expect(compileSuffixes([])(asBytePath("a.gz"))).toBe(false);
  for (const wrong of ["", "a*", "a?", "[", "a/b", "tar.gz"]) {
    expect(() => compileSuffixes([wrong])).toThrow("Cannot skip compression");
  }
});
