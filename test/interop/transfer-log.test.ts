import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parsePull } from "../../src/cli/pull/command.ts";
import { runPullCommand } from "../../src/cli/pull/run.ts";
import { parsePush } from "../../src/cli/push/command.ts";
import { runPush } from "../../src/cli/push/run.ts";
import { type Daemon, daemonVersions, rsyncProgram, startDaemon } from "../support/daemon.ts";
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

/** Everything that can be told of an item, but for the time of telling. */
const all = "--log-file-format=%i|%n|%L|%f|%l|%b|%c|%o|%C|%M|%U|%G|%B|%m --cc=md5";

describe.skipIf(!daemonVersions.includes("3.5.0"))("--log-file beside rsync 3.5.0", () => {
  let daemon: Daemon;

  beforeAll(async () => {
    daemon = await startDaemon({
      version: "3.5.0",
      users: undefined as never,
      modules: { stock: {}, ours: {}, m: {} },
    });
  });
  afterAll(() => daemon.remove());

  test.each([
    "-a --delete",
    "-av",
    "-rt --log-file-format=%o,%n,%l",
    "-aii",
    "-aii --log-file-format=%n",
    "-avi --log-file-format=%n%L",
    "-anv --delete",
    `-an --delete ${all}`,
    `-aniz --out-format= ${all}`,
    `-rlptgo --size-only ${all}`,
  ])("%s has the same lines", async (line) => {
    using work = temporaryDirectory();
    makeTree(`${work.path}/src`, {
      a: "hello",
      "d/b b": "x",
      l: { type: "symlink", target: "a" },
      same: { type: "file", content: "same", mode: 0o600 },
    });
    setTimes(`${work.path}/src`, "2020-01-02");
    for (const module of ["stock", "ours"]) {
      fs.rmSync(daemon.path(module), { recursive: true });
      makeTree(daemon.path(module), { gone: "", "lost/x": "", a: "he", same: "same" });
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
  });

  test.each(["-a --delete", "-ai", "-rtq --log-file-format=%o,%n,%l", "-aii", "-anv --delete"])(
    "%s has the same lines of a pull",
    async (line) => {
      using work = temporaryDirectory();
      fs.rmSync(daemon.path("m"), { recursive: true });
      makeTree(daemon.path("m"), { a: "hello", "d/b b": "x", same: "", like: "" });
      setTimes(daemon.path("m"), "2020-01-02");
      for (const side of ["stock", "ours"]) {
        makeTree(`${work.path}/${side}`, { gone: "", a: "he", same: "", like: "" });
        setTimes(`${work.path}/${side}`, "2019-01-02");
        fs.utimesSync(`${work.path}/${side}/like`, new Date("2020-01-02"), new Date("2020-01-02"));
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

  test("what goes wrong is in it", async () => {
    using work = temporaryDirectory();
    makeTree(work.path, { a: "" });
    const log = `${work.path}/log`;
    const words = [`--log-file=${log}`, `${work.path}/a`, "rsync://127.0.0.1:1/m/"];
    await expect(runPush(parsePush(words, {}), outputs)).rejects.toThrow("Cannot connect");
    expect(linesOf(log).at(-1)).toContain("Cannot connect");
  });

  test.each([
    ["/none/log", "ENOENT"],
    ["/dev/full", "ENOSPC"],
  ])("what cannot be written, as %s, is told once, and stops nothing", async (log, why) => {
    using work = temporaryDirectory();
    makeTree(work.path, { a: "", b: "" });
    const url = `rsync://127.0.0.1:${daemon.port}/ours/`;
    const command = parsePush(["-av", `--log-file=${log}`, `${work.path}/`, url], {});
    const errors: string[] = [];
    expect(await runPush(command, { ...outputs, err: (text) => errors.push(text) })).toBe(0);
    expect(errors).toEqual([expect.stringContaining(why)]);
    expect(fs.existsSync(`${daemon.path("ours")}/b`)).toBe(true);
  });
});
