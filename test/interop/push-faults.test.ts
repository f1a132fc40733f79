import fs from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { push, RsyncError, type TransferOptions } from "../../protocol/index.ts";
import { type Daemon, describeDaemons, startDaemon } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { type FaultKind, startFaultProxy } from "../support/fault-proxy.ts";
import { makeHostileTree } from "../support/hostile.ts";
import { random } from "../support/random.ts";
import {
  expectEqualTrees,
  readTree,
  type TemporaryDirectory,
  temporaryDirectory,
} from "../support/tree.ts";

/** Where nothing but silence ends it, and where a busy machine may be silent, too. */
const silenceMs = (kind: FaultKind): number => (kind === "stall" ? 1_000 : 10_000);
const deadlineMs = 30_000;
const seeds = 5;
const archive: TransferOptions = { recursive: true, links: true, perms: true, times: true };

describeDaemons("a push over a bad line", (version) => {
  let daemon: Daemon;
  let source: TemporaryDirectory;

  beforeAll(async () => {
    daemon = await startDaemon({ version, modules: { m: {} } });
    source = temporaryDirectory();
    makeHostileTree(source.path, 7, 40);
    fs.writeFileSync(`${source.path}/large`, random(7).bytes(300_000));
  });
  afterAll(async () => {
    await daemon.remove();
    source[Symbol.dispose]();
  });

  /** @returns undefined after a clean end, else what was complained about. */
  async function pushThrough(kind: FaultKind, seed: number): Promise<RsyncError | undefined> {
    const name = `${kind}${seed}`;
    await using proxy = await startFaultProxy({
      port: daemon.port,
      seed,
      kinds: [kind],
      oneIn: 1,
      withinBytes: 100_000,
    });
    const began = performance.now();
    const limits = { timeoutMs: silenceMs(kind) };
    const transfer = { ...archive, compress: seed % 2 === 0 };
    const url = `rsync://127.0.0.1:${proxy.port}/m/${name}/`;
    const ended = push(source.path, url, { transfer, ...limits, incremental: seed % 3 > 0 });
    const error = await ended.then(
      ({ exitCode }) =>
        exitCode === 0 ? undefined : new RsyncError("PARTIAL_TRANSFER", "some failed"),
      (thrown: unknown) => thrown,
    );
    expect(performance.now() - began).toBeLessThan(deadlineMs);
    expect(error === undefined || error instanceof RsyncError).toBe(true);
    return error as RsyncError | undefined;
  }

  test.each(["cut", "stall", "slice", "delay", "refuse"] as const)(
    "%s: ends in time, with an error or an equal tree, and leaves no temporary file",
    async (kind) => {
      const all = Array.from({ length: seeds }, (_, seed) => pushThrough(kind, seed));
      const errors = await Promise.all(all);
      const known = new Set(readTree(source.path).keys());
      for (const [seed, error] of errors.entries()) {
        const target = `${daemon.path("m")}/${kind}${seed}`;
        if (error === undefined) expectEqualTrees(source.path, target);
        if (!fs.existsSync(target)) continue;
        const others = (): string[] =>
          [...readTree(target).keys()].filter((path) => !known.has(path));
        await eventually(others).toEqual([]);
      }
      const harmless = kind === "slice" || kind === "delay";
      expect(errors.some((error) => error !== undefined)).toBe(!harmless);
    },
  );

  test("flip: ends in time, and the next push puts right whatever came of it", async () => {
    const all = Array.from({ length: seeds }, (_, seed) => pushThrough("flip", seed));
    await Promise.all(all);
    for (let seed = 0; seed < seeds; seed += 1) {
      const transfer = { ...archive, delete: true, checksum: true };
      const url = `rsync://127.0.0.1:${daemon.port}/m/flip${seed}/`;
      expect((await push(source.path, url, { transfer })).exitCode).toBe(0);
      expectEqualTrees(source.path, `${daemon.path("m")}/flip${seed}`);
    }
  });
});
