import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, test } from "vitest";
import { pull, RsyncError } from "../../protocol/index.ts";
import { inProject } from "../support/command.mjs";
import { type Daemon, daemonVersions, startDaemon } from "../support/daemon.ts";
import { type Random, random } from "../support/random.ts";
import { expectEqualTrees, makeTree, type TreeSpec, temporaryDirectory } from "../support/tree.ts";

/** More of them are a longer proof: `SERSYNC_KILLS=100`. */
const kills = Number(process.env["SERSYNC_KILLS"] ?? 12);
const timeout = 60_000 + kills * 15_000;
const files = 60;
/** What every kill runs with, one after the other. */
const optionLists = ["-a", "-a --delay-updates", "-a --partial-dir=.p", "-ab --suffix=.bak"];

function version(seed: number): TreeSpec {
  const chance = random(seed);
  const entries = Array.from({ length: files }, (_, at): [string, Uint8Array] => [
    `d${at % 5}/file${at}`,
    chance.bytes(at === 30 ? 2_000_000 : 1 + chance.below(60_000)),
  ]);
  return Object.fromEntries(entries);
}

const [before, after] = [version(1), version(2)];

/** Every name has its old content or its new one; what else there is is on its way. */
function expectWholeFiles(root: string): void {
  const torn = Object.keys(before).filter((name) => {
    const content = fs.readFileSync(path.join(root, name));
    return !content.equals(before[name] as Buffer) && !content.equals(after[name] as Buffer);
  });
  expect(torn).toEqual([]);
  const left = fs.readdirSync(root, { recursive: true, encoding: "utf8" });
  const isExpected =
    /^(d\d(\/(\.file\d+\.\w{6}|file\d+(\.bak)?|\.p|\.~tmp~))?|d\d\/\.(p|~tmp~)\/.*)$/;
  expect(left.filter((name) => !isExpected.test(name))).toEqual([]);
}

function urlOf(daemon: Daemon): string {
  return `rsync://127.0.0.1:${daemon.port}/m/`;
}

/** Runs `sersync pull`, and kills it when it has told of so many files. */
async function pullAndKill(words: readonly string[], lines: number): Promise<void> {
  const argv = [inProject("dist/bin/sersync.js"), "pull", "-i", ...words];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(child, "exit");
  let told = 0;
  createInterface({ input: child.stdout }).on("line", () => {
    told += 1;
    if (told === lines) child.kill("SIGKILL");
  });
  await ended;
}

async function startOver(daemon: Daemon, here: string, chance: Random): Promise<void> {
  fs.rmSync(here, { recursive: true, force: true });
  makeTree(here, before);
  // Equal sizes and times would be taken for equal files.
  for (const name of Object.keys(after)) {
    fs.utimesSync(path.join(daemon.path("m"), name), 1e9, 1e9 + chance.below(1e6));
  }
}

describe.skipIf(!daemonVersions.includes("3.5.0"))("a pull that is killed", () => {
  test(`leaves whole files, ${kills} times`, { timeout }, async () => {
    await using daemon = await startDaemon({ version: "3.5.0", modules: { m: {} } });
    using work = temporaryDirectory();
    makeTree(daemon.path("m"), after);
    const here = path.join(work.path, "here");
    const chance = random(7);
    for (let kill = 0; kill < kills; kill += 1) {
      await startOver(daemon, here, chance);
      const options = (optionLists[kill % optionLists.length] as string).split(" ");
      await pullAndKill([...options, urlOf(daemon), `${here}/`], 1 + chance.below(files));
      expectWholeFiles(here);
    }
    await pullAndKill(["-a", "--delete", urlOf(daemon), `${here}/`], Number.POSITIVE_INFINITY);
    expectEqualTrees(daemon.path("m"), here);
  });

  test("whole files are left when the daemon is killed, and nothing beside them", {
    timeout,
  }, async () => {
    await using daemon = await startDaemon({ version: "3.5.0", modules: { m: {} } });
    using work = temporaryDirectory();
    makeTree(daemon.path("m"), after);
    const here = path.join(work.path, "here");
    const chance = random(8);
    const pid = fs.readFileSync(path.join(daemon.directory, "rsyncd.pid"), "utf8").trim();
    let lost = 0;
    for (let kill = 0; kill < kills; kill += 1) {
      await startOver(daemon, here, chance);
      let left = 1 + chance.below(files);
      const killed = await pull(urlOf(daemon), here, {
        receiving: () => {
          left -= 1;
          if (left === 0) killChildren(pid);
        },
      }).catch((error: unknown) => error);
      if (killed instanceof RsyncError) lost += 1;
      expectWholeFiles(here);
      const names = fs.readdirSync(here, { recursive: true, encoding: "utf8" });
      expect(names.filter((name) => path.basename(name).startsWith("."))).toEqual([]);
    }
    expect(lost).toBeGreaterThan(0);
  });
});

/** A daemon has a process for every session. */
function killChildren(pid: string): void {
  const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  for (const child of children.split(" ").filter((word) => word !== "")) {
    process.kill(Number(child), "SIGKILL");
  }
}
