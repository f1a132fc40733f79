import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { describe, expect, test } from "vitest";
import { parsePull } from "../../src/cli/pull/command.ts";
import { runPullCommand } from "../../src/cli/pull/run.ts";
import { parsePush } from "../../src/cli/push/command.ts";
import { runPush } from "../../src/cli/push/run.ts";
import { daemonVersions, rsyncProgram, startDaemon } from "../support/daemon.ts";
import { makeTree, temporaryDirectory } from "../support/tree.ts";

const outputs = { out: () => {}, err: () => {} };

/** All times equal: which items are told depends on nothing else. */
function setTimes(root: string, day: string): void {
  for (const name of [
    "",
    ...fs.readdirSync(root, { recursive: true, encoding: "utf8" }),
  ].reverse()) {
    fs.lutimesSync(`${root}/${name}`, new Date(day), new Date(day));
  }
}

/** Lines without their time and process, and without the numbers of bytes that differ. */
function linesOf(file: string): string[] {
  const lines = fs.readFileSync(file, "utf8").trimEnd().split("\n");
  const stamp = /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[\d+\] /;
  expect(lines.every((line) => stamp.test(line))).toBe(true);
  // "done" ends a line of the terminal, and stands here by itself.
  const bare = lines.map((line) => line.replace(stamp, "")).filter((line) => line !== "done");
  return bare.map((line) =>
    line
      .replace(/sent .*? {2}received .*?(?= {2}total)/, "sent")
      .replace(/^(sent(?! {2}total)|total size is) .*/, "$1"),
  );
}

describe.skipIf(!daemonVersions.includes("3.5.0"))("--log-file beside rsync 3.5.0", () => {
  test.each(["-a --delete", "-av", "-rt --log-file-format=%o,%n,%l", "-aii"])(
    "%s has the same lines",
    async (line) => {
      await using daemon = await startDaemon({
        version: "3.5.0",
        modules: { stock: {}, ours: {} },
      });
      using work = temporaryDirectory();
      makeTree(`${work.path}/src`, {
        a: "hello",
        "d/b b": "x",
        l: { type: "symlink", target: "a" },
      });
      setTimes(`${work.path}/src`, "2020-01-02");
      for (const module of ["stock", "ours"]) {
        makeTree(daemon.path(module), { gone: "", a: "he" });
        setTimes(daemon.path(module), "2019-01-02");
      }
      const words = (module: string) => [
        ...line.split(" "),
        "--no-i-r",
        `--log-file=${work.path}/${module}`,
        `${work.path}/src/`,
        `rsync://127.0.0.1:${daemon.port}/${module}/`,
      ];
      spawnSync(rsyncProgram("3.5.0"), words("stock"));
      expect(await runPush(parsePush(words("ours"), {}), outputs)).toBe(0);
      expect(linesOf(`${work.path}/ours`)).toEqual(linesOf(`${work.path}/stock`));
    },
  );

  test.each(["-a --delete", "-ai", "-rtq --log-file-format=%o,%n,%l", "-aii"])(
    "%s has the same lines of a pull",
    async (line) => {
      await using daemon = await startDaemon({ version: "3.5.0", modules: { m: {} } });
      using work = temporaryDirectory();
      makeTree(daemon.path("m"), { a: "hello", "d/b b": "x", same: "" });
      setTimes(daemon.path("m"), "2020-01-02");
      for (const side of ["stock", "ours"]) {
        makeTree(`${work.path}/${side}`, { gone: "", a: "he", same: "" });
        setTimes(`${work.path}/${side}`, "2019-01-02");
      }
      const words = (side: string) => [
        ...line.split(" "),
        `--log-file=${work.path}/${side}.log`,
        `rsync://127.0.0.1:${daemon.port}/m/`,
        `${work.path}/${side}/`,
      ];
      spawnSync(rsyncProgram("3.5.0"), words("stock"));
      const command = parsePull(words("ours"), {});
      if (command.kind !== "pull") throw new TypeError("a listing was read");
      expect(await runPullCommand(command, outputs)).toBe(0);
      // Deletions and what comes are told by two processes there.
      const [ours, stock] = ["ours", "stock"].map((side) => linesOf(`${work.path}/${side}.log`));
      expect(ours?.sort()).toEqual(stock?.sort());
    },
  );

  test("what goes wrong is in it, and a file that cannot be written is an error", async () => {
    using work = temporaryDirectory();
    makeTree(work.path, { a: "" });
    const words = (log: string) => [
      `--log-file=${log}`,
      `${work.path}/a`,
      "rsync://127.0.0.1:1/m/",
    ];
    const log = `${work.path}/log`;
    await expect(runPush(parsePush(words(log), {}), outputs)).rejects.toThrow("Cannot connect");
    expect(linesOf(log).at(-1)).toContain("Cannot connect");
    const nowhere = runPush(parsePush(words(`${work.path}/none/log`), {}), outputs);
    await expect(nowhere).rejects.toMatchObject({ code: "FILE_IO" });
  });
});
