import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Root } from "../../../src/watch/root.ts";
import { temporaryDirectory } from "./observed.ts";

// Where mounting is not permitted, or tmpfs keeps no time of birth, there is nothing to see.
const canMount = mountsWithBirth();

function mountsWithBirth(): boolean {
  const point = mkdtempSync(join(tmpdir(), "sersync-mount-"));
  const isMounted = spawnSync("mount", ["-t", "tmpfs", "test", point]).status === 0;
  const hasBirth = isMounted && statSync(point).birthtimeMs > 0;
  if (isMounted) spawnSync("umount", [point]);
  rmdirSync(point);
  return hasBirth;
}

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

test("the first directory is the root also after another was taken for it", () => {
  const { path, root } = knownRoot();
  renameSync(path, `${path}.away`);
  mkdirSync(path);
  expect(root.remember()).toBe(false);
  expect([root.isIntact(), root.remember()]).toEqual([true, false]);
  rmSync(path, { recursive: true });
  renameSync(`${path}.away`, path);
  expect([root.isIntact(), root.remember()]).toEqual([false, true]);
});

test("several names that go at once empty it, a single one does not", () => {
  const { path, root } = knownRoot();
  writeFileSync(join(path, "a"), "");
  root.observe();
  rmSync(join(path, "a"));
  expect(root.wasEmptied()).toBe(false);
  for (const name of ["a", "b"]) writeFileSync(join(path, name), "");
  root.observe();
  rmSync(join(path, "a"));
  expect(root.wasEmptied()).toBe(false);
  rmSync(join(path, "b"));
  expect([root.wasEmptied(), root.isIntact(), root.isBack()]).toEqual([true, true, false]);
  writeFileSync(join(path, "c"), "");
  expect([root.isBack(), root.remember()]).toEqual([true, true]);
});

test.skipIf(!canMount)("a tmpfs mounted anew is another root, however fast", () => {
  const { path, root } = knownRoot();
  onTestFinished(() => void spawnSync("umount", ["-l", path]));
  spawnSync("mount", ["-t", "tmpfs", "test", path]);
  root.remember();
  const own = root.isIntact();
  spawnSync("sh", ["-c", 'umount "$1" && mount -t tmpfs test "$1"', "sh", path]);
  expect([own, root.isIntact(), root.isBack()]).toEqual([true, false, false]);
});

test("a file in its place is an obstacle", () => {
  const { path, root } = knownRoot();
  rmSync(path, { recursive: true });
  writeFileSync(path, "");
  expect([root.obstacle, root.isBack()]).toEqual(["it is not a directory", false]);
});
