import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { MirroredSource } from "../../src/mirrored-source.ts";
import type { PushThreads } from "../../src/push/threads.ts";
import { Memory } from "../../src/target/memory.ts";
import { fixture, parse } from "./config/parsing.ts";
import { temporaryDirectory } from "./watch/observed.ts";

/** A source whose push threads do nothing, with one file in it. */
function sourceAt(watch: string): MirroredSource {
  const { config } = parse(fixture("remarks.xml"));
  const [first] = config.sources;
  if (first === undefined) throw new TypeError("the fixture has no source");
  const threads = new Proxy({}, { get: () => () => {} }) as PushThreads;
  const source = new MirroredSource({
    config,
    source: { ...first, watch },
    threads,
    memory: new Memory({ config, stateDirectory: undefined, tell: () => {} }),
    log: pino({ enabled: false }),
    plugin: () => undefined,
    listener: undefined,
    firstId: 0,
    sessions: 1,
    fullPush: false,
    wait: false,
    watcher: "inotify",
    pollIntervalMs: undefined,
    guard: {},
    pendingLimit: 1_000,
    pending: undefined,
  });
  onTestFinished(async () => {
    await source.closeWatcher();
  });
  return source;
}

test("what failed for want of the source is tried at once when it is back", async () => {
  const watch = temporaryDirectory();
  const away = `${temporaryDirectory()}/away`;
  mkdirSync(`${watch}/root`);
  writeFileSync(`${watch}/root/f`, "");
  const source = sourceAt(`${watch}/root`);
  await source.start();
  const [named] = source.targets;
  if (named === undefined) throw new TypeError("the source has no target");
  let hurried = 0;
  named.target.hurry = () => {
    hurried += 1;
  };
  renameSync(`${watch}/root`, away);
  await expect.poll(() => source.status.watcher?.state, { timeout: 10_000 }).toBe("source gone");
  expect(hurried).toBe(0);
  renameSync(away, `${watch}/root`);
  await expect.poll(() => hurried, { timeout: 10_000 }).toBe(1);
});
