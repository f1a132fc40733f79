import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { expect, test } from "vitest";
import { asBytePath, displayPath, nativePath } from "../../protocol/path.ts";
import { type DaemonVersion, describeDaemons, startDaemon } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { startMeter } from "../support/meter.ts";
import { launchMirror, startMirror, untilEqualTrees } from "../support/mirror.ts";
import { makeTree, readTree, temporaryDirectory } from "../support/tree.ts";

const password = "s3cret-Pa55";

/** A source with one file in it, watched and not yet pushed. */
function sourceWith(spec: Parameters<typeof makeTree>[1]) {
  const source = temporaryDirectory();
  makeTree(source.path, spec);
  return source;
}

function isProblem({ level }: { readonly level: string }): boolean {
  return level === "error" || level === "warn";
}

describeDaemons("a mirror whose target is in trouble", (version) => {
  const refusals = [
    ["a wrong password", { user: "backup", password: "wrong-Pa55" }, "auth failed"],
    ["an unknown module", { user: "backup", password, module: "nowhere" }, "nowhere"],
    ["a read-only module", { user: "backup", password, module: "frozen" }, "read only"],
  ] as const;

  test.each(refusals)("says %s in one line, tells no secret, and stays", async (_, how, words) => {
    await using daemon = await startDaemon({
      version,
      modules: { backup: {}, frozen: { "read only": true } },
      users: { backup: password },
    });
    using source = sourceWith({ f: "content" });
    const { user, password: given } = how;
    const remotes = [{ module: "module" in how ? how.module : "backup" }];
    await using mirror = launchMirror({
      source: source.path,
      port: daemon.port,
      remotes,
      user,
      password: given,
    });
    const line = await mirror.says(isProblem);
    expect(line.msg.toLowerCase()).toContain(words);
    expect(line.msg).toMatch(/trying again in \d+ s$/);
    fs.writeFileSync(`${source.path}/g`, "more");
    fs.writeFileSync(`${source.path}/h`, "more");
    await mirror.says(({ msg }) => msg.startsWith("Watching"));
    expect(mirror.isRunning()).toBe(true);
    expect(await mirror.terminate()).toBe(0);
    const problems = mirror.lines.filter(isProblem).map(({ msg }) => msg);
    expect(problems).toEqual([line.msg, expect.stringContaining("not delivered")]);
    expect(mirror.output()).not.toContain(given);
    expect(mirror.output()).not.toMatch(/^\s+at /m);
  });

  test("scans in whole seconds where the daemon refuses nanoseconds", async () => {
    await using daemon = await startDaemon({
      version,
      modules: { backup: { "refuse options": "modify-window" } },
    });
    using source = sourceWith({ "d/f": "content" });
    await using mirror = await startMirror({
      source: source.path,
      port: daemon.port,
      remotes: [{ module: "backup" }],
    });
    expect(mirror.lines.filter(isProblem)).toEqual([]);
    await untilEqualTrees(source.path, daemon.path("backup"));
  });

  test("goes on by itself when an absent daemon comes up", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    await daemon.kill();
    using source = sourceWith({ f: "content", "d/g": "more" });
    await using mirror = launchMirror({
      source: source.path,
      port: daemon.port,
      remotes: [{ module: "backup" }],
    });
    const line = await mirror.says(isProblem);
    expect(line.msg).toMatch(/connection refused.*; trying again in 1\.\d s$/);
    await daemon.restart();
    await mirror.says(({ msg }) => msg === "the target is back");
    await untilEqualTrees(source.path, daemon.path("backup"));
  });

  test("a daemon that is killed in the middle of a file leaves nothing half-written", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    // The link is in this process: while that stands still, nothing passes.
    await using link = await startMeter(daemon.port, 10_000_000);
    using source = sourceWith({ small: "content" });
    await using mirror = await startMirror({
      source: source.path,
      port: link.port,
      remotes: [{ module: "backup" }],
    });
    const target = daemon.path("backup");
    fs.writeFileSync(`${source.path}/large`, Buffer.alloc(10_000_000, "0123456789abcdef"));
    await eventually(() => temporaryFiles(target).length).toBe(1);
    await daemon.kill();
    expect(fs.existsSync(`${target}/large`)).toBe(false);
    for (const name of temporaryFiles(target)) fs.rmSync(path.join(target, name));
    await mirror.says(isProblem);
    await daemon.restart();
    const explain = () => `${daemon.log()}\n${mirror.output().slice(-4_000)}`;
    await untilEqualTrees(source.path, target, { explain });
  });

  test("what breaks every session fails alone, changed or found by a comparison", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    await using meter = await startMeter(daemon.port);
    meter.cutAt("EICAR");
    using source = sourceWith({ "d/infected": "EICAR".repeat(20), "d/f": "content", "e/g": "" });
    const remotes = [{ module: "backup" }];
    await using mirror = await startMirror({ source: source.path, port: meter.port, remotes });
    makeTree(source.path, { "e/infected": "EICAR".repeat(20), "e/h": "", "e/i": "" });
    for (const path of ["d/infected", "e/infected"]) {
      const line = await mirror.says((each) => each.path === path && isProblem(each));
      expect(line.msg).toContain("sessions break with it");
    }
    for (const name of ["d/infected", "e/infected"]) fs.writeFileSync(`${source.path}/${name}`, "");
    await untilEqualTrees(source.path, daemon.path("backup"), { explain: mirror.output });
    expect(mirror.lines.filter(({ msg }) => msg === "the target is back")).toEqual([]);
  });

  test("changes during an outage arrive after it, deletions and renames too", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using source = sourceWith({ "d/f": "1", gone: "", old: "moved", "e/g": "2" });
    await using _ = await startMirror({
      source: source.path,
      port: daemon.port,
      remotes: [{ module: "backup" }],
    });
    await daemon.kill();
    fs.rmSync(`${source.path}/gone`);
    fs.rmSync(`${source.path}/e`, { recursive: true });
    fs.renameSync(`${source.path}/old`, `${source.path}/new`);
    fs.renameSync(`${source.path}/d`, `${source.path}/moved`);
    for (let i = 0; i < 200; i += 1) fs.writeFileSync(`${source.path}/moved/f${i}`, `${i}`);
    await daemon.restart();
    await untilEqualTrees(source.path, daemon.path("backup"));
  });

  test("a dead target and a silent one delay no other, and the dead one catches up", async () => {
    using source = sourceWith({ "d/f": "content" });
    await using alive = await startDaemon({ version, modules: { backup: {} } });
    await using silent = net.createServer(() => {}).listen(alive.port, "127.0.0.3");
    await once(silent, "listening");
    const hosts = ["127.0.0.3", "127.0.0.1", "127.0.0.2"];
    await using mirror = launchMirror({
      source: source.path,
      port: alive.port,
      remotes: hosts.map((host) => ({ host, module: "backup" })),
    });
    const line = await mirror.says(isProblem);
    expect(line.target).toContain("127.0.0.2");
    for (let i = 0; i < 100; i += 1) fs.writeFileSync(`${source.path}/f${i}`, `${i}`);
    await untilEqualTrees(source.path, alive.path("backup"));
    // The silent one is given up later than that.
    expect(mirror.lines.filter(isProblem).map(({ target }) => target)).not.toContainEqual(
      expect.stringContaining("127.0.0.3"),
    );
    await using late = await startSecond(version, alive.port);
    const explain = () => `${late.log()}\n${mirror.output().slice(-4_000)}`;
    await untilEqualTrees(source.path, late.path("backup"), { explain });
    await alive.kill(); // or the other would be waited for at the port they share
  });
});

