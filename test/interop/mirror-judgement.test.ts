import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { runNode } from "../support/command.mjs";
import { type Daemon, daemonVersions, startDaemon } from "../support/daemon.ts";
import { patienceMs } from "../support/eventually.ts";
import {
  type LogLine,
  launchMirror,
  type RunningMirror,
  startMirror,
  untilEqualTrees,
} from "../support/mirror.ts";
import {
  makeTree,
  readTree,
  type TreeSpec,
  temporaryDirectory,
  treeDifferences,
} from "../support/tree.ts";

const version = "3.5.0";
const hasDaemon = daemonVersions.includes(version);

function numbered(count: number, prefix = "f"): TreeSpec {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix}${i}`, `${i}`]));
}

function until(what: () => unknown, wanted: unknown, timeout = patienceMs): Promise<void> {
  return expect.poll(what, { timeout, interval: 20 }).toEqual(wanted);
}

function setUpFor(daemon: Daemon, source: string) {
  return { source, port: daemon.port, remotes: [{ module: "backup" }] };
}

describe.skipIf(!hasDaemon)("the guard against mass deletions (F-20)", () => {
  test("halts what a comparison would delete, goes on with updates, and holds events back", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using source = temporaryDirectory();
    makeTree(source.path, numbered(20));
    const target = daemon.path("backup");
    makeTree(target, { ...numbered(150, "theirs/"), f1: "old" });
    await using mirror = await startMirror(setUpFor(daemon, source.path));
    const line = await mirror.says(({ msg }) => msg.startsWith("DELETIONS ARE HALTED"));
    expect(line.msg).toContain("151 objects at the target are not here any more, 88 %");
    fs.rmSync(`${source.path}/f0`);
    fs.writeFileSync(`${source.path}/new`, "new");
    await mirror.says(({ msg, path }) => msg === "delivered" && path === "new");
    expect(fs.readFileSync(`${target}/f1`, "utf8")).toBe("1");
    expect(fs.existsSync(`${target}/f0`)).toBe(true);
    expect(fs.readdirSync(`${target}/theirs`)).toHaveLength(150);
  });

  test("asks about less when it is told to, and about an empty source always", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using source = temporaryDirectory();
    const target = daemon.path("backup");
    makeTree(target, { a: "", b: "" });
    const setUp = { ...setUpFor(daemon, source.path), argv: ["--delete-guard", "100"] };
    {
      await using mirror = await startMirror(setUp);
      await mirror.says(({ msg }) => msg.includes("the watched directory is empty"));
      expect(fs.readdirSync(target)).toHaveLength(2);
    }
    makeTree(source.path, { f: "" });
    makeTree(target, numbered(300));
    await using mirror = await startMirror(setUp);
    await until(() => fs.readdirSync(target), ["f"]);
    expect(mirror.output()).not.toContain("HALTED");
  });

  test("deletions that events tell of are made, however many they are", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using source = temporaryDirectory();
    makeTree(source.path, { ...numbered(200, "d/"), stays: "" });
    await using mirror = await startMirror(setUpFor(daemon, source.path));
    await untilEqualTrees(source.path, daemon.path("backup"));
    fs.rmSync(`${source.path}/d`, { recursive: true });
    await untilEqualTrees(source.path, daemon.path("backup"));
    expect(mirror.output()).not.toContain("HALTED");
  });
});

describe.skipIf(!hasDaemon)("a mirror whose target has little to give", () => {
  test.each([1, 2, 4])("makes do with %i connections", async (most) => {
    await using daemon = await startDaemon({
      version,
      modules: { backup: { "max connections": most } },
    });
    using source = temporaryDirectory();
    makeTree(source.path, { ...numbered(500, "d/"), large: Buffer.alloc(3_000_000, "x") });
    await using mirror = await startMirror(setUpFor(daemon, source.path));
    const explain = () => mirror.output().slice(-3_000);
    await untilEqualTrees(source.path, daemon.path("backup"), { explain });
    for (let i = 0; i < 20; i += 1) {
      fs.writeFileSync(`${source.path}/g${i}`, "x");
      if (i % 7 === 0) fs.writeFileSync(`${source.path}/large${i}`, Buffer.alloc(2_000_000, "y"));
    }
    fs.rmSync(`${source.path}/d`, { recursive: true });
    await untilEqualTrees(source.path, daemon.path("backup"), { explain });
  });

  const canMount = process.getuid?.() === 0;

  test.skipIf(!canMount)(
    "waits while its disk is full, and goes on when there is room",
    async () => {
      using disk = temporaryDirectory();
      const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "test", disk.path]);
      if (mounted.status !== 0) return;
      using _ = { [Symbol.dispose]: () => void spawnSync("umount", ["-l", disk.path]) };
      await using daemon = await startDaemon({ version, modules: { backup: { path: disk.path } } });
      using source = temporaryDirectory();
      makeTree(source.path, { small: "1" });
      await using mirror = await startMirror(setUpFor(daemon, source.path));
      makeTree(source.path, { big: Buffer.alloc(2_000_000, "x") });
      for (let i = 0; i < 50; i += 1) fs.writeFileSync(`${source.path}/f${i}`, `${i}`);
      await mirror.says(({ level, msg }) => level === "error" && msg.includes("No space left"));
      await until(() => fs.existsSync(`${disk.path}/f49`), true);
      expect(mirror.lines.filter(({ level }) => level === "error").length).toBeLessThan(5);
      expect(spawnSync("mount", ["-o", "remount,size=16m", disk.path]).status).toBe(0);
      const explain = () => mirror.output().slice(-3_000);
      await untilEqualTrees(source.path, disk.path, { explain });
    },
  );

  test("takes a mended password at once, without a restart", async () => {
    await using daemon = await startDaemon({
      version,
      modules: { backup: {} },
      users: { me: "right" },
    });
    using source = temporaryDirectory();
    makeTree(source.path, { f: "" });
    const setUp = { ...setUpFor(daemon, source.path), user: "me", password: "wrong" };
    await using mirror = launchMirror(setUp);
    await mirror.says(({ msg }) => msg.includes("auth failed"));
    mirror.setPassword("right");
    await untilEqualTrees(source.path, daemon.path("backup"));
    expect(mirror.lines.filter(({ level }) => level === "error")).toHaveLength(1);
  });
});

describe.skipIf(!hasDaemon)("what is compared, and when", () => {
  test("a crontab compares everything but what it excludes, and deletes (F-17)", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using source = temporaryDirectory();
    makeTree(source.path, { "a.php": "ours", b: "ours" });
    const target = daemon.path("backup");
    makeTree(target, { "a.php": "theirs", "extra.php": "", extra: "", "x.log": "" });
    await using mirror = await startMirror({
      ...setUpFor(daemon, source.path),
      fullPush: false,
      filter: ["(.*)\\.log"],
      crontab: { cron: "* * * * * *", excludes: ["*.php"] },
    });
    await until(() => fs.readdirSync(target).sort(), ["a.php", "b", "extra.php", "x.log"]);
    expect(fs.readFileSync(`${target}/a.php`, "utf8")).toBe("theirs");
    expect(mirror.isRunning()).toBe(true);
  });

  test("a dry run tells every difference and changes nothing", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using source = temporaryDirectory();
    using place = temporaryDirectory();
    makeTree(source.path, { "d/new": "", "e/changed": "here", same: "", mode: "", "skip.log": "" });
    const target = daemon.path("backup");
    makeTree(target, { "e/changed": "there!", same: "", mode: "", "old/f": "", "old.log": "" });
    for (const root of [source.path, target]) {
      for (const name of ["same", "mode", "e"]) fs.utimesSync(`${root}/${name}`, 1, 1);
    }
    fs.chmodSync(`${target}/mode`, 0o600);
    const before = readTree(target);
    const file = `${place.path}/confxml.xml`;
    fs.writeFileSync(
      file,
      `<head version="2.5"><filter start="true"><exclude expression="(.*)\\.log"/></filter><sersync>
        <localpath watch="${source.path}"><remote ip="127.0.0.1" name="backup" port="${daemon.port}"/></localpath>
        <rsync><commonParams params="-a"/></rsync></sersync></head>`,
    );
    const { output, ok } = runNode("dist/bin/sersync.js", ["diff", "-o", file]);
    expect(ok).toBe(true);
    expect(output.split("\n").slice(1, -1).sort()).toEqual([
      "  adjust mode",
      "  create d",
      "  create d/new",
      "  delete old",
      "  send   e/changed",
    ]);
    expect(treeDifferences(before, readTree(target))).toEqual([]);
  });

  test("several localpaths and remotes each go their own way (F-23)", async () => {
    await using daemon = await startDaemon({
      version,
      modules: { backup: {}, second: {}, third: {} },
    });
    using source = temporaryDirectory();
    using other = temporaryDirectory();
    makeTree(source.path, { a: "1" });
    makeTree(other.path, { b: "2" });
    await using _ = await startMirror({
      source: source.path,
      port: daemon.port,
      remotes: [{ module: "backup" }, { module: "second" }],
      localpaths: `<localpath watch="${other.path}"><remote ip="127.0.0.1" name="third"/></localpath>`,
    });
    makeTree(source.path, { "d/c": "3" });
    makeTree(other.path, { "e/f": "4" });
    await untilEqualTrees(source.path, daemon.path("backup"));
    await untilEqualTrees(source.path, daemon.path("second"));
    await untilEqualTrees(other.path, daemon.path("third"));
  });

  test("where two directories go to one place, comparisons delete nothing, and events do", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using source = temporaryDirectory();
    using other = temporaryDirectory();
    makeTree(source.path, { a: "" });
    makeTree(other.path, { b: "" });
    const target = daemon.path("backup");
    makeTree(target, { theirs: "" });
    await using mirror = await startMirror({
      ...setUpFor(daemon, source.path),
      localpaths: `<localpath watch="${other.path}"><remote ip="127.0.0.1" name="backup"/></localpath>`,
    });
    for (const name of ["a", "b"]) {
      await mirror.says(({ msg, path }) => msg === "delivered" && path === name);
    }
    fs.rmSync(`${source.path}/a`);
    await mirror.says(({ kind, path }) => kind === "delete" && path === "a");
    expect(await mirror.terminate()).toBe(0);
    expect(fs.readdirSync(target).sort()).toEqual(["b", "theirs"]);
    expect(mirror.output()).toContain("comparisons delete nothing in either");
  });

  test('with delete start="false" nothing is ever deleted, not by -r either', async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using source = temporaryDirectory();
    makeTree(source.path, { a: "", "d/b": "", c: "" });
    const target = daemon.path("backup");
    makeTree(target, { theirs: "" });
    await using mirror = await startMirror({
      ...setUpFor(daemon, source.path),
      events: { delete: false },
    });
    fs.rmSync(`${source.path}/a`);
    fs.rmSync(`${source.path}/d`, { recursive: true });
    fs.renameSync(`${source.path}/c`, `${source.path}/moved`);
    makeTree(source.path, { last: "" });
    await mirror.says(({ msg, path }) => msg === "delivered" && path === "last");
    await until(() => fs.existsSync(`${target}/moved`), true);
    expect(fs.readdirSync(target).sort()).toEqual(["a", "c", "d", "last", "moved", "theirs"]);
  });
});

test.skipIf(!hasDaemon)(
  "two mirrors that face each other come to rest, and lose nothing",
  async () => {
    using left = temporaryDirectory();
    using right = temporaryDirectory();
    await using daemon = await startDaemon({
      version,
      modules: { left: { path: left.path }, right: { path: right.path } },
    });
    const { port } = daemon;
    await using one = await startMirror({
      source: left.path,
      port,
      remotes: [{ module: "right" }],
      fullPush: false,
    });
    await using two = await startMirror({
      source: right.path,
      port,
      remotes: [{ module: "left" }],
      fullPush: false,
    });
    const isFile = (line: LogLine): boolean => line.msg === "delivered" && line.kind === "file";
    const files = (mirror: RunningMirror) => mirror.lines.filter(isFile).map(({ path }) => path);
    const sent = () => files(one).length + files(two).length;
    // As long as a file goes round, the number of what was sent never stays the same.
    const rest = (): Promise<void> => {
      let before = -1;
      const isStill = (): boolean => {
        const now = sent();
        const wasSame = now === before;
        before = now;
        return wasSame;
      };
      return expect.poll(isStill, { timeout: patienceMs, interval: 500 }).toBe(true);
    };
    /** Writes what `from` carries over; resolves when the other mirror has sent it back. */
    const write = async (from: RunningMirror, file: string, content: string): Promise<void> => {
      const name = path.basename(file);
      const back = from === one ? two : one;
      const times = files(back).filter((sentName) => sentName === name).length;
      fs.writeFileSync(file, content);
      const isBack = () => files(back).filter((sentName) => sentName === name).length > times;
      await until(isBack, true);
    };
    const lefts = Array.from({ length: 10 }, (_, i) => `${i % 2 === 0 ? "" : "."}l${i}`);
    const rights = Array.from({ length: 10 }, (_, i) => `${i % 2 === 0 ? "" : "."}r${i}`);
    for (const name of lefts) fs.writeFileSync(`${left.path}/${name}`, `left ${name}`);
    for (const name of rights) fs.writeFileSync(`${right.path}/${name}`, `right ${name}`);
    await untilEqualTrees(left.path, right.path);
    const all = [...lefts, ...rights];
    await until(() => all.filter((name) => !files(one).includes(name)), []);
    await until(() => all.filter((name) => !files(two).includes(name)), []);
    await rest();
    // What is on its way back would replace what is written meanwhile: that is so with two mirrors.
    await write(one, `${left.path}/l0`, "left 0 again");
    expect(fs.readFileSync(`${right.path}/l0`, "utf8")).toBe("left 0 again");
    await rest();
    await write(two, `${right.path}/l0`, "right answers");
    expect(fs.readFileSync(`${left.path}/l0`, "utf8")).toBe("right answers");
    await rest();
    await untilEqualTrees(left.path, right.path);
  },
);
