import fs from "node:fs";
import { describe, expect, test } from "vitest";
import { daemonVersions, startDaemon } from "../support/daemon.ts";
import { untilEqualTrees } from "../support/mirror.ts";
import { workplace } from "../support/service.ts";
import { makeTree, temporaryDirectory } from "../support/tree.ts";

const version = "3.5.0";

/** A running program in the background, and the daemon it mirrors to. */
async function service(...words: string[]) {
  const daemon = await startDaemon({ version, modules: { backup: {}, second: {} } });
  const source = temporaryDirectory();
  makeTree(source.path, { "d/f": "content", "d/e/g": "more", h: "other" });
  const remotes = [{ module: "backup" }];
  const at = workplace({ source: source.path, port: daemon.port, remotes });
  const pid = await at.daemonize(...words);
  return {
    ...at,
    pid,
    daemon,
    source: source.path,
    target: daemon.path("backup"),
    ask: async (...asked: string[]) => {
      const { exitCode, out, err } = await at.run(...asked, "-o", at.file, "--json");
      return { exitCode, err, ...(JSON.parse(out) as Record<string, unknown>) };
    },
    explain: () => fs.readFileSync(at.logFile, "utf8"),
    [Symbol.asyncDispose]: async () => {
      await at[Symbol.asyncDispose]();
      await daemon.remove();
      source[Symbol.dispose]();
    },
  };
}