/** A daemon at the same port of another loopback address. */
function startSecond(version: DaemonVersion, port: number) {
  return startDaemon({
    version,
    port,
    modules: { backup: {} },
    global: { address: "127.0.0.2" },
  });
}

/** What a receiving rsync calls `.large.XXXXXX` until it is whole. */
function temporaryFiles(directory: string): string[] {
  return fs.readdirSync(directory).filter((name) => /^\.large\.\w{6}$/.test(name));
}

describeDaemons("a mirror whose source is in trouble", (version) => {
  test("nothing is deleted at the target when the source is moved away", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using place = sourceWith({ "watched/d/f": "content", "watched/g": "" });
    const source = `${place.path}/watched`;
    await using mirror = await startMirror({
      source,
      port: daemon.port,
      remotes: [{ module: "backup" }],
    });
    const target = daemon.path("backup");
    fs.renameSync(source, `${place.path}/away`);
    await mirror.says(({ msg }) => msg.includes("has gone"));
    makeTree(`${place.path}/away`, { "d/later": "while it was away" });
    expect(filesOf(target)).toEqual(["d/f", "g"]);
    fs.renameSync(`${place.path}/away`, source);
    await untilEqualTrees(source, target);
  });

  test("nothing is deleted at the target when another directory takes the source's place", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using place = sourceWith({ "watched/d/f": "content", "watched/g": "", "other/new": "" });
    const source = `${place.path}/watched`;
    await using mirror = await startMirror({
      source,
      port: daemon.port,
      remotes: [{ module: "backup" }],
    });
    fs.renameSync(source, `${place.path}/away`);
    fs.renameSync(`${place.path}/other`, source);
    await mirror.says(({ msg }) => msg.startsWith("another directory is there now"));
    const isComplete = ({ msg }: { readonly msg: string }) => msg === "full push complete";
    await mirror.says(() => mirror.lines.filter(isComplete).length === 2);
    fs.writeFileSync(`${source}/last`, "");
    await mirror.says(({ msg, path }) => msg === "delivered" && path === "last");
    // It may be on its way once more: it was there before it was closed.
    await expect.poll(() => filesOf(daemon.path("backup"))).toEqual(["d/f", "g", "last", "new"]);
    fs.renameSync(source, `${place.path}/other`);
    await mirror.says(() => mirror.lines.filter(({ msg }) => msg.includes("has gone")).length > 1);
    fs.renameSync(`${place.path}/away`, source);
    await untilEqualTrees(source, daemon.path("backup"));
  });

  test("a source that is missing at the start is waited for, and then mirrored", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using place = sourceWith({ "other/d/f": "content" });
    const source = `${place.path}/watched`;
    const remotes = [{ module: "backup" }];
    await using mirror = launchMirror({ source, port: daemon.port, remotes, argv: ["--wait"] });
    await mirror.says(({ msg }) => msg.endsWith("waiting for it"));
    fs.renameSync(`${place.path}/other`, source);
    await untilEqualTrees(source, daemon.path("backup"));
    fs.rmSync(`${source}/d/f`);
    await untilEqualTrees(source, daemon.path("backup"));
  });

  test.each(["poll", "chokidar"])(
    "the %s watcher brings changes to the target, too",
    async (name) => {
      await using daemon = await startDaemon({ version, modules: { backup: {} } });
      using source = sourceWith({ "d/f": "content", g: "" });
      const explain = () => mirror.output().slice(-3_000);
      await using mirror = await startMirror({
        source: source.path,
        port: daemon.port,
        remotes: [{ module: "backup" }],
        argv: ["--watcher", name, "--poll-interval", "1"],
      });
      makeTree(source.path, { "new/deep/f": "1", "d/h": "2" });
      fs.renameSync(`${source.path}/d`, `${source.path}/e`);
      fs.rmSync(`${source.path}/g`);
      await untilEqualTrees(source.path, daemon.path("backup"), { explain });
    },
  );

  test("-r with an empty source deletes nothing, says so, and mirrors what comes", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using source = temporaryDirectory();
    const target = daemon.path("backup");
    makeTree(target, { "d/f": "content", g: "" });
    await using mirror = await startMirror({
      source: source.path,
      port: daemon.port,
      remotes: [{ module: "backup" }],
    });
    await mirror.says(({ msg }) => msg.includes("is empty"));
    fs.writeFileSync(`${source.path}/new`, "new");
    await mirror.says(({ msg, path }) => msg === "delivered" && path === "new");
    expect(fs.readdirSync(target).sort()).toEqual(["d", "g", "new"]);
    expect(fs.readFileSync(`${target}/d/f`, "utf8")).toBe("content");
  });
});

