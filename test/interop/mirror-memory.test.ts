import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { describe, expect, test } from "vitest";
import { daemonVersions, startDaemon } from "../support/daemon.ts";
import { launchMirror, startMirror, untilEqualTrees } from "../support/mirror.ts";
import { makeTree, temporaryDirectory } from "../support/tree.ts";

const version = "3.5.0";

function isProblem({ level }: { readonly level: string }): boolean {
  return level === "error";
}

function until(what: () => unknown, wanted: unknown, timeout = 10_000): Promise<void> {
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

describe.skipIf(!daemonVersions.includes(version))("a mirror that is killed", () => {
  test("pushes at its next start what was pending, deletions too (F-12)", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using source = temporaryDirectory();
    using state = temporaryDirectory();
    makeTree(source.path, { gone: "1", "d/gone too": "2", stays: "3" });
    const setUp = {
      source: source.path,
      port: daemon.port,
      remotes: [{ module: "backup" }],
      stateDirectory: state.path,
    };
    const target = daemon.path("backup");
    {
      await using first = await startMirror(setUp);
      await untilEqualTrees(source.path, target);
      makeTree(target, { "theirs alone": "" });
      await daemon.kill();
      fs.rmSync(`${source.path}/gone`);
      fs.rmSync(`${source.path}/d`, { recursive: true });
      makeTree(source.path, { "new\n\u00e9": "written while the target was away" });
      await first.says(isProblem);
      await until(() => /"new\\n/.test(statesIn(state.path)), true);
      expect(statesIn(state.path)).toContain('"clean":false');
    } // SIGKILL
    makeTree(source.path, { unseen: "written while nobody watched" });
    await daemon.restart();
    await using second = launchMirror({ ...setUp, fullPush: false });
    await second.says(({ msg }) => msg.includes("did not end in order"));
    const wanted = ["new\n\u00e9", "stays", "theirs alone", "unseen"].sort();
    await until(() => fs.readdirSync(target, "latin1").sort(), wanted);
  });

  test("in the middle of 2,000 writes loses nothing", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using source = temporaryDirectory();
    using state = temporaryDirectory();
    const setUp = {
      source: source.path,
      port: daemon.port,
      remotes: [{ module: "backup" }],
      stateDirectory: state.path,
      fullPush: false,
    };
    {
      await using first = await startMirror(setUp);
      for (let i = 0; i < 2_000; i += 1) {
        fs.writeFileSync(`${source.path}/f${i}`, `content ${i}`);
        if (i === 1_000) await first.says(({ msg }) => msg === "delivered");
      }
    }
    await using second = launchMirror(setUp);
    const explain = () => second.output().slice(-2_000);
    await untilEqualTrees(source.path, daemon.path("backup"), { explain });
  });

  test("ends in order: what is pending waits for the next start, and nothing is compared", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using source = temporaryDirectory();
    using state = temporaryDirectory();
    const setUp = {
      source: source.path,
      port: daemon.port,
      remotes: [{ module: "backup" }],
      stateDirectory: state.path,
      fullPush: false,
    };
    {
      await using first = await startMirror(setUp);
      await daemon.kill();
      makeTree(source.path, { f: "pending" });
      await first.says(isProblem);
      expect(await first.terminate()).toBe(0);
    }
    expect(statesIn(state.path)).toContain('"clean":true');
    makeTree(source.path, { unseen: "" });
    await daemon.restart();
    await using second = await startMirror(setUp);
    await until(() => fs.readdirSync(daemon.path("backup")), ["f"]);
    expect(second.output()).not.toContain("full push complete");
    expect(statesIn(state.path)).toContain('"clean":false');
  });

  test("sets a damaged state aside, says so, and goes on", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using source = temporaryDirectory();
    using state = temporaryDirectory();
    const setUp = {
      source: source.path,
      port: daemon.port,
      remotes: [{ module: "backup" }],
      stateDirectory: state.path,
      fullPush: false,
    };
    {
      await using first = await startMirror(setUp);
      await first.terminate();
    }
    const [file = ""] = fs.readdirSync(state.path);
    const text = fs.readFileSync(`${state.path}/${file}`, "utf8");
    expect(fs.statSync(`${state.path}/${file}`).mode & 0o777).toBe(0o600);
    fs.writeFileSync(`${state.path}/${file}`, text.slice(0, -4));
    await using second = await startMirror(setUp);
    await second.says(({ msg }) => msg.startsWith("Cannot use the state file"));
    expect(fs.readFileSync(`${state.path}/${file}.bad`, "utf8")).toBe(text.slice(0, -4));
    makeTree(source.path, { f: "" });
    await until(() => fs.readdirSync(daemon.path("backup")), ["f"]);
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
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using source = temporaryDirectory();
    using state = temporaryDirectory();
    makeTree(source.path, { "d/f": "", g: "", h: "" });
    const setUp = {
      source: source.path,
      port: daemon.port,
      remotes: [{ module: "backup" }],
      stateDirectory: state.path,
    };
    const target = daemon.path("backup");
    {
      await using first = await startMirror(setUp);
      await daemon.kill();
      fs.rmSync(`${source.path}/g`);
      await first.says(isProblem);
      await first.terminate();
    }
    for (const name of ["d", "h"]) fs.rmSync(`${source.path}/${name}`, { recursive: true });
    await daemon.restart();
    await using second = launchMirror({ ...setUp, fullPush: false });
    await second.says(({ msg }) => msg.startsWith("DELETIONS ARE HALTED"));
    await second.says(({ msg }) => msg === "full push complete");
    expect(fs.readdirSync(target).sort()).toEqual(["d", "g", "h"]);
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
    await mirror.says(({ msg }) => msg.includes("script of sersync 2.5: its 4 paths"));
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
