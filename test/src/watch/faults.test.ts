import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { observe, observeReady, temporaryDirectory } from "./observed.ts";

// Where a process may not trace another, or strace is missing, there is nothing to inject with.
const canTrace = spawnSync("strace", ["-o", "/dev/null", "true"]).status === 0;

/** Makes system calls of this very process fail, until the test ends. */
async function inject(rule: string): Promise<ChildProcess> {
  const calls = rule.slice(0, rule.indexOf(":"));
  const argv = ["-f", "-o", "/dev/null", "-e", `trace=${calls}`, "-e", `inject=${rule}`];
  const strace = spawn("strace", [...argv, "-p", `${process.pid}`], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  onTestFinished(() => stop(strace));
  await once(strace.stderr, "data"); // "Process N attached"
  return strace;
}

async function stop(strace: ChildProcess): Promise<void> {
  if (strace.exitCode !== null || strace.signalCode !== null) return;
  const gone = once(strace, "exit");
  strace.kill();
  await gone;
}

test.skipIf(!canTrace)(
  "without watches left, the rest is told of, scanned and watched later",
  async () => {
    const root = temporaryDirectory();
    for (const name of ["a", "b", "c"]) mkdirSync(join(root, name, "deep"), { recursive: true });
    const strace = await inject("inotify_add_watch:error=ENOSPC:when=3+");
    const seen = observe(root, { pollIntervalMs: 100 });
    await seen.watcher.ready;
    expect(seen.states.find((state) => state.kind === "limit")?.message).toMatch(
      /^Cannot watch \w\S* and 2 more with all below: 2 directories are watched, and fs\.inotify\.max_user_watches \(\d+, for all programs of this user\) is used up; looked at every 0\.1 s instead$/,
    );
    const unwatched = seen.watcher.status().unwatched;
    expect(unwatched).toHaveLength(3);
    for (const path of unwatched) await seen.sees(`tree ${path}`);
    await seen.until(() => seen.states.some(({ message }) => message.startsWith("7 directories")));
    expect(seen.states.at(-1)?.message).toMatch(
      /^7 directories need a watch each; fs\.inotify\.max_user_watches allows \d+ to all programs of a user: sysctl fs\.inotify\.max_user_watches=\d+ would do$/,
    );
    const file = `${unwatched.find((path) => !path.includes("/"))}/deep/f`;
    writeFileSync(join(root, file), "");
    await seen.sees(`path ${file}`);
    seen.clear();
    await stop(strace);
    await seen.until(() => seen.watcher.status().directories === 7, "a watch on every directory");
    expect(seen.watcher.status().unwatched).toEqual([]);
    for (const path of unwatched) await seen.sees(`tree ${path}`);
  },
);

test.skipIf(!canTrace)(
  "a directory that could not be found for a moment is found again",
  async () => {
    const root = temporaryDirectory();
    const seen = await observeReady(root);
    const strace = await inject("inotify_add_watch:error=ENOENT:when=1");
    mkdirSync(join(root, "a"));
    await seen.sees("tree a");
    await stop(strace);
    await seen.until(() => seen.watcher.status().directories === 2, "a watch on the directory");
    writeFileSync(join(root, "a/f"), "");
    await seen.sees("path a/f");
  },
);

test.skipIf(!canTrace)(
  "a root that comes back while no inotify instance is left is watched as soon as there is one",
  async () => {
    const root = join(temporaryDirectory(), "root");
    mkdirSync(root);
    const seen = await observeReady(root);
    const strace = await inject("inotify_init1:error=EMFILE");
    renameSync(root, `${root}.away`);
    await seen.until(() => seen.watcher.status().state === "source gone");
    renameSync(`${root}.away`, root);
    await seen.until(() => seen.states.at(-1)?.kind === "limit");
    expect(seen.states.at(-1)?.message).toMatch(
      /fs\.inotify\.max_user_instances \(\d+\) is used up .*; trying again in 2 s/,
    );
    await stop(strace);
    await seen.sees("tree ");
    expect(seen.states.at(-1)).toMatchObject({ kind: "watching" });
  },
);

test.skipIf(!canTrace)("interrupted reads lose nothing", async () => {
  const root = temporaryDirectory();
  mkdirSync(join(root, "a"));
  const seen = await observeReady(root);
  const strace = await inject("read:error=EINTR:when=1+2");
  for (let i = 0; i < 50; i += 1) writeFileSync(join(root, `a/${i}`), "");
  renameSync(join(root, "a"), join(root, "b"));
  await seen.sees("renamed a -> b");
  await stop(strace);
  expect(seen.lines()).toHaveLength(51);
});