describeDaemons("a mirror with a filter", (version) => {
  const filter = ["(.*)\\.log", "^cache/*"];

  test("excluded files are neither sent nor deleted, in a deleted directory too", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using source = sourceWith({ "d/f": "", "d/e/f": "", "x.log": "ours", "cache/f": "ours" });
    const target = daemon.path("backup");
    makeTree(target, { "d/e/kept.log": "theirs", "cache/g": "theirs", "y.log": "theirs" });
    makeTree(target, { extra: "", "extra.d/f": "", "half/z.log": "theirs", "half/f": "" });
    await using mirror = await startMirror({
      source: source.path,
      port: daemon.port,
      remotes: [{ module: "backup" }],
      filter,
    });
    const kept = ["cache/g", "d/e/kept.log", "half/z.log", "y.log"];
    await expect
      .poll(() => filesOf(target), { timeout: 30_000 })
      .toEqual([...kept, "d/e/f", "d/f"].sort());
    makeTree(source.path, { "new.log": "", "cache/new": "", "d/e/new.log": "", "d/e/new": "" });
    await mirror.says(({ msg, path }) => msg === "delivered" && path === "d/e/new");
    fs.rmSync(`${source.path}/d`, { recursive: true });
    await expect.poll(() => filesOf(target), { timeout: 30_000 }).toEqual(kept);
    expect(mirror.lines.filter(({ path: at }) => /log$|^cache/.test(at ?? ""))).toEqual([]);
  });

  test("a directory with excluded files is deleted below one that stays, too", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using source = sourceWith({ "a/d/e/f": "", "a/d/f": "", "a/f": "", "b/f": "" });
    const target = daemon.path("backup");
    makeTree(target, { "a/d/e/kept.log": "theirs" });
    await using mirror = await startMirror({
      source: source.path,
      port: daemon.port,
      remotes: [{ module: "backup" }],
      filter,
    });
    fs.rmSync(`${source.path}/a/d`, { recursive: true });
    fs.writeFileSync(`${source.path}/a/new`, "");
    await expect
      .poll(() => filesOf(target), { timeout: 30_000 })
      .toEqual(["a/d/e/kept.log", "a/f", "a/new", "b/f"]);
    expect(mirror.lines.filter(isProblem).filter(({ target: of }) => of !== undefined)).toEqual([]);
  });
});

