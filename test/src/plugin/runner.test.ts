import { expect, test } from "vitest";
import type { PluginBase } from "../../../src/config/schema.ts";
import { type Plugin, type PluginEvent, PluginFailure } from "../../../src/plugin/plugin.ts";
import { PluginRunner } from "../../../src/plugin/runner.ts";
import { eventually } from "../../support/eventually.ts";
import { baseOf, eventOf, keptLog } from "./events.ts";

const backoff = { firstMs: 1, longestMs: 4 };

/** A runner of a plugin that is one function. */
function runnerOf(run: Plugin["run"], settings: PluginBase = baseOf(), secrets: string[] = []) {
  const kept = keptLog();
  const runner = new PluginRunner({
    name: "x",
    plugin: { run },
    settings,
    log: kept.log,
    backoff,
    secrets,
  });
  return { runner, ...kept };
}

/** Runs begin and stay under way until they are let go. */
function heldPlugin() {
  const held: { readonly event: PluginEvent; readonly release: () => void }[] = [];
  const run: Plugin["run"] = (event) =>
    new Promise((resolve) => {
      held.push({ event, release: resolve });
    });
  return { held, run };
}

test("runs as many at a time as it may", async () => {
  const { held, run } = heldPlugin();
  const { runner } = runnerOf(run, baseOf({ concurrency: 2 }));
  for (const path of ["a", "b", "c"]) runner.offer(eventOf(path));
  expect(held.map(({ event }) => event.path)).toEqual(["a", "b"]);
  held[0]?.release();
  await eventually(() => held.length).toBe(3);
  expect(runner.status).toMatchObject({ done: 1, running: 2, waiting: 0 });
});

test("a slow plugin holds no more than its queue, and says what it leaves out", () => {
  const { run } = heldPlugin();
  const { runner, texts } = runnerOf(run, baseOf({ concurrency: 1, queue: 10 }));
  for (let i = 0; i < 1_000; i += 1) runner.offer(eventOf(String(i)));
  expect(runner.status).toMatchObject({ running: 1, waiting: 10, dropped: 989 });
  expect(texts()).toEqual([
    "more than 10 changes wait for the plugin: the oldest are left out, 1 so far",
  ]);
});

test("a peer that is away costs no change, however long it takes", async () => {
  let calls = 0;
  const { runner, texts } = runnerOf(
    async () => {
      calls += 1;
      if (calls < 20) throw new PluginFailure("peer", "cannot reach h:1: ECONNREFUSED");
    },
    baseOf({ retries: 0 }),
  );
  for (const path of ["a", "b", "c"]) runner.offer(eventOf(path));
  await eventually(() => runner.status.done).toBe(3);
  expect(runner.status).toMatchObject({ failed: 0, dropped: 0 });
  expect(texts().filter((text) => text.includes("ECONNREFUSED"))).toHaveLength(1);
  expect(texts()).toContain("the other side answers again");
});

test("a change that is refused is tried again as often as it may be, then counted", async () => {
  let calls = 0;
  const { runner, lines } = runnerOf(
    async () => {
      calls += 1;
      throw new PluginFailure("again", "h answers 503");
    },
    baseOf({ retries: 2 }),
  );
  runner.offer(eventOf("a"));
  await eventually(() => runner.status.failed).toBe(1);
  expect(calls).toBe(3);
  expect(lines[0]).toMatchObject({ path: "a", target: "h:873::m" });
  expect(lines[0]?.msg).toContain("plugin failed: h answers 503; trying again in");
});

test("what is final is not tried again, and what is thrown never gets out", async () => {
  const { runner, texts } = runnerOf(() => {
    throw new TypeError("no such thing");
  });
  runner.offer(eventOf("a"));
  await eventually(() => runner.status.failed).toBe(1);
  expect(texts()).toEqual(["plugin failed: no such thing; it is not tried again"]);
});

test("a run that takes too long is ended", async () => {
  const { runner, texts } = runnerOf(
    (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("aborted")));
      }),
    baseOf({ timeoutSeconds: 0.05, retries: 0 }),
  );
  runner.offer(eventOf("a"));
  await eventually(() => runner.status.failed).toBe(1);
  expect(texts()[0]).toContain("it took longer than 0.05 s");
});

test("a secret is hidden wherever it turns up", async () => {
  const failing = async () => {
    throw new Error("bad token s3cret!");
  };
  const { runner, texts } = runnerOf(failing, baseOf(), ["s3cret"]);
  runner.offer(eventOf("a"));
  await eventually(texts).toEqual(["plugin failed: bad token (hidden)!; it is not tried again"]);
});

test("only what the regexes match whole, and on demand only what was delivered, is told", async () => {
  const seen: string[] = [];
  const settings = { ...baseOf({}, true), include: ["(.*)\\.php"] };
  const { runner } = runnerOf(async ({ path }) => void seen.push(path), settings);
  for (const path of ["a.php", "b.php.bak", "sub/c.php"]) runner.offer(eventOf(path));
  runner.offer(eventOf("d.php", { result: "failed", reason: "no room" }));
  await runner.stop(1_000);
  expect(seen).toEqual(["a.php", "sub/c.php"]);
});

test("stopping lets what waits be done", async () => {
  const seen: string[] = [];
  const { runner } = runnerOf(async ({ path }) => {
    await new Promise((resolve) => setImmediate(resolve));
    seen.push(path);
  });
  for (const path of ["a", "b", "c", "d"]) runner.offer(eventOf(path));
  await runner.stop(1_000);
  expect(seen).toEqual(["a", "b", "c", "d"]);
});

test("stopping ends what does not end, begins nothing more, and says what is left", async () => {
  const begun: string[] = [];
  const { runner, texts } = runnerOf(
    ({ path }, signal) =>
      new Promise((_resolve, reject) => {
        begun.push(path);
        signal.addEventListener("abort", () => reject(new Error("aborted")));
      }),
    baseOf({ concurrency: 1 }),
  );
  for (const path of ["a", "b"]) runner.offer(eventOf(path));
  await runner.stop(20);
  expect(begun).toEqual(["a"]);
  expect(texts()).toContain("stopped; 2 changes were not dealt with");
});

test("stopping does not wait for a peer that is away", async () => {
  const { log } = keptLog();
  const plugin: Plugin = {
    run: async () => {
      throw new PluginFailure("peer", "away");
    },
  };
  const longest = { firstMs: 60_000, longestMs: 60_000 };
  const runner = new PluginRunner({ name: "x", plugin, settings: baseOf(), log, backoff: longest });
  runner.offer(eventOf("a"));
  const started = performance.now();
  await runner.stop(5_000);
  expect(performance.now() - started).toBeLessThan(1_000);
});
