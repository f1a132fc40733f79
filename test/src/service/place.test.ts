import { expect, test } from "vitest";
import { asBytePath, pathFromText } from "../../../protocol/index.ts";
import { displayPlace, placesOf } from "../../../src/service/place.ts";
import { fixture, parse } from "../config/parsing.ts";

const { config } = parse(fixture("full.xml"));
const watched = (...directories: string[]) => ({
  ...config,
  sources: directories.map((watch) => ({ watch: pathFromText(watch), remotes: [] })),
});

test.each([
  [undefined, ["", ""]],
  ["x/y", ["x/y", "x/y"]],
  ["./x//y/", ["x/y", "x/y"]],
  ["/data/a/x", ["x", undefined]],
  ["/data/a", ["", undefined]],
  ["/data/ab", [undefined, undefined]],
  ["../b/x", [undefined, "x"]],
  ["../../etc", [undefined, undefined]],
  ["/", [undefined, undefined]],
  ["照片", [pathFromText("照片"), pathFromText("照片")]],
  ["a\\#377\\#012b", [asBytePath("a\xff\nb"), asBytePath("a\xff\nb")]],
] as const)("%j is found where it lies", (text, expected) => {
  const roots = ["/data/a", "/data/b"];
  const wanted = roots.flatMap((root, at) =>
    expected[at] === undefined ? [] : [{ root, path: expected[at] }],
  );
  expect(placesOf(watched(...roots), text)).toEqual(wanted);
});

test("the whole file system may be watched", () => {
  expect(placesOf(watched("/"), "/etc")).toEqual([{ root: "/", path: "etc" }]);
  expect(displayPlace("/", asBytePath("etc"))).toBe("/etc");
  expect(displayPlace("/data", asBytePath(""))).toBe("/data");
});
