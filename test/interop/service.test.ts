import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { isProcess } from "../../src/control/process.ts";
import { inProject, run } from "../support/command.mjs";
import { readLog } from "../support/mirror.ts";
import { type Workplace, workplace } from "../support/service.ts";
import { temporaryDirectory } from "../support/tree.ts";

// Most of these need no target: what is asked is how the program starts, listens and ends.

/** A port of 127.0.0.1 where nobody listens. */
const deadPort = 9;

/** A workplace whose one target is down. */
function lonely() {
  const source = temporaryDirectory();
  const at = workplace({ source: source.path, port: deadPort, remotes: [{ module: "m" }] });
  return {
    ...at,
    source: source.path,
    [Symbol.asyncDispose]: async () => {
      await at[Symbol.asyncDispose]();
      source[Symbol.dispose]();
    },
  };
}

const watching = ({ msg }: { readonly msg: string }): boolean => msg.startsWith("Watching ");

async function foreground(at: Workplace, ...words: string[]) {
  const running = at.launch(["-o", at.file, ...words]);
  await running.says(watching);
  return running;
}

test("-d returns 0 when the process in the background watches, and it goes on (F-28)", async () => {
  await using at = lonely();
  const pid = await at.daemonize();
  expect(isProcess(pid)).toBe(true);
  await expect.poll(() => at.logged().some(watching), { timeout: 30_000 }).toBe(true);
  const session = fs.readFileSync(`/proc/${pid}/stat`, "utf8").split(" ")[5];
  expect(Number(session)).toBe(pid);
});

test("-d tells the person what sersync told, and what goes wrong, with its exit code (F-28)", async () => {
  await using at = lonely();
  const files = ["--log-file", at.logFile, "--pid-file", at.pidFile];
  const { out } = await at.run("-dr", "-o", at.file, ...files);
  expect(out.split("\n")).toEqual(
    expect.arrayContaining([
      "option: -d \trun as a daemon",
      "daemon start，sersync run behind the console ",
      "config xml parse success",
      `watch path is: ${at.source}`,
    ]),
  );
  await at.run("stop", "-o", at.file);
  at.configure({ params: "-a%" });
  const { exitCode, err } = await at.run("-d", "-o", at.file, ...files);
  expect(exitCode).toBe(1);
  expect(err).toContain("rsync has no such option");
  expect(fs.existsSync(at.pidFile)).toBe(false);
});

test("-d without a log file keeps the outputs it was given, as sersync did", async () => {
  await using at = lonely();
  const running = at.launch(["-do", at.file]);
  await running.says(watching);
  expect(await running.ended).toBe(0);
  fs.writeFileSync(`${at.source}/f`, "x");
  const pending = async () => (await at.run("status", "-o", at.file)).out;
  await expect.poll(pending, { timeout: 30_000 }).toContain("1 path to deliver");
  const { exitCode, out } = await at.run("stop", "-o", at.file);
  expect([exitCode, out]).toEqual([0, `${at.file}: stopped; 1 path is left\n`]);
  await running.says(({ msg }) => msg.startsWith("stopped; 1 path is not delivered: the next"));
});

test.each(["background", "foreground"])(
  "a second instance on one configuration is refused, naming the one in the %s (F-28)",
  async (where) => {
    await using at = lonely();
    const pid = where === "background" ? await at.daemonize() : (await foreground(at)).pid;
    fs.symlinkSync(at.file, `${at.directory}/link.xml`);
    for (const words of [
      ["-o", at.file],
      ["-d", "-o", `${at.directory}/link.xml`, "--log-file", `${at.directory}/other`],
    ]) {
      const { exitCode, err, out } = await at.run(...words);
      expect([exitCode, out]).toEqual([1, ""]);
      expect(err).toContain(`is already mirrored by process ${pid}`);
    }
    expect(isProcess(pid)).toBe(true);
  },
);

test("one that does not answer, being stopped by a debugger, is still not run twice", async () => {
  await using at = lonely();
  const running = await foreground(at);
  running.kill("SIGSTOP");
  const { exitCode, err } = await at.run("-o", at.file);
  expect(exitCode).toBe(1);
  expect(err).toContain(`process ${running.pid}`);
});

test("after kill -9 it is started again as if nothing was left", async () => {
  await using at = lonely();
  process.kill(await at.daemonize(), "SIGKILL");
  const { exitCode, err } = await at.run("stop", "-o", at.file);
  expect([exitCode, err]).toEqual([3, expect.stringContaining("does not run; it ended without")]);
  const pid = await at.daemonize();
  expect(fs.readFileSync(at.pidFile, "utf8")).toBe(`${pid}\n`);
  expect((await at.run("stop", "-o", at.file)).exitCode).toBe(0);
  const lasting = ["confxml.xml", "log", "password", "state"];
  expect(fs.readdirSync(at.directory).sort()).toEqual(lasting);
});

