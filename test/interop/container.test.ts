import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type BareRoot, bareRoot, canUnshare, fillImage } from "../support/bare-root.ts";
import { type Daemon, daemonVersions, startDaemon } from "../support/daemon.ts";
import { readImage } from "../support/image.ts";
import { readLog } from "../support/mirror.ts";
import { freePort } from "../support/ports.mjs";

// There is no container engine in every test machine: what is in the image, and how the Dockerfile
// says it is run, is tried in a root file system that holds nothing else.

const image = readImage();
const [version] = daemonVersions;

let root: BareRoot;
let daemon: Daemon;

async function startContainer(settings: Readonly<Record<string, string>>) {
  const page = `127.0.0.1:${await freePort()}`; // the image's own 0.0.0.0 is for networks of their own
  const environment = { ...image.environment, SERSYNC_PAGE: page, ...settings };
  const child: ChildProcess = root.start([...image.entrypoint, ...image.command], environment);
  const ended = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const health = () => root.run(image.healthCheck, environment);
  return { ...readLog(child), child, ended, health, page };
}

function target(module: string, port = daemon.port): string {
  return `rsync://127.0.0.1:${port}/${module}`;
}

describe.skipIf(!canUnshare || version === undefined)("the image", () => {
  beforeAll(async () => {
    root = bareRoot(fillImage);
    daemon = await startDaemon({ version: version ?? "3.5.0", modules: { backup: {} } });
  });
  afterAll(async () => {
    root[Symbol.dispose]();
    await daemon.remove();
  });

  test("holds no shell, and the user can write nothing of it", async () => {
    expect(image.base).toBe("scratch");
    expect(image.user).toBe("65532:65532");
    expect(fs.readdirSync(path.join(root.path, "usr/bin"))).toEqual(["node"]);
    const attempt = "try { fs.writeFileSync('/data/x', '') } catch (e) { console.log(e.code) }";
    const { output } = await root.run(["/usr/bin/node", "-e", attempt]);
    expect(output).toBe("EROFS\n");
  });

  test("mirrors by variables alone, says that it is healthy, and ends on TERM", async () => {
    fs.writeFileSync(path.join(root.path, "data/before.txt"), "x");
    const container = await startContainer({ SERSYNC_TARGETS: target("backup") });
    await container.says(({ path: name }) => name === "before.txt");
    fs.writeFileSync(path.join(root.path, "data/after.txt"), "x");
    await container.says(({ path: name }) => name === "after.txt");
    expect(fs.existsSync(path.join(daemon.path("backup"), "after.txt"))).toBe(true);
    const page = await (await fetch(`http://${container.page}/page.js`)).text();
    expect(page).toContain("EventSource");
    expect(await container.health()).toEqual({ exitCode: 0, output: "ready\n" });
    container.child.kill("SIGTERM");
    expect(await container.ended).toEqual([0, null]);
    expect(container.lines.every(({ level }) => level !== "none")).toBe(true);
  });

  test("is unhealthy while a target is down, and says why", async () => {
    const down = await freePort();
    const both = `${target("backup")} ${target("backup", down)}`;
    const container = await startContainer({ SERSYNC_TARGETS: both });
    await container.says(({ msg }) => msg.startsWith(`Cannot connect to 127.0.0.1:${down}`));
    const { exitCode, output } = await container.health();
    expect(exitCode).toBe(1);
    expect(output).toContain(`not ready\n127.0.0.1:${down}::backup: Cannot connect`);
  });

  test("is healthy with the share of targets that suffices", async () => {
    const down = await freePort();
    const both = `${target("backup")} ${target("backup", down)}`;
    const settings = { SERSYNC_TARGETS: both, SERSYNC_READY_SHARE: "50" };
    const container = await startContainer(settings);
    await container.says(({ msg }) => msg.startsWith(`Cannot connect to 127.0.0.1:${down}`));
    await expect.poll(container.health).toEqual({ exitCode: 0, output: "ready\n" });
  });

  test("is unhealthy when nothing runs", async () => {
    const { exitCode, output } = await root.run(image.healthCheck, { SERSYNC_PAGE: "127.0.0.1:9" });
    expect(exitCode).toBe(1);
    expect(output).toMatch(/^cannot ask http:\/\/127.0.0.1:9\/readyz: /);
  });
});
