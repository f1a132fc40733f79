import fs from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import { daemonVersions, startDaemon } from "../support/daemon.ts";
import { type MirrorSetUp, untilEqualTrees } from "../support/mirror.ts";
import { workplace } from "../support/service.ts";
import { temporaryDirectory } from "../support/tree.ts";

const version = "3.5.0";

interface State {
  readonly healthy: boolean;
  readonly problems: readonly string[];
  readonly sources: readonly {
    readonly targets: readonly {
      readonly paused: boolean;
      readonly delivered: number;
      readonly pending: { readonly paths: number };
      readonly sessions: { readonly inFlight: number };
      readonly comparison: { readonly state: string };
    }[];
  }[];
}

async function start(files: number, setUp: Partial<MirrorSetUp> = {}) {
  const daemon = await startDaemon({ version, modules: { backup: {} } });
  const source = temporaryDirectory();
  for (let i = 0; i < files; i += 1) fs.writeFileSync(`${source.path}/f${i}`, "x".repeat(1_000));
  const remotes = [{ module: "backup" }];
  const at = workplace({ source: source.path, port: daemon.port, remotes, ...setUp });
  onTestFinished(async () => {
    await at[Symbol.asyncDispose]();
    await daemon.remove();
    source[Symbol.dispose]();
  });
  await at.daemonize("-r");
  const state = async (): Promise<State> =>
    JSON.parse((await at.run("status", "-o", at.file, "--json")).out) as State;
  const target = async () => {
    const [first] = (await state()).sources.flatMap(({ targets }) => targets);
    if (first === undefined) throw new Error("there is no target");
    return first;
  };
  const ask = (...words: string[]) => at.run(...words, "-o", at.file);
  return { ...at, daemon, source: source.path, copy: daemon.path("backup"), state, target, ask };
}

describe.skipIf(!daemonVersions.includes(version))("pause, resume and retry", () => {
  test("a paused target gets nothing and misses nothing", async () => {
    const at = await start(3);
    // What is there need not be acknowledged yet.
    const rest = { pending: { paths: 0 }, comparison: { state: "none" } };
    await expect.poll(at.target).toMatchObject(rest);
    expect(await at.ask("pause")).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining("nothing is sent to 127.0.0.1"),
    });
    fs.writeFileSync(`${at.source}/later`, "x");
    await expect.poll(async () => (await at.target()).pending.paths).toBe(1);
    expect(await at.state()).toMatchObject({
      healthy: false,
      problems: [expect.stringContaining('it is paused; "sersync resume" lets it go on')],
    });
    expect(fs.existsSync(`${at.copy}/later`)).toBe(false);
    expect((await at.ask("pause")).out).toContain("all of it is paused already");
    expect((await at.ask("resume")).out).toContain("it goes on at 127.0.0.1");
    await untilEqualTrees(at.source, at.copy);
    expect((await at.ask("resume")).out).toContain("nothing is paused");
  });

  test("a comparison that runs is paused too, lasts over a reload, and goes on", async () => {
    const slow = { params: "-a --bwlimit=500" };
    const at = await start(4_000, slow);
    await at.ask("pause");
    await expect
      .poll(async () => (await at.target()).sessions.inFlight, { timeout: 40_000, interval: 200 })
      .toBe(0);
    const { delivered, comparison } = await at.target();
    expect(comparison.state).toBe("running");
    expect(delivered).toBeLessThan(4_000);
    at.configure({ params: "-a" });
    expect((await at.ask("reload")).exitCode).toBe(0);
    fs.writeFileSync(`${at.source}/later`, "x");
    await expect.poll(async () => (await at.target()).paused).toBe(true);
    expect(fs.existsSync(`${at.copy}/later`)).toBe(false);
    await at.ask("resume");
    await untilEqualTrees(at.source, at.copy);
  });

  test("a paused comparison does not hold up the end", async () => {
    const at = await start(4_000, { params: "-a --bwlimit=1000" });
    await at.ask("pause");
    await expect
      .poll(async () => (await at.target()).sessions.inFlight, { timeout: 40_000, interval: 200 })
      .toBe(0);
    const began = performance.now();
    expect((await at.ask("stop")).exitCode).toBe(0);
    // Held up, it would take ten.
    expect(performance.now() - began).toBeLessThan(9_000);
  });

  test("retry tries a target that is down at once", async () => {
    const at = await start(1);
    await untilEqualTrees(at.source, at.copy);
    await at.daemon.kill();
    fs.writeFileSync(`${at.source}/later`, "x");
    // By then it is tried every few seconds, and later once a minute.
    const attempts = () => at.logged().filter(({ msg }) => msg.includes("trying again")).length;
    await expect.poll(attempts, { timeout: 30_000 }).toBeGreaterThan(0);
    await at.daemon.restart();
    expect((await at.ask("retry")).out).toContain("tried again now: 127.0.0.1");
    await untilEqualTrees(at.source, at.copy);
    const unknown = await at.ask("retry", "nowhere");
    expect([unknown.exitCode, unknown.err]).toEqual([
      1,
      expect.stringContaining('there is no target "nowhere"; there are 127.0.0.1'),
    ]);
  });
});
