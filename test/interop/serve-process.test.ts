import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import { describe, expect, test } from "vitest";
import type { RsyncError } from "../../protocol/errors.ts";
import { Session } from "../../protocol/session.ts";
import { makeCertificates } from "../support/certificates.ts";
import { inProject } from "../support/command.mjs";
import { eventually } from "../support/eventually.ts";
import { type RunningServe, readText, startServe } from "../support/serve.ts";
import { runRsync } from "../support/served.ts";
import { makeTree, temporaryDirectory } from "../support/tree.ts";

const version = "3.5.0";
const isRoot = process.getuid?.() === 0;

/** Runs it to its end. */
function serve(words: readonly string[]): { status: number | null; errors: string; out: string } {
  const argv = [inProject("dist/bin/sersync.js"), "serve", ...words];
  const env = { ...process.env, RSYNC_PASSWORD: undefined };
  const ran = spawnSync(process.execPath, argv, { encoding: "utf8", timeout: 60_000, env });
  return { status: ran.status, errors: ran.stderr, out: ran.stdout };
}

/** A directory with a configuration, and a module `m` to serve. */
function prepare(text: string): Disposable & { readonly path: string; readonly file: string } {
  const directory = temporaryDirectory();
  const file = `${directory.path}/rsyncd.conf`;
  makeTree(directory.path, { "m/f": "content" });
  const own = isRoot ? "uid = root\ngid = root\n" : "";
  fs.writeFileSync(file, `${own}reverse lookup = no\n[m]\npath = ${directory.path}/m\n${text}`);
  return { path: directory.path, file, [Symbol.dispose]: () => directory[Symbol.dispose]() };
}

describe("modules from the command line", () => {
  test("are served with a password, and logged as rsync logs", async () => {
    using place = prepare("");
    const module = `m=${place.path}/m,rw,auth=joe,comment=of joe`;
    await using running = await startServe(["--module", module], { RSYNC_PASSWORD: "pa55-one" });
    const { port } = running;
    expect(running.output()).toContain(
      `rsync://joe@127.0.0.1:${port}/m/  ${place.path}/m  (read and write, for joe)`,
    );
    fs.mkdirSync(`${place.path}/here`);
    fs.writeFileSync(`${place.path}/here/new`, "12345");
    const push = ["-a", `${place.path}/here/`, `rsync://joe@127.0.0.1:${port}/m/`];
    expect(await runRsync(version, push, { env: { RSYNC_PASSWORD: "pa55-one" } })).toMatchObject({
      code: 0,
    });
    expect(readText(`${place.path}/m/new`)).toBe("12345");
    expect(await runRsync(version, push, { env: { RSYNC_PASSWORD: "pa55-two" } })).toMatchObject({
      code: 5,
      errors: expect.stringContaining("@ERROR: auth failed on module m"),
    });
    await eventually(running.output).toMatch(
      /\[1\] connect from UNDETERMINED \(127\.0\.0\.1\)\n[\s\S]*rsync to m\/ from joe@UNDETERMINED \(127\.0\.0\.1\)\n[\s\S]*recv UNDETERMINED \[127\.0\.0\.1\] m \(joe\) new 5\n[\s\S]*sent \d+ bytes {2}received \d+ bytes {2}total size 5\n/,
    );
    await eventually(running.output).toMatch(
      /\[2\] auth failed on module m from UNDETERMINED \(127\.0\.0\.1\) for joe: /,
    );
    expect(running.output()).not.toMatch(/pa55/);
  });

  test("that cannot be served end with one clear line", () => {
    const ran = serve(["--module", "m=/nonexistent"]);
    const line = 'Cannot serve --module "m=/nonexistent": /nonexistent: it does not exist\n';
    expect(ran).toEqual({ status: 1, errors: line, out: "" });
  });

  test("a port that is taken ends with rsync's code for sockets", async () => {
    const other = net.createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as net.AddressInfo;
    const ran = serve(["--module", "m=/", "--port", String(port)]);
    other.close();
    expect(ran).toMatchObject({ status: 10, errors: expect.stringMatching(/EADDRINUSE/) });
  });
});

