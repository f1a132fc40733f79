import { spawnSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BareRoot, bareRoot, canUnshare, fillImage } from "../support/bare-root.ts";
import { inProject } from "../support/command.mjs";
import { daemonVersions, startDaemon } from "../support/daemon.ts";
import { readLog } from "../support/mirror.ts";

const [version] = daemonVersions;
/** Node itself is packed: a busy machine takes minutes. */
const packingMs = 300_000;
const name = `sersync-${ownVersion()}-${process.platform}-${process.arch}`;

function ownVersion(): string {
  const text = fs.readFileSync(inProject("package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** What every Debian has, but no Node: a shell, and the libraries. */
function fillDebian(root: string): void {
  fillImage(root, "/bin/sh", "/usr/bin/readlink");
  fs.rmSync(path.join(root, "usr/bin/node"));
  fs.rmSync(path.join(root, "opt/sersync"), { recursive: true });
  fs.chmodSync(path.join(root, "data"), 0o755);
}

function unpack(root: string): void {
  const script = inProject("packaging/build/standalone.mjs");
  const pack = spawnSync(process.execPath, [script, root, "1"]);
  expect(pack.stderr.toString()).toBe("");
  const archive = path.join(root, `${name}.tar.gz`);
  expect(spawnSync("tar", ["-C", path.join(root, "opt"), "-xzf", archive]).status).toBe(0);
}

describe.skipIf(!canUnshare || version === undefined)("unpacked on a Debian without Node", () => {
  let root: BareRoot;
  const home = `/opt/${name}`;
  const shell = (line: string, PATH = "/usr/bin") =>
    root.run(["/bin/sh", "-c", line], { PATH, SERSYNC_PAGE: "off" });

  beforeAll(() => {
    root = bareRoot((directory) => {
      fillDebian(directory);
      unpack(directory);
    });
  }, packingMs);
  afterAll(() => root[Symbol.dispose]());

  test("there are bin, conf and logs, as sersync's users know them", () => {
    const entries = fs.readdirSync(path.join(root.path, home)).sort();
    expect(entries).toEqual([
      "LICENSE",
      "README.md",
      "README.zh-CN.md",
      "bin",
      "conf",
      "lib",
      "logs",
    ]);
    expect(fs.existsSync(path.join(root.path, home, "conf/confxml.xml"))).toBe(true);
  });

  test("it starts by its path, from PATH, and through links, in any directory", async () => {
    fs.mkdirSync(path.join(root.path, "usr/local/bin"), { recursive: true });
    fs.symlinkSync(`../../..${home}/bin/sersync`, path.join(root.path, "usr/local/bin/sersync"));
    const said = { exitCode: 0, output: `${ownVersion()}\n` };
    expect(await shell("node --version")).toMatchObject({ exitCode: 127 });
    expect(await shell(`cd /tmp && ${home}/bin/sersync --version`)).toEqual(said);
    expect(await shell(`cd ${home}/bin && ./sersync --version`)).toEqual(said);
    expect(await shell("cd /etc && sersync --version", `${home}/bin:/usr/bin`)).toEqual(said);
    expect(await shell("cd / && sersync --version", "/usr/local/bin:/usr/bin")).toEqual(said);
  });

  test("its example of a configuration has no mistake but the directory that is not there", async () => {
    const { output } = await shell(`cd ${home} && bin/sersync check -o conf/confxml.xml`);
    expect(output).toContain("/opt/tongbu");
    expect(output).toMatch(/^conf\/confxml\.xml:\d+:\d+: .*\/opt\/tongbu.*$/m);
  });

  test("it mirrors", async () => {
    await using daemon = await startDaemon({
      version: version ?? "3.5.0",
      modules: { backup: {} },
    });
    const words = ["watch", "/data", `rsync://127.0.0.1:${daemon.port}/backup`, "-r"];
    const child = root.start(["/bin/sh", `${home}/bin/sersync`, ...words], {
      PATH: "/usr/bin",
      SERSYNC_PAGE: "off",
    });
    const ended = once(child, "exit");
    const log = readLog(child);
    await log.says(({ msg }) => msg.startsWith("full push complete"));
    fs.writeFileSync(path.join(root.path, "data/live.txt"), "x");
    await log.says(({ path: changed }) => changed === "live.txt");
    expect(fs.readdirSync(daemon.path("backup"))).toEqual(["live.txt"]);
    child.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
  });
});