describeDaemons("a mirror with a filter, where a directory becomes something else", (version) => {
  const names = ["d", "line\nfeed", "\xff\n", "e*"];

  test("spares what is excluded in it, and goes on when that has gone", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using source = temporaryDirectory();
    const target = daemon.path("backup");
    for (const name of [...names, "free"]) makeTree(source.path, { [`${name}/e/f`]: "" });
    for (const name of names) makeTree(target, { [`${name}/e/kept.log`]: "theirs" });
    await using mirror = await startMirror({
      source: source.path,
      port: daemon.port,
      remotes: [{ module: "backup" }],
      filter: ["(.*)\\.log"],
    });
    for (const [index, name] of [...names, "free"].entries()) {
      const path = nativePath(source.path, asBytePath(name));
      fs.rmSync(path, { recursive: true });
      if (index % 2 === 0) fs.writeFileSync(path, "a file");
      else fs.symlinkSync("nowhere", path);
    }
    const isRefused = (name: string) =>
      mirror.says(
        ({ msg, path }) =>
          path === displayPath(asBytePath(name)) && msg.includes("filter excludes"),
      );
    await Promise.all(names.map(isRefused));
    await expect.poll(() => [...readTree(target).keys()]).toContain("free");
    const found = (): string[] => {
      const files = [...readTree(target)].filter(([, { type }]) => type === "file");
      return files.map(([path]) => path).sort();
    };
    await expect.poll(found).toEqual([...names.map((name) => `${name}/e/kept.log`), "free"].sort());
    for (const name of names) fs.rmSync(nativePath(target, asBytePath(`${name}/e/kept.log`)));
    await untilEqualTrees(source.path, target);
  });
});

function filesOf(directory: string): string[] {
  return fs
    .readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)))
    .sort();
}