describe("a configuration", () => {
  test("--check says what it means, and every mistake with its line", () => {
    using place = prepare("read only = no\nnonsense = 1\n");
    const ran = serve(["--config", place.file, "--check"]);
    expect(ran.status).toBe(0);
    expect(ran.out).toContain("/m/");
    expect(ran.out).toContain("(read and write)");
    expect(ran.errors).toMatch(/rsyncd\.conf:\d+: unknown parameter "nonsense"/);
    expect(ran.errors).toContain("module m can be written by everybody");
    fs.appendFileSync(place.file, "list = maybe\ntimeout = x\n");
    const bad = serve(["--config", place.file, "--check"]);
    expect(bad.status).toBe(1);
    expect(bad.errors.match(/rsyncd\.conf:\d+: (list|timeout): /g)).toHaveLength(2);
  });

  test("is read again at HUP; a bad one leaves the old in place", async () => {
    using place = prepare("comment = one\n");
    const log = `${place.path}/log`;
    await using running = await startServe(["--config", place.file, "--log-file", log]);
    const url = `rsync://127.0.0.1:${running.port}/`;
    const listed = async (): Promise<string> => (await runRsync(version, [url])).output;
    expect(await listed()).toMatch(/^m +\tone\n$/);
    fs.appendFileSync(place.file, "comment = two\n[n]\npath = /\n");
    fs.renameSync(log, `${log}.1`);
    running.signal("SIGHUP");
    await eventually(listed).toMatch(/^m +\ttwo\nn +\t\n$/);
    await listed(); // whoever came while it was read again may stand in the old file
    await eventually(() => readText(log)).toMatch(/connect from/);
    fs.appendFileSync(place.file, "list = maybe\n");
    running.signal("SIGHUP");
    await eventually(running.output).toMatch(
      /list: yes or no is needed[\s\S]*the old configuration goes on/,
    );
    expect(await listed()).toMatch(/^m +\ttwo\nn +\t\n$/);
  });

  test.runIf(isRoot)("makes the process nobody, who still knows the secrets", async () => {
    using place = prepare(
      `uid = nobody\ngid = nogroup\nauth users = joe\nlog file = ${"/dev/null"}\n`,
    );
    const secrets = `${place.path}/secrets`;
    fs.writeFileSync(secrets, "joe:right\n", { mode: 0o600 });
    fs.appendFileSync(place.file, `secrets file = ${secrets}\n`);
    fs.chmodSync(place.path, 0o755);
    await using running = await startServe(["--config", place.file]);
    const status = readText(`/proc/${running.pid}/status`);
    expect(status).toMatch(/^Uid:\s+65534\s+65534\s+65534\s+65534$/m);
    expect(status).toMatch(/^Groups:\s+65534\s*$/m);
    const url = `rsync://joe@127.0.0.1:${running.port}/m/`;
    const pull = [url, "--no-motd"];
    expect(await runRsync(version, pull, { env: { RSYNC_PASSWORD: "right" } })).toMatchObject({
      code: 0,
    });
    running.signal("SIGHUP");
    await eventually(running.output).toMatch(/configuration read again/);
    expect(await runRsync(version, pull, { env: { RSYNC_PASSWORD: "right" } })).toMatchObject({
      code: 0,
    });
    expect(await runRsync(version, pull, { env: { RSYNC_PASSWORD: "wrong" } })).toMatchObject({
      code: 5,
    });
  });
});

test("modules with one lock file count their connections together", async () => {
  using place = prepare("max connections = 1\n");
  const more = `[n]\npath = /\nmax connections = 1\n[o]\npath = /\nmax connections = 1\nlock file = /x\n[p]\npath = /\n`;
  fs.appendFileSync(place.file, more);
  await using running = await startServe(["--config", place.file]);
  const holder = net.connect(running.port, "127.0.0.1");
  await once(holder, "data");
  holder.write("@RSYNCD: 31.0 md5\nm\n");
  expect(String(await once(holder, "data"))).toBe("@RSYNCD: OK\n");
  const visit = async (module: string): Promise<string> => {
    const url = `rsync://127.0.0.1:${running.port}/${module}/`;
    return (await runRsync(version, ["-d", "--exclude=*", url])).errors.split("\n", 1)[0] ?? "";
  };
  expect(await visit("n")).toBe("@ERROR: max connections (1) reached -- try again later");
  expect(await visit("o")).toBe("");
  expect(await visit("p")).toBe("");
  holder.destroy();
  await eventually(() => visit("n")).toBe("");
});

