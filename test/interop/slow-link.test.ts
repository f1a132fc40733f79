import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { daemonVersions, startDaemon } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { startMeter } from "../support/meter.ts";
import { startMirror, untilEqualTrees } from "../support/mirror.ts";
import { makeTree, temporaryDirectory } from "../support/tree.ts";

const version = "3.5.0";
const megabyte = 1_000_000;
const bytesPerSecond = 2 * megabyte;

/** A running mirror whose sessions share a slow link. */
async function place() {
  const daemon = await startDaemon({ version, modules: { backup: {} } });
  const link = await startMeter(daemon.port, bytesPerSecond);
  const directory = temporaryDirectory();
  const source = directory.path;
  const target = daemon.path("backup");
  const mirror = await startMirror({ source, port: link.port, remotes: [{ module: "backup" }] });
  return {
    source,
    target,
    mirror,
    /** Resolves when the daemon has begun to write a file. */
    isArriving: async (path: string) => {
      const [name = "", ...above] = path.split("/").reverse();
      const place = [target, ...above.reverse()].join("/");
      const isPart = (found: string): boolean => found.startsWith(`.${name}.`);
      const parts = () => (fs.existsSync(place) ? fs.readdirSync(place).filter(isPart).length : 0);
      await eventually(parts).toBe(1);
    },
    [Symbol.asyncDispose]: async () => {
      await mirror[Symbol.asyncDispose]();
      await link[Symbol.asyncDispose]();
      await daemon[Symbol.asyncDispose]();
      directory[Symbol.dispose]();
    },
  };
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

describe.skipIf(!daemonVersions.includes(version))("through a slow link", () => {
  test("10 GB on their way hold up no file of 1 KB, two such none of 2 MB (F-25)", async () => {
    await using at = await place();
    for (const name of ["large", "larger"]) {
      fs.writeFileSync(`${at.source}/${name}`, "");
      fs.truncateSync(`${at.source}/${name}`, 10_000 * megabyte);
    }
    await at.isArriving("large");
    const delays: number[] = [];
    for (let i = 0; i < 30; i += 1) {
      const content = `${i}`.padEnd(1_000, "x");
      const [from, to] = [`${at.source}/small${i % 5}`, `${at.target}/small${i % 5}`];
      const writtenAt = performance.now();
      fs.writeFileSync(from, content);
      while (!fs.existsSync(to) || fs.readFileSync(to, "utf8") !== content) await sleep(2);
      delays.push(performance.now() - writtenAt);
    }
    // Behind a large file it would be more than an hour.
    expect(median(delays)).toBeLessThan(2_000);
    fs.writeFileSync(`${at.source}/medium`, Buffer.alloc(2 * megabyte));
    await eventually(() => fs.existsSync(`${at.target}/medium`)).toBe(true);
    await at.isArriving("large"); // still
  });

  test("what changes while it is sent, or loses the directories above it, ends as it is here", async () => {
    await using at = await place();
    const { source } = at;
    const send = async (path: string, letter: string): Promise<void> => {
      makeTree(source, { [path]: Buffer.alloc(3 * megabyte, letter) });
      await at.isArriving(path);
    };
    const isSame = () => untilEqualTrees(source, at.target);
    await send("d/e/large", "a");
    makeTree(source, { "d/e/large": Buffer.alloc(3 * megabyte, "b"), "d/e/f": "1", "d/g": "2" });
    fs.renameSync(`${source}/d`, `${source}/h`);
    makeTree(source, { d: "a file where the directory was" });
    await isSame();
    await send("h/e/other", "c");
    fs.rmSync(`${source}/h/e`, { recursive: true });
    fs.symlinkSync("nowhere", `${source}/h/e`);
    await isSame();
    expect(at.mirror.lines.filter(({ level }) => level === "error")).toEqual([]);
  });
});
