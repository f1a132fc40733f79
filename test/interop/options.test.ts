import { execFileSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { expect, test } from "vitest";
import type { IdNames } from "../../protocol/flist/list.ts";
import type { TransferOptions } from "../../protocol/options.ts";
import { rootPath } from "../../protocol/path.ts";
import type { PushReport } from "../../protocol/report.ts";
import { Session } from "../../protocol/session.ts";
import { LocalTree } from "../../protocol/source/local.ts";
import { walk } from "../../protocol/source/walk.ts";
import {
  type DaemonVersion,
  describeDaemons,
  type Parameters,
  rsyncProgram,
  startDaemon,
} from "../support/daemon.ts";
import { random } from "../support/random.ts";
import {
  expectEqualTrees,
  makeTree,
  readTree,
  type TreeSpec,
  temporaryDirectory,
} from "../support/tree.ts";

const isRoot = process.getuid?.() === 0;
const mirror: TransferOptions = { recursive: true, links: true, perms: true, times: true };

interface Given extends TransferOptions {
  readonly protocol?: number;
  readonly directory?: string;
  readonly idNames?: IdNames;
}

/** A daemon with one module, and a source; both go away with their scope. */
async function start(
  version: DaemonVersion,
  here: TreeSpec = {},
  there: TreeSpec = {},
  parameters: Parameters = {},
) {
  const daemon = await startDaemon({ version, modules: { m: parameters } });
  const directory = temporaryDirectory();
  const source = directory.path;
  const target = daemon.path("m");
  makeTree(source, here);
  makeTree(target, there);

  async function push(given: Given = {}): Promise<PushReport> {
    const { protocol, directory: at, idNames, ...options } = given;
    const session = await Session.open(
      {
        host: daemon.host,
        port: daemon.port,
        module: "m",
        protocol,
        ...(at === undefined ? {} : { directory: at as typeof rootPath }),
      },
      {
        transfer: { ...mirror, ...options },
        features: { acknowledge: true },
        timeoutMs: 20_000,
        ...(idNames && { idNames }),
      },
    );
    const tree = new LocalTree(source);
    return session.push([...walk(tree, rootPath)], tree);
  }

  const dispose = async (): Promise<void> => {
    directory[Symbol.dispose]();
    await daemon.remove();
  };
  return { daemon, source, target, push, [Symbol.asyncDispose]: dispose };
}

function kinds(report: PushReport): Record<string, string> {
  return Object.fromEntries(report.entries.map(({ path }, i) => [path, report.status(i).kind]));
}

const allOf = (report: PushReport) => new Set(Object.values(kinds(report)));
const names = (root: string) => [...readTree(root).keys()].filter((name) => name !== "").sort();
const modeOf = (file: string) => (fs.lstatSync(file).mode & 0o7777).toString(8);

function setTime(root: string, name: string, seconds: number): void {
  fs.lutimesSync(`${root}/${name}`, seconds, seconds);
}

describeDaemons("a push with options", (version) => {
  test.each([27, 28, 29, 30, 32])("-c compares content, not times (%i)", async (protocol) => {
    const here = { same: "same", other: "here!", "large same": random(1).bytes(600_000), new: "" };
    const there = { ...here, other: "there", new: undefined };
    const { new: _, ...old } = there;
    await using pushed = await start(
      version,
      { ...here, link: { type: "symlink", target: "x" } },
      old,
    );
    for (const name of ["same", "large same"]) setTime(pushed.target, name, 1_000_000);
    setTime(pushed.source, "other", 1_600_000_000);
    setTime(pushed.target, "other", 1_600_000_000);
    const report = await pushed.push({ checksum: true, protocol });
    expectEqualTrees(pushed.source, pushed.target, { times: protocol > 30 });
    expect(report.contentBytes).toBe("here!".length);
    expect(allOf(report)).toEqual(new Set(["delivered"]));
  });

  test("--chmod changes modes as the stock client does", async () => {
    const modes = [0o644, 0o755, 0o600, 0o4755, 0o2711, 0o111, 0, 0o777];
    const files = modes.map((mode) => [`f${mode}`, { type: "file", content: "", mode }] as const);
    const here: TreeSpec = {
      ...Object.fromEntries(files),
      d: { type: "directory", mode: 0o2750 },
      link: { type: "symlink", target: "f0" },
    };
    await using pushed = await start(version, here);
    const texts = [
      "D755,F644",
      "u+rwX,go=rX",
      "Dg+s,ugo-w,F+X",
      "a=,u+rws,+t",
      "Fo-rwx,D0700",
      "-x,g=wX",
    ];
    for (const chmod of texts) {
      using stock = temporaryDirectory();
      const argv = ["-rlpt", `--chmod=${chmod}`, `${pushed.source}/`, `${stock.path}/`];
      execFileSync(rsyncProgram(version), argv);
      await pushed.push({ chmod });
      expectEqualTrees(stock.path, pushed.target, { root: false, times: false });
    }
    await expect(pushed.push({ chmod: "u+q" })).rejects.toMatchObject({ code: "BAD_OPTION" });
  });

  test.skipIf(!isRoot)("owners follow maps, or travel as they are", async () => {
    await using pushed = await start(version, { f: "" }, {}, { "use chroot": false });
    fs.chownSync(`${pushed.source}/f`, 12_345, 23_456);
    const owners = { owner: true, group: true };
    for (const protocol of [27, 29, 32]) {
      await pushed.push({ ...owners, protocol, numericIds: true });
      expect(ownerOf(`${pushed.target}/f`)).toEqual([12_345, 23_456]);
      await pushed.push({ ...owners, protocol, userMap: "*:777", groupMap: "23456:888" });
      expect(ownerOf(`${pushed.target}/f`)).toEqual([777, 888]);
    }
  });

  const [name = "", userId = 0] = someUser() ?? [];
  test.skipIf(!isRoot || name === "")("owners follow names", async () => {
    await using pushed = await start(version, { f: "" }, {}, { "use chroot": false });
    fs.chownSync(`${pushed.source}/f`, 12_345, 23_456);
    const given = {
      owner: true,
      group: true,
      idNames: { user: () => name, group: () => undefined },
    };
    for (const protocol of [27, 29, 32]) {
      await pushed.push({ ...given, protocol });
      expect(ownerOf(`${pushed.target}/f`)).toEqual([userId, 23_456]);
      await pushed.push({ ...given, protocol, numericIds: true });
      expect(ownerOf(`${pushed.target}/f`)).toEqual([12_345, 23_456]);
      await pushed.push({ ...given, protocol, userMap: `${name}:777` });
      expect(ownerOf(`${pushed.target}/f`)).toEqual([777, 23_456]);
    }
  });

  test("--max-size and --min-size leave files out", async () => {
    await using pushed = await start(version, { empty: "", some: "some", large: "x".repeat(5000) });
    const report = await pushed.push({ minSizeBytes: 1, maxSizeBytes: 4999 });
    expect(names(pushed.target)).toEqual(["some"]);
    expect(kinds(report)).toMatchObject({ empty: "kept", large: "kept", some: "delivered" });
  });

  test("-E keeps the right to execute where modes are not kept", async () => {
    await using pushed = await start(
      version,
      { f: { type: "file", content: "new", mode: 0o755 } },
      { f: { type: "file", content: "old", mode: 0o640 } },
    );
    await pushed.push({ perms: false, executability: true });
    expect(modeOf(`${pushed.target}/f`)).toBe("750");
  });

  test("-K takes a link to a directory for the directory", async () => {
    await using pushed = await start(
      version,
      { "d/f": "content" },
      { real: { type: "directory" }, d: { type: "symlink", target: "real" } },
    );
    await pushed.push({ keepDirlinks: true });
    expect(fs.readFileSync(`${pushed.target}/real/f`, "utf8")).toBe("content");
    expect(fs.lstatSync(`${pushed.target}/d`).isSymbolicLink()).toBe(true);
  });

  test("--safe-links leaves out links that lead away", async () => {
    await using pushed = await start(version, {
      inside: { type: "symlink", target: "f" },
      outside: { type: "symlink", target: "../../etc/passwd" },
      f: "",
    });
    const report = await pushed.push({ safeLinks: true });
    expect(names(pushed.target)).toEqual(["f", "inside"]);
    expect(kinds(report)["inside"]).toBe("delivered");
  });

  test("-O and -J leave times of directories and links", async () => {
    await using pushed = await start(version, {
      "d/f": "",
      link: { type: "symlink", target: "d" },
    });
    for (const name of ["d", "link", "d/f"]) setTime(pushed.source, name, 1_000_000_000);
    await pushed.push({ omitDirTimes: true, omitLinkTimes: true });
    const time = (name: string) => fs.lstatSync(`${pushed.target}/${name}`).mtimeMs;
    expect(time("d/f")).toBe(1e12);
    expect(time("d")).toBeGreaterThan(1.5e12);
    expect(time("link")).toBeGreaterThan(1.5e12);
  });

  test("-S leaves holes", async () => {
    const content = Buffer.concat([Buffer.from("a"), Buffer.alloc(4_000_000), Buffer.from("z")]);
    await using pushed = await start(version, { f: content });
    await pushed.push({ sparse: true });
    expectEqualTrees(pushed.source, pushed.target);
    expect(fs.statSync(`${pushed.target}/f`).blocks * 512).toBeLessThan(1_000_000);
  });

  test("--preallocate, --fsync and --super are taken", async () => {
    await using pushed = await start(version, { f: "content", "d/e": "" });
    await pushed.push({ preallocate: true, fsync: true, super: true });
    expectEqualTrees(pushed.source, pushed.target);
  });

  test("--mkpath makes the directories above the destination", async () => {
    await using pushed = await start(version, { f: "content" });
    await expect(pushed.push({ directory: "a/b/c" })).rejects.toMatchObject({ name: "RsyncError" });
    await pushed.push({ directory: "a/b/c", makePath: true });
    expectEqualTrees(pushed.source, `${pushed.target}/a/b/c`);
  });

  test("-M reaches the daemon alone", async () => {
    await using pushed = await start(version, { f: "content" }, { g: "old" });
    const report = await pushed.push({ remoteOptions: ["--backup", "--ignore-existing"] });
    expect(names(pushed.target)).toEqual(["f", "g"]);
    expect(report.errorTexts).toEqual([]);
  });

  // Old and new daemons treat backslashes differently, and some look alike.
  test.each([29, 30, 32])("values and places are what they say (%i)", async (protocol) => {
    const at = path.join("\\x*[y]", "b\\ m");
    await using pushed = await start(version, { f: "new" }, { [`${at}/f`]: "old!" });
    const backupDir = "a b\\c \\\\'*é";
    const suffix = "\\~";
    await pushed.push({ directory: at, protocol, backup: true, backupDir, suffix });
    const place = path.join(pushed.target, at);
    expect(fs.readFileSync(path.join(place, "f"), "utf8")).toBe("new");
    expect(fs.readFileSync(path.join(place, backupDir, `f${suffix}`), "utf8")).toBe("old!");
  });

  test("-y takes a file of a similar name for a basis", async () => {
    const content = random(2).bytes(500_000);
    await using pushed = await start(
      version,
      { "archive-2.tar": Buffer.concat([content, Buffer.from("end")]) },
      { "archive-1.tar": content },
    );
    const report = await pushed.push({ fuzzy: true });
    expect(fs.readFileSync(`${pushed.target}/archive-2.tar`).length).toBe(500_003);
    expect(report.bytesSent).toBeLessThan(20_000);
    expect(allOf(report)).toEqual(new Set(["delivered"]));
  });

  test.each([27, 29, 30, 32])("--partial-dir: half a file is completed (%i)", async (protocol) => {
    const content = random(3).bytes(700_000);
    const shifted = Buffer.concat([
      content.subarray(300_000, 600_000),
      content.subarray(0, 200_000),
    ]);
    await using pushed = await start(
      version,
      { f: content, g: content },
      { ".rp/f": content.subarray(0, 400_000), ".rp/g": shifted },
    );
    const report = await pushed.push({ partialDir: ".rp", protocol });
    expect(fs.readFileSync(`${pushed.target}/f`).equals(content)).toBe(true);
    expect(fs.readFileSync(`${pushed.target}/g`).equals(content)).toBe(true);
    expect(report.bytesSent).toBeLessThan(1_100_000);
    expect(allOf(report)).toEqual(new Set(["delivered"]));
    expect(report.texts).toEqual([]);
  });

  test("--delay-updates puts all files in place at the end, and acknowledges them", async () => {
    await using pushed = await start(version, { a: "new", "d/b": "new too" }, { a: "old!" });
    const report = await pushed.push({ delayUpdates: true });
    expectEqualTrees(pushed.source, pushed.target);
    expect(allOf(report)).toEqual(new Set(["delivered"]));
  });

  test.each([27, 28, 29, 30, 32])("-H keeps names of one file together (%i)", async (protocol) => {
    await using pushed = await start(version, { "d/first": "content", alone: "a", twin: "a" });
    fs.linkSync(`${pushed.source}/d/first`, `${pushed.source}/second`);
    fs.linkSync(`${pushed.source}/d/first`, `${pushed.source}/d/third`);
    fs.symlinkSync("x", `${pushed.source}/link`);
    fs.linkSync(`${pushed.source}/link`, `${pushed.source}/d/link`);
    const report = await pushed.push({ hardLinks: true, protocol });
    expectEqualTrees(pushed.source, pushed.target, { times: protocol > 30 });
    const inode = (name: string) => fs.lstatSync(`${pushed.target}/${name}`).ino;
    expect(inode("second")).toBe(inode("d/first"));
    expect(inode("d/third")).toBe(inode("d/first"));
    expect(inode("alone")).not.toBe(inode("twin"));
    expect(allOf(report)).toEqual(new Set(["delivered"]));
  });

  test.each([27, 28, 29, 30, 32])("--specials carries sockets (%i)", async (protocol) => {
    await using pushed = await start(version, { f: "" });
    const server = net.createServer().listen(`${pushed.source}/socket`);
    await once(server, "listening");
    try {
      await pushed.push({ specials: true, protocol });
    } finally {
      server.close();
    }
    expect(fs.lstatSync(`${pushed.target}/socket`).isSocket()).toBe(true);
  });
});

function ownerOf(file: string): number[] {
  const { uid, gid } = fs.lstatSync(file);
  return [uid, gid];
}

/** A user of this machine, which is the daemon's, too; not root, whom no name maps. */
function someUser(): [name: string, uid: number] | undefined {
  if (!fs.existsSync("/etc/passwd")) return undefined;
  const lines = fs.readFileSync("/etc/passwd", "utf8").split("\n");
  const fields = lines.map((line) => line.split(":"));
  const [name, , uid] = fields.find(([, , id]) => id !== undefined && Number(id) > 0) ?? [];
  return name === undefined ? undefined : [name, Number(uid)];
}
