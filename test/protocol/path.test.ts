import fc from "fast-check";
import { expect, test } from "vitest";
import {
  asBytePath,
  baseName,
  displayPath,
  displayText,
  isWithin,
  joinPath,
  nativePath,
  parentPath,
  pathFromBytes,
  pathFromText,
  pathToBytes,
  rootPath,
} from "../../protocol/path.ts";

test("any bytes survive the way through a byte path", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(Uint8Array.from(pathToBytes(pathFromBytes(bytes)))).toEqual(bytes);
    }),
    { seed: 41 },
  );
  expect(pathFromText("ñ")).toBe("\xc3\xb1");
});

test("paths are joined and taken apart at the root, too", () => {
  expect(joinPath(rootPath, "a")).toBe("a");
  expect(joinPath(asBytePath("a"), "b")).toBe("a/b");
  expect(["a/b/c", "a", ""].map((path) => parentPath(asBytePath(path)))).toEqual(["a/b", "", ""]);
  expect(["a/b", "a"].map((path) => baseName(asBytePath(path)))).toEqual(["b", "a"]);
});

test.each([
  ["a/b", "a", true],
  ["a", "a", true],
  ["a", "", true],
  ["ab", "a", false],
  ["a", "a/b", false],
])("that %j lies in %j is %s", (path, ancestor, within) => {
  expect(isWithin(asBytePath(path), asBytePath(ancestor))).toBe(within);
});

test("the file system gets the exact bytes", () => {
  expect(nativePath("/srv", asBytePath("a b"))).toBe("/srv/a b");
  expect(nativePath("/srv", rootPath)).toBe("/srv");
  expect(nativePath("/srv", asBytePath("\xff"))).toEqual(Buffer.from("/srv/\xff", "latin1"));
});

test.each([
  ["", "."],
  ["plain name", "plain name"],
  [pathFromText("文件-ñ"), "文件-ñ"],
  ["caf\xe9", "caf\\#351"],
  ["line\nend", "line\\#012end"],
  [pathFromText("\ufeffé\n\\#012"), "\ufeffé\\#012\\#134#012"],
  ["\x1b[31m", "\\#033[31m"],
  ["\\#012", "\\#134#012"],
  ["\\#01", "\\#01"],
  ["\xff\\#012", "\\#377\\#134#012"],
  [pathFromText("\u202eRTL"), "\\#342\\#200\\#256RTL"],
])("%j is shown to people as %s", (path, shown) => {
  expect(displayPath(asBytePath(path))).toBe(shown);
});

test.each([
  ["", ""],
  ['cannot receive "数据.txt"', 'cannot receive "数据.txt"'],
  ["\\#377 is shown once", "\\#377 is shown once"],
  ["red \x1b[31m\nand more", "red \\#033[31m\\#012and more"],
])("the text %j is shown to people as %s", (text, shown) => {
  expect(displayText(text)).toBe(shown);
});
