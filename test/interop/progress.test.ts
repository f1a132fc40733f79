import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { inProject } from "../support/command.mjs";
import { type Daemon, daemonVersions, startDaemon } from "../support/daemon.ts";
import { writeConfiguration } from "../support/mirror.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/tree.ts";

const [version] = daemonVersions;
const hasScript = spawnSync("script", ["--version"]).status === 0;
const program = inProject("dist/bin/sersync.js");

let daemon: Daemon;
let source: TemporaryDirectory;

/** Runs the program, on a terminal or not, and returns what it printed. */
async function run(words: readonly string[], terminal: boolean, environment = {}) {
  const line = [process.execPath, program, ...words].map((word) => `'${word}'`).join(" ");
  const command = terminal ? `stty cols 100; ${line}` : line;
  const argv = terminal ? ["script", "-qec", command, "/dev/null"] : ["sh", "-c", command];
  const [file = "", ...rest] = argv;
  const child = spawn(file, rest, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  return {
    child,
    ended: once(child, "close"),
    out: () => out,
    err: () => err,
  };
}

const erase = "\r\u001b[K";
const bar = /\[#*-+\] +\d+% {2}\d+ files, [\d.]+ \w+, [\d.]+ \w+\/s, \d:\d\d:\d\d left/;

describe.skipIf(version === undefined || !hasScript)("progress", () => {
  beforeAll(async () => {
    daemon = await startDaemon({
      version: version ?? "3.5.0",
      modules: { backup: {}, second: {} },
    });
    source = temporaryDirectory();
    for (let i = 0; i < 6; i += 1) fs.writeFileSync(`${source.path}/f${i}`, Buffer.alloc(500_000));
    return async () => {
      await daemon.remove();
      source[Symbol.dispose]();
    };
  });

  test("push and pull draw a bar on a terminal, and take it away", async () => {
    const url = `rsync://127.0.0.1:${daemon.port}/backup/`;
    for (const words of [
      ["push", "-a", "--bwlimit=2000", `${source.path}/`, url],
      ["pull", "-a", "--bwlimit=2000", url, `${source.path}-copy/`],
    ]) {
      const { ended, out } = await run(words, true);
      expect((await ended)[0]).toBe(0);
      expect(out()).toMatch(bar);
      expect(out().endsWith(erase)).toBe(true);
    }
    fs.rmSync(`${source.path}-copy`, { recursive: true });
  });

  test("a push whose output is no terminal says nothing, as rsync does", async () => {
    const url = `rsync://127.0.0.1:${daemon.port}/backup/`;
    const { ended, out, err } = await run(["push", "-a", `${source.path}/`, url], false);
    expect([(await ended)[0], out(), err()]).toEqual([0, "", ""]);
  });

  test("-r draws a bar below the log lines on a terminal", async () => {
    using work = temporaryDirectory();
    const file = writeConfiguration(
      {
        source: source.path,
        port: daemon.port,
        remotes: [{ module: "second" }],
        params: "-a --bwlimit=500",
      },
      work.path,
    );
    const places = { SERSYNC_RUNTIME_DIR: work.path, SERSYNC_STATE_DIR: `${work.path}/state` };
    const { child, ended, out } = await run(["-r", "-o", file], true, places);
    await expect.poll(out, { timeout: 60_000 }).toMatch(/full push complete/);
    child.kill("SIGTERM");
    await ended;
    const shown = out().split(erase);
    expect(shown.filter((text) => /^\[#*-+\] +\d+% {2}\d+ files, /.test(text))).not.toEqual([]);
    // Each line begins where the bar was erased, or on a line of its own.
    const lines = shown
      .flatMap((text) => text.split(/\r?\n/))
      .filter((line) => !line.startsWith("["));
    expect(lines.filter((line) => /^\d\d:\d\d:\d\d info/.test(line)).length).toBeGreaterThan(5);
    expect(lines.filter((line) => line.includes("%  "))).toEqual([]);
  });
});
