import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { describe, expect, test } from "vitest";
import { daemonVersions, startDaemon } from "../support/daemon.ts";
import { launchMirror, startMirror, untilEqualTrees } from "../support/mirror.ts";
import { makeTree, type TreeSpec, temporaryDirectory } from "../support/tree.ts";

const version = "3.5.0";

function isProblem({ level }: { readonly level: string }): boolean {
  return level === "error";
}

function until(what: () => unknown, wanted: unknown, timeout = 30_000): Promise<void> {
  return expect.poll(what, { timeout, interval: 50 }).toEqual(wanted);
}

/** The state files below a directory, as text. */
function statesIn(directory: string): string {
  const names = fs.existsSync(directory) ? fs.readdirSync(directory) : [];
  return names
    .filter((name) => name.endsWith(".jsonl"))
    .map((name) => fs.readFileSync(`${directory}/${name}`, "utf8"))
    .join("");
}

/** A daemon, a source, and a mirror's settings with a place for its state. */
async function place(tree: TreeSpec = {}) {
  const daemon = await startDaemon({ version, modules: { backup: {} } });
  const source = temporaryDirectory();
  const state = temporaryDirectory();
  makeTree(source.path, tree);
  const remotes = [{ module: "backup" }];
  return {
    daemon,
    source: source.path,
    state: state.path,
    target: daemon.path("backup"),
    setUp: { source: source.path, port: daemon.port, remotes, stateDirectory: state.path },
    async [Symbol.asyncDispose]() {
      source[Symbol.dispose]();
      state[Symbol.dispose]();
      await daemon[Symbol.asyncDispose]();
    },
  };
}