test("of five that are started at the same moment over a dead one's socket, one runs", async () => {
  await using at = lonely();
  process.kill(await at.daemonize(), "SIGKILL");
  const all = Array.from({ length: 5 }, () => at.launch(["-o", at.file]));
  const outcomes = await Promise.all(
    all.map((each) => Promise.race([each.ended, each.says(watching).then(() => "watches")])),
  );
  expect(outcomes.map(String).toSorted()).toEqual(["1", "1", "1", "1", "watches"]);
});

test("a pid file belongs to one living process at a time", async () => {
  await using at = lonely();
  await using other = lonely();
  const pid = await at.daemonize();
  const { exitCode, err } = await other.run("-o", other.file, "--pid-file", at.pidFile);
  expect([exitCode, err]).toEqual([1, expect.stringContaining(`process ${pid}`)]);
  expect(fs.readFileSync(at.pidFile, "utf8")).toBe(`${pid}\n`);
});

test("a pid file and a log in the background that cannot be had are told, without a trace", async () => {
  await using at = lonely();
  const refused = await Promise.all([
    at.run("-o", at.file, "--pid-file", `${at.file}/pid`),
    at.run("-d", "-o", at.file, "--log-file", at.directory),
  ]);
  expect(refused.map(({ exitCode, err }) => [exitCode, err])).toEqual([
    [1, `Cannot hold the pid file ${at.file}/pid: ENOTDIR\n`],
    [1, `Cannot open the log file ${at.directory}: EISDIR; nothing is started in the background\n`],
  ]);
});

test("a log that cannot be had is told, and its lines go to the output", async () => {
  await using at = lonely();
  const running = await foreground(at, "--log-file", `${at.file}/log`);
  running.kill("SIGTERM");
  expect(await running.ended).toBe(0);
  expect(running.output()).toContain(`cannot open the log file ${at.file}/log: ENOTDIR; its lines`);
});

test("a file that is no pid file is not written over", async () => {
  await using at = lonely();
  const { exitCode, err } = await at.run("-o", at.file, "--pid-file", at.file);
  expect(exitCode).toBe(1);
  expect(err).toContain("is no pid file");
  expect(fs.readFileSync(at.file, "utf8")).toContain("<head");
});

test("stop returns when the process has ended, and says so; then nothing runs: 3", async () => {
  await using at = lonely();
  const pid = await at.daemonize();
  const stopped = await at.run("stop", "-o", at.file, "--json");
  expect(isProcess(pid)).toBe(false);
  expect(stopped.exitCode).toBe(0);
  expect(JSON.parse(stopped.out)).toMatchObject({ file: at.file, ok: true, undelivered: 0 });
  const again = await at.run("stop", "-o", at.file);
  expect([again.exitCode, again.err]).toEqual([3, `sersync: ${at.file}: it does not run\n`]);
  const missing = await at.run("status", "-o", `${at.file}.old`);
  expect(missing.exitCode).toBe(3);
  expect(missing.err).toBe(`sersync: ${at.file}.old: it does not run, and there is no such file\n`);
});

test.each(["SIGTERM", "SIGINT"] as const)("%s ends it with exit code 0", async (signal) => {
  await using at = lonely();
  const running = await foreground(at);
  running.kill(signal);
  expect(await running.ended).toBe(0);
  expect(running.output()).toContain(`stopping on ${signal}`);
});

test("a second TERM ends at once what waits for a silent daemon, with exit code 20 (F-27)", async () => {
  const daemon = createServer(() => {}).listen(0, "127.0.0.1");
  await once(daemon, "listening");
  const { port } = daemon.address() as { port: number };
  await using at = lonely();
  at.configure({ port });
  const connected = new Promise((resolve) => daemon.once("connection", resolve));
  const running = await foreground(at, "-r");
  await connected;
  running.kill("SIGTERM");
  await running.says(({ msg }) => msg.startsWith("stopping"));
  running.kill("SIGTERM");
  expect(await running.ended).toBe(20);
  daemon.close();
});

test("HUP opens the log file anew, and loses no line", async () => {
  await using at = lonely();
  const pid = await at.daemonize();
  fs.renameSync(at.logFile, `${at.logFile}.1`);
  process.kill(pid, "SIGHUP");
  await expect.poll(() => fs.existsSync(at.logFile), { timeout: 30_000 }).toBe(true);
  expect((await at.run("stop", "-o", at.file)).exitCode).toBe(0);
  const old = fs.readFileSync(`${at.logFile}.1`, "utf8");
  expect(old).toContain("Watching ");
  expect(old + fs.readFileSync(at.logFile, "utf8")).toMatch(/not changed".*"stopped/s);
});

