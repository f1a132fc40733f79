import { expect, test } from "vitest";
import { asBytePath } from "../../../protocol/index.ts";
import { deletable } from "../../../src/push/survey.ts";
import { excluding } from "./trees.ts";

/** What may be deleted of these, which only the target has; directories end in "/". */
function deletableOf(found: readonly string[], ...patterns: string[]): string[] {
  const extraneous = found.map((name) => ({
    path: asBytePath(name.replace(/\/$/, "")),
    isDirectory: name.endsWith("/"),
  }));
  return deletable(extraneous, excluding(...patterns));
}

test("without rules the highest directories go, each with all that is in it", () => {
  expect(deletableOf(["d/", "d/e/", "d/e/f", "d/g", "h"])).toEqual(["d", "h"]);
});

test("the order in which a daemon names them does not matter", () => {
  expect(deletableOf(["d/e/f", "d/e/", "h", "d/"])).toEqual(["d", "h"]);
});

test("a name that only begins like a chosen directory is chosen itself", () => {
  expect(deletableOf(["d/", "d/f", "d.old", "d0/"])).toEqual(["d", "d.old", "d0"]);
});

test("what is excluded stays, and so do the directories above it", () => {
  const found = ["d/", "d/e/", "d/e/x.log", "d/e/f", "d/g", "d/h/", "d/h/i"];
  expect(deletableOf(found, "*.log")).toEqual(["d/e/f", "d/g", "d/h"]);
});

test("an excluded directory stays with everything in it", () => {
  const found = ["cache/", "cache/a/", "cache/a/f", "d/", "d/cache/", "d/cache/f", "d/f"];
  expect(deletableOf(found, "cache/")).toEqual(["d/f"]);
});

test("nothing is chosen when everything is excluded", () => {
  expect(deletableOf(["a.log", "d/", "d/b.log"], "*.log")).toEqual([]);
  expect(deletableOf([])).toEqual([]);
});