describe.skipIf(!daemonVersions.includes(version))("a mirror that is killed", () => {
  test("pushes at its next start what was pending, deletions and renames too (F-12)", async () => {
    const alike = { "moved/f": "AAAA", "over/f": "BBBB" };
    await using at = await place({ gone: "1", "d/gone too": "2", stays: "3", ...alike });
    for (const name of Object.keys(alike)) fs.utimesSync(`${at.source}/${name}`, 1e9, 1e9);
    const { setUp } = at;
    {
      await using first = await startMirror(setUp);
      await untilEqualTrees(at.source, at.target);
      makeTree(at.target, { "theirs alone": "" });
      await at.daemon.kill();
      fs.rmSync(`${at.source}/gone`);
      fs.rmSync(`${at.source}/d`, { recursive: true });
      fs.rmSync(`${at.source}/over`, { recursive: true });
      fs.renameSync(`${at.source}/moved`, `${at.source}/over`);
      makeTree(at.source, { "new\n\u00e9": "written while the target was away" });
      await first.says(isProblem);
      await until(() => /"new\\n/.test(statesIn(at.state)), true);
      expect(statesIn(at.state)).toContain('"clean":false');
    } // SIGKILL
    makeTree(at.source, { unseen: "written while nobody watched" });
    await at.daemon.restart();
    await using second = launchMirror({ ...setUp, fullPush: false });
    await second.says(({ msg }) => msg.includes("did not end in order"));
    const wanted = ["new\n\u00e9", "over", "stays", "theirs alone", "unseen"].sort();
    await until(() => fs.readdirSync(at.target, "latin1").sort(), wanted);
    await until(() => fs.readFileSync(`${at.target}/over/f`, "utf8"), "AAAA");
  });

  test("in the middle of 2,000 writes loses nothing", async () => {
    await using at = await place();
    const setUp = { ...at.setUp, fullPush: false };
    {
      await using first = await startMirror(setUp);
      for (let i = 0; i < 2_000; i += 1) {
        fs.writeFileSync(`${at.source}/f${i}`, `content ${i}`);
        if (i === 1_000) await first.says(({ msg }) => msg === "delivered");
      }
    }
    await using second = launchMirror(setUp);
    const explain = () => second.output().slice(-2_000);
    await untilEqualTrees(at.source, at.target, { explain });
  });

  test("ends while its source is away: owes a comparison, and deletes nothing that a stranger lacks", async () => {
    const many = Array.from({ length: 120 }, (_, i) => [`f${i}`, ""] as const);
    await using at = await place(Object.fromEntries(many));
    using away = temporaryDirectory();
    using stranger = temporaryDirectory();
    makeTree(stranger.path, { other: "" });
    {
      await using first = await startMirror(at.setUp);
      await untilEqualTrees(at.source, at.target);
      await at.daemon.kill();
      fs.rmSync(`${at.source}/f7`);
      await first.says(isProblem);
      fs.renameSync(at.source, away.path);
      await first.says(({ msg }) => msg.includes("has gone"));
      expect(await first.terminate()).toBe(0);
    }
    expect(statesIn(at.state)).toContain('"owed":{"deletes":false}');
    expect(statesIn(at.state)).toContain('["f7",');
    await at.daemon.restart();
    const setUp = { ...at.setUp, fullPush: false, argv: ["--wait"] };
    await using second = launchMirror(setUp);
    await second.says(({ msg }) => msg.endsWith("waiting for it"));
    fs.renameSync(stranger.path, at.source);
    await second.says(({ msg, path }) => msg === "delivered" && path === "other");
    await second.says(({ msg }) => msg === "full push complete");
    expect(second.output()).toContain("DELETIONS ARE HALTED");
    expect(fs.readdirSync(at.target)).toHaveLength(121);
  });

  test("ends while a stranger is in its source's place: what was pending of the first is not deleted", async () => {
    const many = Array.from({ length: 120 }, (_, i) => [`f${i}`, ""] as const);
    await using at = await place(Object.fromEntries(many));
    using away = temporaryDirectory();
    using stranger = temporaryDirectory();
    makeTree(stranger.path, { other: "" });
    {
      await using first = await startMirror(at.setUp);
      await untilEqualTrees(at.source, at.target);
      await at.daemon.kill();
      makeTree(at.source, { f7: "changed" });
      await first.says(isProblem);
      fs.renameSync(at.source, away.path);
      fs.renameSync(stranger.path, at.source);
      await first.says(({ msg }) => msg.startsWith("another directory is there now"));
      expect(await first.terminate()).toBe(0);
    }
    expect(statesIn(at.state)).toContain('["f7",');
    await at.daemon.restart();
    await using second = launchMirror({ ...at.setUp, fullPush: false });
    await second.says(({ msg, path }) => msg === "delivered" && path === "other");
    await second.says(({ msg }) => msg === "full push complete");
    expect(second.output()).toContain("DELETIONS ARE HALTED");
    expect(fs.readdirSync(at.target)).toHaveLength(121);
  });

  test("ends in order: what is pending waits for the next start, and nothing is compared", async () => {
    await using at = await place();
    const setUp = { ...at.setUp, fullPush: false };
    {
      await using first = await startMirror(setUp);
      await at.daemon.kill();
      makeTree(at.source, { f: "pending" });
      await first.says(isProblem);
      expect(await first.terminate()).toBe(0);
    }
    expect(statesIn(at.state)).toContain('"clean":true');
    const left = statesIn(at.state);
    fs.renameSync(at.source, `${at.source}-away`);
    {
      const remotes = [...setUp.remotes, { module: "new" }];
      await using waiting = launchMirror({ ...setUp, remotes, argv: ["--wait"] });
      await waiting.says(({ msg }) => msg.endsWith("waiting for it"));
      expect(await waiting.terminate()).toBe(0);
    }
    fs.renameSync(`${at.source}-away`, at.source);
    expect(statesIn(at.state)).toContain(left);
    makeTree(at.source, { unseen: "" });
    await at.daemon.restart();
    await using second = await startMirror(setUp);
    await until(() => fs.readdirSync(at.target), ["f"]);
    expect(second.output()).not.toContain("full push complete");
    expect(statesIn(at.state)).toContain('"clean":false');
  });

  test("ends in order without having read what the kernel tells: the next start compares", async () => {
    await using at = await place();
    using work = temporaryDirectory();
    // At TERM a big tree comes, and the process stands still for longer than it waits for such news.
    const stall = `process.on("SIGTERM", () => {
      if (!require("node:worker_threads").isMainThread) return;
      const { mkdirSync, writeFileSync } = require("node:fs");
      for (let i = 0; i < 3_000; i += 1) mkdirSync(${JSON.stringify(at.source)} + "/d/" + i, { recursive: true });
      writeFileSync(${JSON.stringify(`${at.source}/d/2999/f`)}, "unread");
      setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500));
    });`;
    fs.writeFileSync(`${work.path}/stall.cjs`, stall);
    const setUp = { ...at.setUp, fullPush: false };
    {
      const under = ["env", `NODE_OPTIONS=--require=${work.path}/stall.cjs`];
      await using first = await startMirror({ ...setUp, under });
      expect(await first.terminate()).toBe(0);
    }
    await using _ = await startMirror(setUp);
    await until(() => fs.existsSync(`${at.target}/d/2999/f`), true);
  });

  test("sets a damaged state aside, says so, and goes on", async () => {
    await using at = await place();
    const setUp = { ...at.setUp, fullPush: false };
    {
      await using first = await startMirror(setUp);
      await first.terminate();
    }
    const [file = ""] = fs.readdirSync(at.state);
    const text = fs.readFileSync(`${at.state}/${file}`, "utf8");
    expect(fs.statSync(`${at.state}/${file}`).mode & 0o777).toBe(0o600);
    fs.writeFileSync(`${at.state}/${file}`, text.slice(0, -4));
    makeTree(at.source, { unseen: "" }); // perhaps it was pending: nobody knows any more
    await using second = await startMirror(setUp);
    await second.says(({ msg }) => msg.startsWith("Cannot use the state file"));
    expect(fs.readFileSync(`${at.state}/${file}.bad`, "utf8")).toBe(text.slice(0, -4));
    makeTree(at.source, { f: "" });
    await until(() => fs.readdirSync(at.target).sort(), ["f", "unseen"]);
  });

  test("mirrors without state where none can be kept, and says so once", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using source = temporaryDirectory();
    await using mirror = await startMirror({
      source: source.path,
      port: daemon.port,
      remotes: [{ module: "backup" }],
      stateDirectory: "/proc/no/such/place",
      fullPush: false,
    });
    makeTree(source.path, { f: "" });
    await until(() => fs.readdirSync(daemon.path("backup")), ["f"]);
    const complaints = mirror.lines.filter(({ msg }) => msg.startsWith("Cannot keep state"));
    expect(complaints).toHaveLength(1);
  });

  test("an emptied source deletes nothing of what was pending", async () => {
    await using at = await place({ "d/f": "", g: "", h: "" });
    const { setUp } = at;
    {
      await using first = await startMirror(setUp);
      await at.daemon.kill();
      fs.rmSync(`${at.source}/g`);
      await first.says(isProblem);
      await first.terminate();
    }
    for (const name of ["d", "h"]) fs.rmSync(`${at.source}/${name}`, { recursive: true });
    await at.daemon.restart();
    await using second = launchMirror({ ...setUp, fullPush: false });
    await second.says(({ msg }) => msg.startsWith("DELETIONS ARE HALTED"));
    await second.says(({ msg }) => msg === "full push complete");
    expect(fs.readdirSync(at.target).sort()).toEqual(["d", "g", "h"]);
  });
});

