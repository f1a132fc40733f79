import {
  chmodSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { expect, test } from "vitest";
import { defaultEvents } from "../../../src/watch/watcher.ts";
import { clockTick, formatChange, observe, observeReady, temporaryDirectory } from "./observed.ts";
import { Replica, readTree } from "./replica.ts";

/** Waits until everything before this call has been reported. */
async function settled(root: string, seen: { sees(line: string): Promise<void> }): Promise<void> {
  const marker = `marker-${performance.now()}`;
  writeFileSync(join(root, marker), "");
  await seen.sees(`path ${marker}`);
}

function writeContent(path: string, content: string): void {
  writeFileSync(path, content);
}

function makeFull(path: string, content: string): void {
  mkdirSync(join(path, content), { recursive: true });
  writeFileSync(join(path, content, "f"), content);
}

/** Gives each of two names what the other had, in one step. */
function exchange(one: string, other: string): void {
  const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
  const renameat2 = koffi
    .load(null)
    .func("int renameat2(int from, const char *old, int to, const char *new, uint32_t flags)");
  const [here, exchanging] = [-100, 2];
  expect(renameat2(here, one, here, other, exchanging)).toBe(0);
}

test("reports a written file once, and nothing of what was there before", async () => {
  const root = temporaryDirectory();
  mkdirSync(join(root, "a"));
  writeFileSync(join(root, "a/old"), "old");
  const seen = await observeReady(root);
  expect(seen.lines()).toEqual([]);
  writeFileSync(join(root, "a/new"), "new");
  await seen.sees("path a/new");
  expect(seen.lines()).toEqual(["path a/new"]);
});

test("pairs the halves of a rename, and follows the renamed directory at once", async () => {
  const root = temporaryDirectory();
  mkdirSync(join(root, "a/b/c"), { recursive: true });
  writeFileSync(join(root, "a/f"), "f");
  const seen = await observeReady(root);
  renameSync(join(root, "a"), join(root, "z"));
  renameSync(join(root, "z/f"), join(root, "z/g"));
  writeFileSync(join(root, "z/b/c/deep"), "");
  await seen.sees("path z/b/c/deep");
  expect(seen.lines()).toEqual(["renamed a -> z", "renamed z/f -> z/g", "path z/b/c/deep"]);
  expect(seen.watcher.status().directories).toBe(4);
});

test("a directory moved out is reported as gone and no longer watched", async () => {
  const root = temporaryDirectory();
  const outside = temporaryDirectory();
  mkdirSync(join(root, "a/b"), { recursive: true });
  const seen = await observeReady(root);
  renameSync(join(root, "a"), join(outside, "a"));
  await seen.sees("tree a");
  expect(seen.watcher.status().directories).toBe(1);
  writeFileSync(join(outside, "a/b/f"), "");
  await settled(root, seen);
  expect(seen.lines()).toHaveLength(2);
});

test("a directory moved in is watched to its last level before it is reported", async () => {
  const root = temporaryDirectory();
  const outside = temporaryDirectory();
  mkdirSync(join(outside, "a/b/c"), { recursive: true });
  const seen = await observeReady(root);
  renameSync(join(outside, "a"), join(root, "a"));
  await seen.sees("tree a");
  writeFileSync(join(root, "a/b/c/f"), "");
  await seen.sees("path a/b/c/f");
  expect(seen.watcher.status().directories).toBe(4);
});

test("new directories are watched at every level", async () => {
  const root = temporaryDirectory();
  const seen = await observeReady(root);
  mkdirSync(join(root, "1/2/3/4/5"), { recursive: true });
  await seen.until(() => seen.watcher.status().directories === 6);
  writeFileSync(join(root, "1/2/3/4/5/f"), "");
  await seen.sees("path 1/2/3/4/5/f");
});

test("a link counts as content, also when its other name is gone already", async () => {
  const root = temporaryDirectory();
  writeFileSync(join(root, "f"), "f");
  const seen = await observeReady(root);
  symlinkSync("f", join(root, "symlink"));
  linkSync(join(root, "f"), join(root, "hard"));
  await seen.sees("path symlink");
  await seen.sees("path hard");
  linkSync(join(root, "f"), join(root, "moved"));
  unlinkSync(join(root, "f"));
  unlinkSync(join(root, "hard"));
  await seen.sees("path moved");
});

test("two names exchanged, or replaced in one step, are reported under both", async () => {
  const root = temporaryDirectory();
  mkdirSync(join(root, "full/sub"), { recursive: true });
  mkdirSync(join(root, "empty"));
  const seen = await observeReady(root);
  renameSync(join(root, "full"), join(root, "empty"));
  await seen.sees("renamed full -> empty");
  writeFileSync(join(root, "empty/sub/f"), "");
  await seen.sees("path empty/sub/f");
  expect(seen.watcher.status().directories).toBe(3);
});

test.each([
  ["files", writeContent, writeContent],
  ["directories", makeFull, makeFull],
  ["a file and a directory", writeContent, makeFull],
] as const)("%s exchanged and moved on at once end up as what they are", async (_, one, other) => {
  const root = temporaryDirectory();
  one(join(root, "a"), "A");
  other(join(root, "b"), "B");
  const replica = new Replica(readTree(root));
  const seen = await observeReady(root);
  exchange(join(root, "a"), join(root, "b"));
  rmSync(join(root, "a"), { recursive: true });
  renameSync(join(root, "b"), join(root, "a"));
  await settled(root, seen);
  await seen.until(() => {
    for (const change of seen.changes.splice(0)) replica.apply(change);
    return replica.differences(root).length === 0;
  });
  const directories = [...readTree(root).values()].filter((entry) => entry === "directory");
  await seen.until(() => seen.watcher.status().directories === 1 + directories.length);
});

test("names are bytes", async () => {
  const root = temporaryDirectory();
  const seen = await observeReady(root);
  const directory = Buffer.concat([Buffer.from(`${root}/`), Buffer.from("ff20e4", "hex")]);
  mkdirSync(directory);
  await seen.sees("tree \xff\x20\xe4");
  writeFileSync(Buffer.concat([directory, Buffer.from("/\xfe\n", "latin1")]), "");
  await seen.sees("path \xff\x20\xe4/\xfe\n");
});

test("the switches decide what is reported, and watches stay right", async () => {
  const root = temporaryDirectory();
  mkdirSync(join(root, "d"));
  writeFileSync(join(root, "f"), "");
  const events = { ...defaultEvents, delete: false, moveFrom: false, createFolder: false };
  const seen = await observeReady(root, { events: { ...events, attrib: true } });
  chmodSync(join(root, "f"), 0o600);
  rmSync(join(root, "f"));
  renameSync(join(root, "d"), join(root, "e"));
  mkdirSync(join(root, "e/new"));
  await seen.until(() => seen.watcher.status().directories === 3);
  writeFileSync(join(root, "e/new/g"), "");
  await seen.sees("path e/new/g");
  expect(seen.lines()).toEqual(["path f", "tree e", "path e/new/g"]);
});

test("what is excluded is neither watched nor reported, wherever it is moved", async () => {
  const root = temporaryDirectory();
  mkdirSync(join(root, "a/cache/deep"), { recursive: true });
  const seen = await observeReady(root, { excluded: (path) => path.startsWith("a/cache") });
  expect(seen.watcher.status().directories).toBe(2);
  writeFileSync(join(root, "a/cache/f"), "");
  mkdirSync(join(root, "a/cache2"));
  await settled(root, seen);
  expect(seen.lines()).toHaveLength(1);
  renameSync(join(root, "a"), join(root, "b"));
  await seen.until(() => seen.watcher.status().directories === 5);
  writeFileSync(join(root, "b/cache/deep/f"), "");
  await seen.sees("path b/cache/deep/f");
});

test("what changes before its directory is watched is reported as well", async () => {
  const root = temporaryDirectory();
  const directories = Array.from({ length: 1800 }, (_, i) => `${i % 60}/${i}`);
  for (const directory of directories) {
    mkdirSync(join(root, directory), { recursive: true });
    writeFileSync(join(root, directory, "old"), "");
  }
  writeFileSync(join(root, "untouched"), "");
  await clockTick(root);
  const seen = observe(root);
  // The loop has not turned yet: most directories have no watch.
  expect(seen.watcher.status().directories).toBeLessThan(1800);
  for (const directory of directories) writeFileSync(join(root, directory, "old"), "new");
  rmSync(join(root, "0/0"), { recursive: true });
  rmSync(join(root, "59/59"), { recursive: true });
  const rest = directories.filter((directory) => !["0/0", "59/59"].includes(directory));
  const lines = new Set<string>();
  await seen.until(() => {
    for (const change of seen.changes.splice(0)) lines.add(formatChange(change));
    return (
      rest.every((directory) => lines.has(`path ${directory}/old`)) &&
      ["0", "59"].every(
        (above) => lines.has(`tree ${above}`) || lines.has(`tree ${above}/${above}`),
      )
    );
  });
  expect([...lines]).not.toContain("path untouched");
});

test("a root that goes away is no deletion, and is reported as a whole when it is back", async () => {
  const root = join(temporaryDirectory(), "root");
  mkdirSync(join(root, "a"), { recursive: true });
  writeFileSync(join(root, "a/f"), "");
  const seen = await observeReady(root);
  renameSync(root, `${root}.away`);
  await seen.until(() => seen.watcher.status().state === "source gone");
  expect(seen.lines()).toEqual([]);
  mkdirSync(root);
  renameSync(`${root}.away`, root);
  await seen.sees("tree ");
  expect(seen.states.at(-1)).toMatchObject({ kind: "watching", sameRoot: true });
  writeFileSync(join(root, "a/g"), "");
  await seen.sees("path a/g");
});

test("removing the whole root at once is no deletion of what was in it", async () => {
  const root = join(temporaryDirectory(), "root");
  mkdirSync(root);
  for (let i = 0; i < 20; i += 1) writeFileSync(join(root, `f${i}`), "");
  const seen = await observeReady(root);
  rmSync(root, { recursive: true });
  await seen.until(() => seen.watcher.status().state === "source gone");
  expect(seen.lines()).toEqual([]);
});

test("a root emptied at one stroke is no deletion; it is reported when something is in it", async () => {
  const root = temporaryDirectory();
  for (let i = 0; i < 20; i += 1) writeFileSync(join(root, `f${i}`), "");
  const seen = await observeReady(root);
  for (let i = 0; i < 20; i += 1) rmSync(join(root, `f${i}`));
  await seen.until(() => seen.watcher.status().state === "source gone");
  expect(seen.lines()).toEqual([]);
  expect(seen.states.at(-1)?.message).toMatch(/ was emptied; nothing is deleted at the targets/);
  writeFileSync(join(root, "new"), "");
  await seen.sees("tree ");
  expect(seen.states.at(-1)).toMatchObject({ kind: "watching", sameRoot: true });
});

test("the only name in a root may go", async () => {
  const root = temporaryDirectory();
  const seen = await observeReady(root);
  writeFileSync(join(root, "f"), "");
  await seen.sees("path f");
  seen.clear();
  rmSync(join(root, "f"));
  await seen.sees("path f");
});

test("a missing root is a clear error", async () => {
  const root = join(temporaryDirectory(), "none");
  await expect(observeReady(root)).rejects.toThrow(
    `Cannot watch ${root}: there is no such directory`,
  );
});

test("a missing root can be waited for", async () => {
  const root = join(temporaryDirectory(), "later");
  const seen = observe(root, { waitForRoot: true });
  expect(seen.states).toMatchObject([{ kind: "source gone" }]);
  mkdirSync(root);
  await seen.watcher.ready;
  await seen.sees("tree ");
});
