import { expect, test } from "vitest";
import { parseArgument } from "../../../protocol/source/argument.ts";

test.each([
  ["dir", "./.", "dir", false],
  ["dir/", "dir/.", "", true],
  ["a/dir", "a/.", "dir", false],
  ["/a/dir", "/a/.", "dir", false],
  ["/name", "/.", "name", false],
  ["a//b/./c", "a/b/.", "c", false],
  [".", "./.", "", true],
  ["a/..", "a/../.", "", true],
  ["/", "/.", "", true],
])("%j begins in %j with %j", (text, root, start, isContent) => {
  const argument = parseArgument(text, false);
  expect(argument).toMatchObject({ root, start, isContent });
});

test.each([
  ["a/b", ".", "a/b", false, false],
  ["./a/b", ".", "a/b", false, true],
  ["/a/b/", "/.", "a/b", true, false],
  ["x/./a/b", "x", "a/b", false, false],
  ["./x/./a", "./x", "a", false, false],
  [".", ".", "", true, false],
])("%j, kept whole, begins in %j with %j", (text, root, start, isContent, hasDot) => {
  expect(parseArgument(text, true)).toEqual({ root, start, isContent, hasDot });
});

test("a path that is kept cannot lead above", () => {
  expect(() => parseArgument("a/../b", true)).toThrow(/has "\.\."/);
});