describe.skipIf(!daemonVersions.includes(version))("the failLog", () => {
  test("an old script of sersync is set aside, never run, and what it was to do is done (F-09)", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using source = temporaryDirectory();
    using place = temporaryDirectory();
    makeTree(source.path, { "a file": "1", "tree/f": "2", other: "" });
    makeTree(daemon.path("backup"), { "gone.txt": "", stays: "" });
    const rest = `127.0.0.1::backup >/dev/null 2>&1 `;
    const push = (name: string): string =>
      `#errno 2560\ncd ${source.path} && rsync -artuz -R "./${name}" ${rest}\n\n`;
    const deletion = `#errno 2560\ncd ${source.path} && rsync -artuz -R --delete ./   --include="gone.txt" --exclude=*  ${rest}\n\n`;
    const failLog = `${place.path}/rsync_fail_log.sh`;
    const script = `${push("a file")}${push("tree")}${deletion}${push("$(touch run)")}`;
    fs.writeFileSync(failLog, script, { mode: 0o777 });
    await using mirror = launchMirror({
      source: source.path,
      port: daemon.port,
      remotes: [{ module: "backup" }],
      failLog,
      fullPush: false,
    });
    await mirror.says(({ msg }) => msg.includes("script of sersync 2.5: 4 paths"));
    const arrived = () =>
      fs.readdirSync(daemon.path("backup"), { recursive: true, encoding: "utf8" }).sort();
    await until(arrived, ["a file", "stays", "tree", "tree/f"]);
    expect(fs.readFileSync(`${failLog}.sersync-2.5`, "utf8")).toBe(script);
  });

  test("a strange file in its place is left alone", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using source = temporaryDirectory();
    using place = temporaryDirectory();
    makeTree(place.path, { "notes.txt": "mine" });
    await using mirror = launchMirror({
      source: source.path,
      port: daemon.port,
      remotes: [{ module: "backup" }],
      failLog: `${place.path}/notes.txt`,
    });
    await mirror.says(({ msg }) => msg.includes("is a strange file and is not touched"));
    expect(fs.readFileSync(`${place.path}/notes.txt`, "utf8")).toBe("mine");
  });

  test("tells what the target keeps refusing, until it is delivered (F-13)", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using source = temporaryDirectory();
    using place = temporaryDirectory();
    const failLog = `${place.path}/fail.log`;
    makeTree(source.path, { "d/it's $(here)": "content", fine: "" });
    makeTree(daemon.path("backup"), { d: "a file where a directory must go" });
    spawnSync("chattr", ["+i", `${daemon.path("backup")}/d`]);
    using _ = { [Symbol.dispose]: () => spawnSync("chattr", ["-i", `${daemon.path("backup")}/d`]) };
    await using mirror = launchMirror({
      source: source.path,
      port: daemon.port,
      remotes: [{ module: "backup" }],
      failLog,
    });
    await mirror.says(({ msg }) => msg.includes("stands in the failLog"), 40_000);
    const journal = () => (fs.existsSync(failLog) ? fs.readFileSync(failLog, "utf8") : "");
    await until(() => journal().includes("-R './d/it'\\''s $(here)'"), true);
    expect(
      journal()
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("#")),
    ).toEqual([]);
    expect(fs.statSync(failLog).mode & 0o777).toBe(0o600);
    spawnSync("chattr", ["-i", `${daemon.path("backup")}/d`]);
    makeTree(source.path, { "d/it's $(here)": "new content" });
    await untilEqualTrees(source.path, daemon.path("backup"));
    await until(() => journal().includes("Nothing stands here now"), true);
  });
});
