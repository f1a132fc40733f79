import fs from "node:fs";
import { describe, expect, test } from "vitest";
import { openLogFile } from "../../src/log-file.ts";
import { LogOutput } from "../../src/log-output.ts";
import { temporaryDirectory } from "../support/tree.ts";

describe("log lines", () => {
  test("arrive in order, whatever is written while others are on their way", async () => {
    using at = temporaryDirectory();
    const file = `${at.path}/log`;
    const output = new LogOutput(fs.openSync(file, "a"));
    const lines = Array.from({ length: 5_000 }, (_, index) => `line ${index} é\n`);
    for (const [index, line] of lines.entries()) {
      output.write(line);
      if (index % 500 === 0) await new Promise(setImmediate);
    }
    await expect.poll(() => fs.readFileSync(file, "utf8")).toBe(lines.join(""));
  });

  test("that are still waiting are written at the end", () => {
    using at = temporaryDirectory();
    const output = new LogOutput(fs.openSync(`${at.path}/log`, "a"));
    output.write("on its way\n");
    output.write("waiting\n");
    output.flushSync();
    expect(fs.readFileSync(`${at.path}/log`, "utf8")).toContain("waiting\n");
  });

  test.skipIf(!fs.existsSync("/dev/full"))(
    "that a full disk does not take delay neither the program nor its end, and come later",
    async () => {
      const troubles: string[] = [];
      const output = new LogOutput(fs.openSync("/dev/full", "a"), {
        onTrouble: (code) => troubles.push(code),
      });
      for (let i = 0; i < 3; i += 1) output.write("line\n");
      await expect.poll(() => troubles).toEqual(["ENOSPC"]);
      output.flushSync();
      expect(troubles).toEqual(["ENOSPC"]);
      using at = temporaryDirectory();
      output.replace(fs.openSync(`${at.path}/log`, "a"));
      output.write("room again\n");
      await expect
        .poll(() => fs.readFileSync(`${at.path}/log`, "utf8"))
        .toBe("line\nline\nline\nroom again\n");
    },
  );

  test("that nobody reads are dropped beyond a limit", () => {
    const output = new LogOutput(fs.openSync("/dev/null", "r"));
    const line = "x".repeat(1024 * 1024);
    for (let i = 0; i < 100; i += 1) output.write(line);
    output.flushSync();
    expect(process.memoryUsage().heapUsed).toBeLessThan(500 * 1024 * 1024);
  });
});

describe("a log file", () => {
  test("goes on under its name when it was moved away, and loses nothing", async () => {
    using at = temporaryDirectory();
    const file = `${at.path}/log`;
    const log = openLogFile(file, () => {});
    log.write("before\n");
    await expect.poll(() => fs.readFileSync(file, "utf8")).toBe("before\n");
    fs.renameSync(file, `${file}.1`);
    log.write("between\n");
    log.reopen();
    await expect.poll(() => fs.existsSync(file)).toBe(true);
    const written = () => {
      log.write("after\n");
      return fs.readFileSync(file, "utf8");
    };
    await expect.poll(written).toMatch(/^after\n/);
    const both = fs.readFileSync(`${file}.1`, "utf8") + fs.readFileSync(file, "utf8");
    expect(both).toMatch(/^before\nbetween\n(after\n)+$/);
    expect(fs.statSync(file).mode & 0o777).toBe(0o640 & ~process.umask());
  });

  test("keeps the old file when the new one cannot be opened, and says so", async () => {
    using at = temporaryDirectory();
    fs.mkdirSync(`${at.path}/d`);
    const complaints: string[] = [];
    const log = openLogFile(`${at.path}/d/log`, (line) => complaints.push(line));
    fs.renameSync(`${at.path}/d`, `${at.path}/e`);
    log.reopen();
    await expect.poll(() => complaints).toEqual([expect.stringContaining("anew: ENOENT")]);
    log.reopen((line) => log.write(`${line}\n`));
    const old = () => fs.readFileSync(`${at.path}/e/log`, "utf8");
    await expect.poll(old).toMatch(/anew: ENOENT; the old one goes on\n$/);
    log.write("still\n");
    await expect.poll(old).toMatch(/\nstill\n$/);
  });

  test("that cannot be opened is an error at once", () => {
    expect(() => openLogFile("/nowhere/log", () => {})).toThrow("ENOENT");
  });
});
