import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { inProject } from "../support/command.mjs";
import { temporaryDirectory } from "../support/tree.ts";

// A user namespace has limits of its own, which its root may lower without harm to anybody.
const lowered = "echo 20 > /proc/sys/user/max_inotify_watches";
const canLower = spawnSync("unshare", ["-Ur", "sh", "-c", lowered]).status === 0;

/** `sersync watch ROOT --print` where no more than 20 directories can be watched. */
function printWithFewWatches(root: string) {
  const program = `${lowered} && exec "$@"`;
  const watch = [process.execPath, inProject("dist/bin/sersync.js"), "watch", root, "--print"];
  const argv = ["-Ur", "sh", "-c", program, "sh", ...watch, "--poll-interval", "1"];
  const child = spawn("unshare", argv, { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill());
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line.slice(13)));
  const says = (text: string) =>
    expect
      .poll(() => lines.filter((line) => line.includes(text)), { timeout: 30_000 })
      .not.toEqual([]);
  return says;
}

test.skipIf(!canLower)(
  "beyond the kernel's limit directories are scanned, and the need is told",
  async () => {
    using root = temporaryDirectory();
    for (let i = 0; i < 30; i += 1) fs.mkdirSync(`${root.path}/${i}/deep`, { recursive: true });
    const says = printWithFewWatches(root.path);
    await says("20 directories are watched, and user.max_inotify_watches (20");
    await says("61 directories need a watch each; user.max_inotify_watches allows 20");
    for (let i = 0; i < 30; i += 1) fs.writeFileSync(`${root.path}/${i}/deep/f`, "");
    for (let i = 0; i < 30; i += 1) await says(`file      ${i}/deep/f`);
    fs.rmSync(`${root.path}/7`, { recursive: true });
    await says("gone      7: ");
  },
);
