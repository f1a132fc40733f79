import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openWatcher } from "../../../src/watch/watcher.ts";
import { observe, observeReady, temporaryDirectory } from "./observed.ts";

/** Only polling takes it. */
const fast = { pollIntervalMs: 50 };

describe.each(["chokidar", "poll"] as const)("backend %s", (backend) => {
  test("reports what is written, made and deleted, and nothing that was there before", async () => {
    const root = temporaryDirectory();
    writeFileSync(join(root, "old"), "old");
    const seen = await observeReady(root, { ...fast, backend });
    expect(seen.lines()).toEqual([]);
    expect(seen.watcher.status()).toMatchObject({ backend, state: "watching" });
    if (backend === "chokidar") await seen.sees("tree "); // the second look that follows the start
    writeFileSync(join(root, "new"), "new");
    await seen.sees("path new");
    mkdirSync(join(root, "d"));
    await seen.sees("tree d");
    seen.clear();
    // Reported by name, or with its directory where chokidar was not watching that yet.
    writeFileSync(join(root, "d/inside"), "");
    await seen.until(() => seen.lines().some((line) => /^(path d.inside|tree d)$/.test(line)));
    rmSync(join(root, "old"));
    await seen.sees("path old");
    if (backend === "chokidar") await seen.sees("tree d"); // looked at again in any case
    seen.clear();
    rmSync(join(root, "d"), { recursive: true });
    await seen.sees("tree d");
  });

  test("neither follows links nor looks into what is excluded", async () => {
    const root = temporaryDirectory();
    const outside = temporaryDirectory();
    mkdirSync(join(root, "cache"));
    symlinkSync(outside, join(root, "link"));
    const excluded = (path: string): boolean => path === "cache" || path.startsWith("cache/");
    const seen = await observeReady(root, { ...fast, backend, excluded });
    writeFileSync(join(outside, "not-ours"), "");
    writeFileSync(join(root, "cache/not-wanted"), "");
    writeFileSync(join(root, "wanted"), "");
    // By name, or with the second look at everything that follows the start.
    await seen.until(() => seen.lines().some((line) => /^(path wanted|tree )$/.test(line)));
    expect(seen.lines().filter((line) => line.includes("not-"))).toEqual([]);
  });

  test("a root that is moved away is gone, not deleted; its return is reported whole", async () => {
    const parent = temporaryDirectory();
    const root = join(parent, "root");
    mkdirSync(root);
    writeFileSync(join(root, "kept"), "");
    const seen = await observeReady(root, { ...fast, backend });
    renameSync(root, join(parent, "elsewhere"));
    await seen.until(() => seen.states.at(-1)?.kind === "source gone", "source gone");
    expect(seen.lines()).toEqual([]);
    renameSync(join(parent, "elsewhere"), root);
    await seen.sees("tree ");
    expect(seen.states.at(-1)).toMatchObject({ kind: "watching", sameRoot: true });
    expect(seen.lines()).toEqual(["tree "]);
  });

  test("a missing root is an error, or waited for", async () => {
    const root = join(temporaryDirectory(), "missing");
    const watcher = openWatcher({ root, backend, onChanges: () => {}, onState: () => {} });
    await expect(watcher.ready).rejects.toThrow("no such directory");
    const waiting = observe(root, { backend, waitForRoot: true });
    await waiting.until(() => waiting.states.at(-1)?.kind === "source gone", "waiting");
    mkdirSync(root);
    await waiting.sees("tree ");
  });
});

const isLinux = process.platform === "linux";

test.skipIf(!isLinux)("chokidar takes a watch for each directory and none for files", async () => {
  const root = temporaryDirectory();
  for (const directory of ["a/b", "c"]) mkdirSync(join(root, directory), { recursive: true });
  for (let i = 0; i < 20; i += 1) writeFileSync(join(root, "a/b", `${i}`), "");
  const before = watches();
  const seen = await observeReady(root, { backend: "chokidar" });
  expect(watches() - before).toBe(4);
  expect(seen.watcher.status().directories).toBe(4);
  writeFileSync(join(root, "a/b/7"), "changed");
  await seen.sees("path a/b/7");
});

test("what chokidar cannot name is looked for in its directory", async () => {
  const root = temporaryDirectory();
  mkdirSync(join(root, "d"));
  const seen = await observeReady(root, { backend: "chokidar" });
  await seen.sees("tree ");
  seen.clear();
  writeFileSync(Buffer.from(`${root}/d/\xff`, "latin1"), "");
  await seen.sees("tree d");
});

function watches(): number {
  let count = 0;
  for (const fd of readdirSync("/proc/self/fdinfo")) {
    try {
      const info = readFileSync(`/proc/self/fdinfo/${fd}`, "latin1");
      count += info.match(/^inotify wd:/gm)?.length ?? 0;
    } catch {} // closed since the listing
  }
  return count;
}