test("a bad configuration is not carried out: every mistake is a line, the old one goes on", async () => {
  await using at = lonely();
  const running = await foreground(at);
  at.configure({ params: "-a%", filter: ["(a"] });
  running.kill("SIGHUP");
  await running.says(({ msg }) => msg.includes("the old one goes on"));
  const mistakes = running.lines.filter(({ level }) => level === "error").map(({ msg }) => msg);
  expect(mistakes.filter((text) => text.includes(`${at.file}:`))).toHaveLength(2);
  const { exitCode, err } = await at.run("reload", "-o", at.file);
  expect(exitCode).toBe(1);
  expect(err.split("\n").filter((line) => /confxml\.xml:\d+:/.test(line))).toHaveLength(2);
  running.kill("SIGTERM");
  expect(await running.ended).toBe(0);
});

test("of two configurations only the changed one is replaced; either is a way to ask", async () => {
  await using at = lonely();
  await using other = lonely();
  const running = at.launch(["-o", at.file, "-o", other.file]);
  await running.says(() => running.lines.filter(watching).length === 2);
  other.configure({ params: "-az" });
  const { exitCode, out } = await at.run("reload", "-o", at.file, "--json");
  expect(exitCode).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ changed: [other.file], unchanged: [at.file] });
  await running.says(() => running.lines.filter(watching).length === 3);
  // Both sockets are where this process was told to put them.
  const key = fs.readdirSync(at.directory).filter((name) => name.endsWith(".sock"));
  expect(key).toHaveLength(2);
  expect((await at.run("stop", "-o", other.file)).exitCode).toBe(0);
  expect(await running.ended).toBe(0);
});

test("a configuration that is given twice is refused", async () => {
  await using at = lonely();
  const { exitCode, err } = await at.run("-o", at.file, "-o", `${at.directory}/./confxml.xml`);
  expect([exitCode, err]).toEqual([1, expect.stringContaining("is given twice")]);
});

test("a mirror without a configuration file is asked by what it watches", async () => {
  await using at = lonely();
  const words = ["watch", at.source, "rsync://127.0.0.1:9/m"];
  const running = at.launch(words);
  await running.says(watching);
  const second = await at.run(...words);
  expect([second.exitCode, second.err]).toEqual([1, expect.stringContaining(`${running.pid}`)]);
  const inWords = async () => (await at.run("status", "--source", at.source)).out;
  await expect.poll(inWords, { timeout: 30_000 }).toContain("connection refused"); // though idle
  const status = await at.run("status", "--source", `${at.source}/.`, "--json");
  expect(status.exitCode).toBe(2);
  expect(JSON.parse(status.out)).toMatchObject({ pid: running.pid, state: "running" });
  expect((await at.run("stop", "--source", at.source)).exitCode).toBe(0);
  expect(await running.ended).toBe(0);
  expect((await at.run("status", "--source", at.source)).exitCode).toBe(3);
});

test("-d with a directory that is waited for is ready while it waits", async () => {
  await using at = lonely();
  at.configure({ source: `${at.source}/later` });
  await at.daemonize("--wait");
  fs.mkdirSync(`${at.source}/later`);
  await expect.poll(() => at.logged().some(watching), { timeout: 30_000 }).toBe(true);
});

test("nothing is written to the kernel's settings (F-29)", async () => {
  const limits = () =>
    ["max_user_watches", "max_queued_events"].map(
      (name) =>
        fs.statSync(`/proc/sys/fs/inotify/${name}`).mtimeMs &&
        fs.readFileSync(`/proc/sys/fs/inotify/${name}`, "utf8"),
    );
  const before = limits();
  await using at = lonely();
  await at.run("-h");
  await at.daemonize("-r");
  expect(limits()).toEqual(before);
});

const hasScript = run(["script", "--version"]).ok;

test.skipIf(!hasScript)("a terminal that is closed takes its program along", async () => {
  await using at = lonely();
  const program = [process.execPath, inProject("dist/bin/sersync.js"), "-o", at.file];
  const terminal = spawn("script", ["-qfec", program.join(" "), "/dev/null"], {
    stdio: ["pipe", "pipe", "ignore"],
    env: { ...process.env, SERSYNC_RUNTIME_DIR: at.directory, SERSYNC_STATE_DIR: at.directory },
  });
  const shown = readLog(terminal);
  await shown.says(({ msg }) => msg.includes("Watching "));
  const { out } = await at.run("status", "-o", at.file, "--json");
  const { pid } = JSON.parse(out) as { pid: number };
  terminal.kill("SIGKILL");
  await expect.poll(() => isProcess(pid), { timeout: 15_000 }).toBe(false);
  expect((await at.run("status", "-o", at.file)).exitCode).toBe(3);
});