const hasLimits = spawnSync("prlimit", ["--version"]).status === 0;

test.skipIf(!hasLimits)("few descriptors are enough for many directories", async () => {
  using place = prepare("read only = no\n");
  const names = Array.from({ length: 80 }, (_, n) => [`d${n}/e/f`, String(n)] as const);
  makeTree(`${place.path}/here`, Object.fromEntries(names));
  await using running = await startServe(["--config", place.file]);
  const used = fs.readdirSync(`/proc/${running.pid}/fd`).length;
  spawnSync("prlimit", ["--pid", String(running.pid), `--nofile=${used + 30}`]);
  const url = `rsync://127.0.0.1:${running.port}/m/`;
  const here = `${place.path}/here/`;
  const [pushed, pulled] = await Promise.all([
    runRsync(version, ["-a", here, url]),
    runRsync(version, ["-a", "--exclude=d*", url, `${place.path}/back`]),
  ]);
  expect([pushed, pulled]).toMatchObject([
    { code: 0, errors: "" },
    { code: 0, errors: "" },
  ]);
  expect(await runRsync(version, ["-ain", "--delete", "--exclude=/f", here, url])).toMatchObject({
    code: 0,
    output: "",
  });
});

describe("the end", () => {
  /** A stock client in the middle of a file of 30 MiB. */
  async function pullSlowly(
    place: { readonly path: string },
    { port }: RunningServe,
    rate: "30m" | "1m",
  ): Promise<{ readonly pulling: ReturnType<typeof runRsync>; readonly file: string }> {
    fs.writeFileSync(`${place.path}/m/big`, Buffer.alloc(30 << 20, 7));
    const here = fs.mkdtempSync(`${place.path}/here`);
    const argv = [`--bwlimit=${rate}`, "-W", `rsync://127.0.0.1:${port}/m/big`, `${here}/big`];
    const pulling = runRsync(version, argv);
    await eventually(() => fs.readdirSync(here).join()).toMatch(/big/);
    return { pulling, file: `${here}/big` };
  }

  test("waits for a transfer, and then removes the pid file", async () => {
    using place = prepare("");
    const pidFile = `${place.path}/pid`;
    await using running = await startServe(["--config", place.file, "--pid-file", pidFile]);
    expect(readText(pidFile).trim()).toBe(String(running.pid));
    const { pulling, file } = await pullSlowly(place, running, "30m");
    running.signal("SIGTERM");
    expect(await pulling).toMatchObject({ code: 0 });
    expect(await running.ended).toBe(0);
    expect(fs.statSync(file).size).toBe(30 << 20);
    expect(fs.existsSync(pidFile)).toBe(false);
  });

  test("waits for nobody who transfers nothing, as a mirror's session that is kept ready", async () => {
    using place = prepare("read only = no\n");
    await using running = await startServe(["--config", place.file, "--grace", "3600"]);
    const client = net.connect(running.port, "127.0.0.1");
    await once(client, "data");
    const target = { host: "127.0.0.1", port: running.port, module: "m" };
    const session = await Session.open(target, { transfer: {} });
    const reason = new Promise<RsyncError>((resolve) => {
      session.onEnd = resolve;
    });
    running.signal("SIGTERM");
    expect(await reason).toMatchObject({ code: "CONNECTION_LOST" });
    expect(await running.ended).toBe(0);
    expect(running.output()).toContain("Cannot go on with the client: the daemon closes");
  });

  test("comes at once when it is told twice, and after the grace by itself", async () => {
    using place = prepare("");
    await using twice = await startServe(["--config", place.file, "--grace", "3600"]);
    await using late = await startServe(["--config", place.file, "--grace", "0"]);
    const { pulling } = await pullSlowly(place, twice, "1m");
    twice.signal("SIGTERM");
    await eventually(twice.output).toMatch(/SIGTERM: ending/);
    twice.signal("SIGTERM");
    expect(await twice.ended).toBe(20);
    expect(await pulling).not.toMatchObject({ code: 0 });
    const other = await pullSlowly(place, late, "1m");
    late.signal("SIGINT");
    expect(await late.ended).toBe(0);
    expect(await other.pulling).not.toMatchObject({ code: 0 });
  });
});

