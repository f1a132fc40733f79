import { spawn } from "node:child_process";
import { once } from "node:events";
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { WatchOptions } from "../../../src/watch/watcher.ts";
import { type Observed, observeReady, temporaryDirectory } from "./observed.ts";
import { Replica, readTree } from "./replica.ts";

// SERSYNC_STORMS=50 SERSYNC_STORM_SIZE=2000 is the nightly size.
const storms = Number(process.env["SERSYNC_STORMS"] ?? 3);
const operations = Number(process.env["SERSYNC_STORM_SIZE"] ?? 2000);
const firstSeed = Number(process.env["SERSYNC_STORM_SEED"] ?? 1);
const script = fileURLToPath(new URL("storm.mjs", import.meta.url));

/** A busy machine takes long for the storm itself. */
const deadlineMs = 90_000;

/** Starts the storm; resolves when its three processes have ended. */
async function storm(root: string, outside: string, seed: number): Promise<void> {
  const processes = [1, 2, 3].map((part) =>
    spawn(process.execPath, [script, root, outside, `${seed * 10 + part}`, `${operations}`], {
      stdio: "inherit",
    }),
  );
  const codes = await Promise.all(processes.map((child) => once(child, "exit")));
  expect(codes.map(([code]) => code)).toEqual([0, 0, 0]);
}

/** The inodes this process watches, from the kernel's own account of its descriptors. */
function watchedInodes(): string[] {
  const inodes: string[] = [];
  for (const fd of readdirSync("/proc/self/fdinfo")) {
    let info = "";
    try {
      info = readFileSync(`/proc/self/fdinfo/${fd}`, "latin1");
    } catch {} // closed since the listing
    // Only ours asks for IN_EXCL_UNLINK (0x04000000); Node's own fs.watch does not.
    for (const [, inode = ""] of info.matchAll(/^inotify wd:\w+ ino:(\w+) .*mask:4\w{6} /gm)) {
      inodes.push(inode);
    }
  }
  return inodes.sort();
}

function directoriesOf(root: string): string[] {
  const directories = [...readTree(root)].filter(([, entry]) => entry === "directory");
  return ["", ...directories.map(([path]) => path)];
}

function inodesOf(root: string, directories: readonly string[]): string[] {
  return directories
    .map((path) => lstatSync(Buffer.from(join(root, path), "latin1")).ino.toString(16))
    .sort();
}

/** Waits until for a tenth of a second nothing but our own marks is reported. */
async function quiet(root: string, seen: Observed): Promise<void> {
  let sinceMs = Date.now();
  for (let i = 0; Date.now() - sinceMs < 100; i += 1) {
    seen.clear();
    writeFileSync(`${root}/mark${i % 2}`, "");
    await seen.sees(`path mark${i % 2}`);
    if (seen.changes.length > 1) sinceMs = Date.now();
    await new Promise(setImmediate);
  }
}

/** Writes one file into each directory: each must be reported under its right path. */
async function probe(root: string, directories: readonly string[], seen: Observed): Promise<void> {
  seen.clear();
  for (const path of directories) writeFileSync(Buffer.from(`${root}/${path}/probe`, "latin1"), "");
  const expected = directories.map((path) => `path ${path === "" ? "" : `${path}/`}probe`);
  await seen.until(() => expected.every((line) => seen.lines().includes(line)), "every probe");
  expect(
    seen.lines().filter((line) => line.endsWith("/probe") && !expected.includes(line)),
  ).toEqual([]);
}

interface Scene {
  readonly root: string;
  readonly outside: string;
  readonly seen: Observed;
  readonly replica: Replica;
}

async function openScene(options: Partial<WatchOptions> = {}): Promise<Scene> {
  const root = join(temporaryDirectory(), "root");
  const outside = temporaryDirectory();
  mkdirSync(join(root, "a/b/c"), { recursive: true });
  mkdirSync(join(root, "b/c"), { recursive: true });
  const seen = await observeReady(root, options);
  return { root, outside, seen, replica: new Replica(readTree(root)) };
}

/** Waits until all that differs has been reported. */
async function expectEqual({ root, seen, replica }: Scene): Promise<void> {
  let applied = 0;
  const isEqual = (): boolean => {
    for (const change of seen.changes.slice(applied)) replica.apply(change);
    applied = seen.changes.length;
    return replica.differences(root).length === 0;
  };
  await seen.until(isEqual, "a replica equal to the tree").catch((error: Error) => {
    throw new Error(`${replica.differences(root).join("\n")}\n${error.message}`);
  });
}

/** Besides, every directory must have its watch. */
async function expectEqualAndWatched(scene: Scene): Promise<void> {
  const { root, seen } = scene;
  await expectEqual(scene);
  await quiet(root, seen);
  const directories = directoriesOf(root);
  // Reports are quiet, but what is only watched, not reported, may still be under way.
  const inodes = inodesOf(root, directories);
  await expect.poll(watchedInodes).toEqual(inodes);
  expect(seen.watcher.status().directories).toBe(directories.length);
  await probe(root, directories, seen);
}

test.each(Array.from({ length: storms }, (_, i) => firstSeed + i))(
  "after storm %i everything that differs has been reported, and every directory is watched",
  async (seed) => {
    const scene = await openScene();
    await storm(scene.root, scene.outside, seed);
    await expectEqualAndWatched(scene);
  },
  deadlineMs,
);

const queueLength = Number(readFileSync("/proc/sys/fs/inotify/max_queued_events", "latin1"));

// A limit raised to millions would make this a test of patience.
test.skipIf(queueLength > 50_000)(
  "so it is when the kernel's queue overflows in the storm",
  async () => {
    const scene = await openScene();
    const ended = storm(scene.root, scene.outside, firstSeed);
    // While this loop runs nobody reads.
    for (let i = 0; i <= queueLength; i += 1) writeFileSync(`${scene.root}/burst${i % 2}`, "");
    await ended;
    await scene.seen.until(() => scene.seen.watcher.status().state === "watching");
    expect(scene.seen.watcher.status().overflows).toBeGreaterThan(0);
    await expectEqualAndWatched(scene);
  },
  deadlineMs,
);

test(
  "polling misses nothing of a storm either",
  async () => {
    const scene = await openScene({ backend: "poll", pollIntervalMs: 10 });
    await storm(scene.root, scene.outside, firstSeed);
    await expectEqual(scene);
  },
  deadlineMs,
);
