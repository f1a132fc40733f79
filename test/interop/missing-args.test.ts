import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { expect, test } from "vitest";
import { parsePush } from "../../src/cli/push/command.ts";
import { runPush } from "../../src/cli/push/run.ts";
import { daemonVersions, describeDaemons, rsyncProgram, startDaemon } from "../support/daemon.ts";
import { makeTree, readTree, temporaryDirectory } from "../support/tree.ts";

const there = {
  a: "old",
  gone: "",
  "full/x": "",
  empty: { type: "directory" },
  "d/gone": "",
  "d/kept": "",
  kept: "",
} as const;

describeDaemons("--delete-missing-args", (version) => {
  test
    .skipIf(!daemonVersions.includes("3.5.0"))
    .each([
      "-rt --delete-missing-args a gone d/gone",
      "-rtR --delete-missing-args a ./d/gone none/of/this gone",
      "-rt --delete-missing-args full empty nothing",
      "-rt --delete-missing-args --force full empty a",
      "-dt --delete-missing-args gone a d/",
    ])("%s deletes what rsync deletes", async (line) => {
    await using daemon = await startDaemon({ version, modules: { ours: {} } });
    // Debian's 3.2.7 refuses what the stock client sends here; what we send it takes.
    await using reference = await startDaemon({ version: "3.5.0", modules: { stock: {} } });
    using work = temporaryDirectory();
    makeTree(work.path, { a: "new", "d/here": "" });
    makeTree(reference.path("stock"), there);
    makeTree(daemon.path("ours"), there);
    const words = (url: string) => [...line.split(" "), url];
    const stockUrl = `rsync://127.0.0.1:${reference.port}/stock/`;
    const stock = spawnSync(rsyncProgram("3.5.0"), words(stockUrl), { cwd: work.path });
    const cwd = process.cwd();
    process.chdir(work.path);
    try {
      const outputs = { out: () => {}, err: () => {} };
      expect(
        await runPush(parsePush(words(`rsync://127.0.0.1:${daemon.port}/ours/`), {}), outputs),
      ).toBe(stock.status);
    } finally {
      process.chdir(cwd);
    }
    const names = (path: string) => [...readTree(path).keys()].sort();
    const ours = names(daemon.path("ours"));
    expect(ours).toEqual(names(reference.path("stock")));
    expect(ours).not.toContain(line.includes("gone") ? "gone" : "empty");
    expect(fs.existsSync(`${daemon.path("ours")}/kept`)).toBe(true);
  });
});