const hasLsyncd = spawnSync("lsyncd", ["--version"]).status === 0;

test.skipIf(!hasLsyncd)("lsyncd mirrors to it", async () => {
  using place = prepare("read only = no\n");
  const source = `${place.path}/source`;
  makeTree(source, { before: "1", gone: "2" });
  await using running = await startServe(["--config", place.file]);
  const url = `rsync://127.0.0.1:${running.port}/m/`;
  const argv = ["-nodaemon", "-delay", "1", "-rsync", source, url];
  const lsyncd = spawn("lsyncd", argv, { stdio: "ignore" });
  const ended = once(lsyncd, "exit");
  try {
    const names = (): string[] =>
      fs.readdirSync(`${place.path}/m`, { recursive: true, encoding: "utf8" }).sort();
    await eventually(names).toEqual(["before", "gone"]);
    makeTree(source, { "d/new": "3" });
    fs.rmSync(`${source}/gone`);
    await eventually(names).toEqual(["before", "d", "d/new"]);
  } finally {
    lsyncd.kill("SIGKILL");
    await ended;
  }
});

const certificates = makeCertificates("localhost");

test.skipIf(certificates === undefined)(
  "with a certificate it speaks TLS, with stock clients too, and takes a new one at HUP",
  async () => {
    using place = prepare("read only = no\n");
    const write = (from: typeof certificates): void => {
      const files = ["ca", "cert", "key"] as const;
      for (const each of files) fs.writeFileSync(`${place.path}/${each}`, from?.[each] ?? "");
    };
    write(certificates);
    const pair = ["--tls-cert", `${place.path}/cert`, "--tls-key", `${place.path}/key`];
    await using running = await startServe(["--config", place.file, ...pair]);
    expect(running.output()).toContain(`rsyncs://127.0.0.1:${running.port}/m/`);
    const argv = [inProject("dist/bin/sersync.js"), "list", `rsyncs://localhost:${running.port}/`];
    const env = { ...process.env, RSYNC_SSL_CA_CERT: `${place.path}/ca` };
    const ran = spawnSync(process.execPath, argv, { encoding: "utf8", env, timeout: 60_000 });
    expect(ran.stdout + ran.stderr).toMatch(/^m +\t/);
    // What rsync-ssl runs.
    const trust = `-CAfile ${place.path}/ca -verify_return_error -verify_hostname localhost`;
    const RSYNC_CONNECT_PROG = `openssl s_client ${trust} -quiet -connect %H:${running.port}`;
    const stock = (...words: string[]) => runRsync(version, words, { env: { RSYNC_CONNECT_PROG } });
    makeTree(`${place.path}/here`, { big: Buffer.alloc(3 << 20, "tls"), "d/e": "" });
    const url = "rsync://localhost/m/";
    expect(await stock("-a", `${place.path}/here/`, url)).toMatchObject({ code: 0 });
    expect(await stock("-a", url, `${place.path}/back`)).toMatchObject({ code: 0 });
    expect(readText(`${place.path}/back/big`)).toBe(readText(`${place.path}/here/big`));
    fs.writeFileSync(`${place.path}/cert`, "no certificate");
    running.signal("SIGHUP");
    await eventually(running.output).toMatch(/Cannot speak TLS: [\s\S]*old configuration goes on/);
    expect(await stock(url)).toMatchObject({ code: 0 });
    write(makeCertificates("localhost"));
    running.signal("SIGHUP");
    await eventually(async () => (await stock(url)).code).toBe(0);
  },
);
