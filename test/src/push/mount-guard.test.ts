import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { asBytePath } from "../../../protocol/index.ts";
import { buildBatch, SourceGone, TreeView } from "../../../src/push/batch.ts";
import { MountGuard, sparingMounts } from "../../../src/push/mount-guard.ts";
import { readIdentity } from "../../../src/watch/directory.ts";
import { temporaryDirectory } from "../../support/tree.ts";
import { batchOptions } from "./trees.ts";

const point = asBytePath("a/disk");

/** A root whose directory `a/disk` counts as a mount; replacing it is what an unmount looks like. */
function mounted() {
  const root = temporaryDirectory();
  mkdirSync(join(root.path, point), { recursive: true });
  const identity = readIdentity(root.path, point);
  if (identity === undefined) throw new TypeError("the mount point is no directory");
  const mounts = new MountGuard(root.path, [{ path: point, identity }]);
  const plain = batchOptions(root.path);
  const options = { ...plain, mounts, rules: sparingMounts(plain.rules, mounts) };
  const unmount = (): void => {
    renameSync(join(root.path, point), join(root.path, "elsewhere"));
    mkdirSync(join(root.path, point));
  };
  return { root, mounts, options, unmount, [Symbol.dispose]: () => root[Symbol.dispose]() };
}

function sentFor(path: string, options: Parameters<typeof buildBatch>[1]): string[] {
  const batch = buildBatch([{ path: asBytePath(path), whole: false }], options);
  return batch.small.map((entry) => `${entry.path}${entry.mode === 0 ? " deleted" : ""}`);
}

test("what is gone from a mount that is there is deleted", () => {
  using at = mounted();
  expect(sentFor("a/disk/x", at.options)).toContain("a/disk/x deleted");
});

test("nothing at or below a mount that has gone is sent or deleted, all beside it is", () => {
  using at = mounted();
  at.unmount();
  expect(sentFor("a/disk/x", at.options)).toEqual([]);
  expect(sentFor("a/disk", at.options)).toEqual([]);
  expect(sentFor("a/x", at.options)).toContain("a/x deleted");
  expect(at.mounts.hidesBelow(asBytePath("a"))).toBe(true);
  const identity = readIdentity(at.root.path, point);
  if (identity) at.mounts.know([{ path: point, identity }]);
  expect(sentFor("a/disk/x", at.options)).toContain("a/disk/x deleted");
});

test("a mount that goes while a batch is decided ends the batch", () => {
  using at = mounted();
  const view = new TreeView(at.options);
  expect(view.resolve(asBytePath("a/disk/x"))).toMatchObject({ mode: 0 });
  at.unmount();
  expect(() => view.checkRoot()).toThrow(SourceGone);
});