describe.skipIf(!daemonVersions.includes(version))("a running program", () => {
  test("tells how it does, while a target is down and when it is back", async () => {
    await using at = await service("-r");
    await untilEqualTrees(at.source, at.target, at);
    // What is there need not be acknowledged yet.
    await expect
      .poll(() => at.ask("status"))
      .toMatchObject({
        exitCode: 0,
        ok: true,
        state: "running",
        pid: at.pid,
        healthy: true,
        sources: [{ directory: at.source, targets: [{ up: true, pending: { paths: 0 } }] }],
      });
    await at.daemon.kill();
    fs.writeFileSync(`${at.source}/new`, "new");
    await expect.poll(() => at.explain(), { timeout: 30_000 }).toContain("trying again in");
    // An idle target is noticed to be gone as well, perhaps before the change.
    await expect
      .poll(() => at.ask("status"))
      .toMatchObject({
        exitCode: 2,
        healthy: false,
        problems: [expect.stringContaining("annot connect")],
        sources: [{ targets: [{ up: false, pending: { paths: 1 } }] }],
      });
    const { exitCode, out } = await at.run("status", "-o", at.file);
    expect(exitCode).toBe(2);
    expect(out).toContain("in trouble");
    expect(out).toMatch(/::backup: down, 1 path to deliver/);
    await at.daemon.restart();
    await untilEqualTrees(at.source, at.target, at);
    await expect.poll(() => at.ask("status"), { timeout: 30_000 }).toMatchObject({ exitCode: 0 });
  });

  test("resync PATH puts right what was changed at the target, there and nowhere else", async () => {
    await using at = await service("-r");
    await untilEqualTrees(at.source, at.target, at);
    makeTree(at.target, { "d/e/g": "changed", "d/e/extra": "", h: "also changed" });
    const reply = await at.ask("resync", "d/e");
    expect(reply).toMatchObject({ exitCode: 0, comparing: [`${at.source}/d/e`] });
    await expect
      .poll(() => fs.readFileSync(`${at.target}/d/e/g`, "utf8"), { timeout: 30_000 })
      .toBe("more");
    await expect.poll(() => fs.existsSync(`${at.target}/d/e/extra`)).toBe(false);
    expect(fs.readFileSync(`${at.target}/h`, "utf8")).toBe("also changed");
    expect((await at.ask("resync", at.source)).exitCode).toBe(0);
    await untilEqualTrees(at.source, at.target, at);
    const { exitCode, code } = (await at.ask("resync", "/elsewhere")) as Record<string, unknown>;
    expect([exitCode, code]).toEqual([1, "NOT_FOUND"]);
  });

  test("USR1 compares everything", async () => {
    await using at = await service();
    expect(fs.readdirSync(at.target)).toEqual([]);
    process.kill(at.pid, "SIGUSR1");
    await untilEqualTrees(at.source, at.target, at);
    expect(at.explain()).not.toContain("Debugger listening");
  });

  test("a changed configuration is carried out: a new target, another filter", async () => {
    await using at = await service("-r");
    await untilEqualTrees(at.source, at.target, at);
    at.configure({
      remotes: [{ module: "backup" }, { module: "second" }],
      filter: ["(.*)\\.tmp"],
    });
    process.kill(at.pid, "SIGHUP");
    await untilEqualTrees(at.source, at.daemon.path("second"), at);
    makeTree(at.source, { "x.tmp": "", "x.txt": "" });
    await expect
      .poll(() => fs.existsSync(`${at.daemon.path("second")}/x.txt`), { timeout: 30_000 })
      .toBe(true);
    expect(fs.existsSync(`${at.target}/x.tmp`)).toBe(false);
    const done = { healthy: true, lastReload: { mistakes: [] } };
    await expect.poll(() => at.ask("status")).toMatchObject(done);
  });

  test("a reload forgets neither that another directory is there, nor which one was", async () => {
    await using at = await service("-r");
    await untilEqualTrees(at.source, at.target, at);
    const isThere = (name: string) => () => fs.existsSync(`${at.target}/${name}`);
    using away = temporaryDirectory();
    using stranger = temporaryDirectory();
    fs.writeFileSync(`${stranger.path}/new`, "");
    fs.renameSync(at.source, away.path);
    fs.renameSync(stranger.path, at.source);
    await expect.poll(isThere("new"), { timeout: 30_000 }).toBe(true);
    at.configure({ params: "-az" });
    expect(await at.ask("reload")).toMatchObject({ ok: true, changed: [at.file] });
    fs.writeFileSync(`${at.source}/later`, "");
    await expect.poll(isThere("later"), { timeout: 30_000 }).toBe(true);
    expect(isThere("h")()).toBe(true);
    expect(isThere("d/e/g")()).toBe(true);
    const untilRestart = expect.stringContaining("or the program is started again");
    expect(await at.ask("status")).toMatchObject({ exitCode: 2, problems: [untilRestart] });
    fs.renameSync(at.source, stranger.path);
    fs.renameSync(away.path, at.source);
    await untilEqualTrees(at.source, at.target, at);
    await expect.poll(() => at.ask("status"), { timeout: 30_000 }).toMatchObject({ problems: [] });
    // Of one that is only waited for, nothing was left to do: whatever comes is the right one.
    expect(await at.ask("stop")).toMatchObject({ exitCode: 0 });
    fs.renameSync(at.source, away.path);
    await at.daemonize("--wait");
    at.configure({ params: "-a" });
    expect(await at.ask("reload")).toMatchObject({ ok: true, changed: [at.file] });
    fs.renameSync(stranger.path, at.source);
    await expect.poll(isThere("new"), { timeout: 30_000 }).toBe(true);
    fs.rmSync(`${at.source}/new`);
    await expect.poll(isThere("new"), { timeout: 30_000 }).toBe(false);
  });

  test("no change is lost while one configuration takes the place of another", {
    timeout: 180_000,
  }, async () => {
    await using at = await service("-r");
    await untilEqualTrees(at.source, at.target, at);
    let made = 0;
    const writing = setInterval(() => {
      // The slower the machine, the longer the reloads take: it must not get more to do for that.
      for (let i = 0; i < 5 && made < 3_000; i += 1, made += 1) {
        fs.writeFileSync(`${at.source}/d/f${made}`, `${made}`);
        if (made % 7 === 0) fs.renameSync(`${at.source}/d/f${made}`, `${at.source}/r${made}`);
        if (made % 11 === 10) fs.rmSync(`${at.source}/d/f${made - 1}`, { force: true });
      }
    }, 5);
    for (const params of ["-az", "-a", "-az"]) {
      at.configure({ params });
      expect(await at.ask("reload")).toMatchObject({ ok: true, changed: [at.file] });
    }
    clearInterval(writing);
    // A slow machine takes its time for the reloads, in which thousands of files are made.
    await untilEqualTrees(at.source, at.target, { ...at, deadlineMs: 40_000 });
  });

  test("a reload that changes nothing leaves the mirror alone, a new password does not", async () => {
    await using at = await service("-r");
    await untilEqualTrees(at.source, at.target, at);
    expect(await at.ask("reload")).toMatchObject({ changed: [], unchanged: [at.file] });
    at.configure({ user: "backup", password: "one" });
    expect(await at.ask("reload")).toMatchObject({ changed: [at.file] });
    expect(await at.ask("reload")).toMatchObject({ changed: [] });
    at.configure({ user: "backup", password: "two" });
    expect(await at.ask("reload")).toMatchObject({ changed: [at.file] });
  });
});
