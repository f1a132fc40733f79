import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { expect, test } from "vitest";
import { describeDaemons, startDaemon } from "../support/daemon.ts";
import { startMirror, untilEqualTrees } from "../support/mirror.ts";
import { makeTree, temporaryDirectory } from "../support/tree.ts";

/** Mounts a file system in memory; `using` unmounts it if it is still there. */
function mount(point: string): Disposable {
  fs.mkdirSync(point, { recursive: true });
  expect(spawnSync("mount", ["-t", "tmpfs", "test", point]).status).toBe(0);
  return { [Symbol.dispose]: () => void spawnSync("umount", ["-l", point]) };
}

function unmount(point: string): void {
  expect(spawnSync("umount", [point]).status).toBe(0);
}

const canMount = (() => {
  const directory = fs.mkdtempSync("/tmp/sersync-mount-");
  const works = spawnSync("mount", ["-t", "tmpfs", "test", directory]).status === 0;
  if (works) spawnSync("umount", [directory]);
  fs.rmdirSync(directory);
  return works;
})();

function filesOf(directory: string): string[] {
  return fs
    .readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(directory.length + 1))
    .sort();
}

describeDaemons("a mirror with a mount below its source", (version) => {
  test.skipIf(!canMount)(
    "deletes nothing of it when it goes, by whatever way, until it is back",
    async () => {
      await using daemon = await startDaemon({ version, modules: { backup: {} } });
      using source = temporaryDirectory();
      makeTree(source.path, { "a/f": "", "a/gone": "", g: "" });
      const point = `${source.path}/a/disk`;
      using _first = mount(point);
      makeTree(point, { "d/x": "x", y: "y" });
      const target = daemon.path("backup");
      await using mirror = await startMirror({
        source: source.path,
        port: daemon.port,
        remotes: [{ module: "backup" }],
      });
      await untilEqualTrees(source.path, target);

      unmount(point);
      await mirror.says(({ msg }) => msg.startsWith("What was mounted at a/disk has gone"));
      const kept = ["a/disk/d/x", "a/disk/y"];
      // By an event: also where the directories above it go.
      fs.rmSync(`${source.path}/a`, { recursive: true });
      await expect.poll(() => filesOf(target), { timeout: 30_000 }).toEqual([...kept, "g"]);
      // By a comparison of the whole tree.
      makeTree(target, { "a/extra": "theirs" });
      fs.renameSync(source.path, `${source.path}.away`);
      await mirror.says(({ msg }) => msg.includes("is reported until it is back"));
      fs.renameSync(`${source.path}.away`, source.path);
      await expect.poll(() => filesOf(target), { timeout: 30_000 }).toEqual([...kept, "g"]);
      // By something else in place of the directories above it.
      fs.writeFileSync(`${source.path}/a`, "a file");
      fs.writeFileSync(`${source.path}/last`, "");
      await mirror.says(({ msg, path }) => msg === "delivered" && path === "last");
      expect(filesOf(target)).toEqual([...kept, "g", "last"]);

      fs.rmSync(`${source.path}/a`);
      using _second = mount(point);
      makeTree(point, { "d/new": "", y: "changed" });
      const explain = (): string => mirror.output().slice(-3_000);
      await untilEqualTrees(source.path, target, { explain });
    },
  );
});
