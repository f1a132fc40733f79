import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { expect, test } from "vitest";
import { inProject } from "../support/command.mjs";
import { workplace } from "../support/service.ts";
import { temporaryDirectory } from "../support/tree.ts";

// Where the output goes is the operator's business, and may be full.

test("a disk that has no room for the output keeps no mirror from running", async () => {
  using source = temporaryDirectory();
  await using at = workplace({ source: source.path, port: 9, remotes: [{ module: "m" }] });
  const full = fs.openSync("/dev/full", "w");
  const argv = [inProject("dist/bin/sersync.js"), "-o", at.file];
  const child = spawn(process.execPath, argv, {
    stdio: ["ignore", full, full],
    env: { ...process.env, SERSYNC_RUNTIME_DIR: at.directory, SERSYNC_STATE_DIR: at.directory },
  });
  fs.closeSync(full);
  const ended = once(child, "exit");
  const status = async () => (await at.run("status", "-o", at.file)).out;
  await expect.poll(status, { timeout: 60_000 }).toContain("watching");
  await at.run("stop", "-o", at.file);
  expect(await ended).toEqual([0, null]);
});
