import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Root } from "../../../src/watch/root.ts";
import { temporaryDirectory } from "./observed.ts";

function knownRoot(): { readonly path: string; readonly root: Root } {
  const path = join(temporaryDirectory(), "root");
  mkdirSync(path);
  const root = new Root(path);
  expect(root.remember()).toBe(true);
  return { path, root };
}

test("a root that was moved away and back is the same", () => {
  const { path, root } = knownRoot();
  renameSync(path, `${path}.away`);
  expect([root.isIntact(), root.isBack()]).toEqual([false, false]);
  expect(root.obstacle).toBe("there is no such directory");
  renameSync(`${path}.away`, path);
  expect([root.isIntact(), root.isBack(), root.remember()]).toEqual([true, true, true]);
});

test("an empty stranger in its place is not taken for the root, one with content is", () => {
  const { path, root } = knownRoot();
  renameSync(path, `${path}.away`);
  mkdirSync(path);
  expect(root.isBack()).toBe(false);
  writeFileSync(join(path, "f"), "");
  expect([root.isIntact(), root.isBack(), root.remember()]).toEqual([false, true, false]);
});

test("a file in its place is an obstacle", () => {
  const { path, root } = knownRoot();
  rmSync(path, { recursive: true });
  writeFileSync(path, "");
  expect([root.obstacle, root.isBack()]).toEqual(["it is not a directory", false]);
});
