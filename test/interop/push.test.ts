import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { expect, test } from "vitest";
import { deletion, type FileEntry } from "../../protocol/flist/entry.ts";
import type { TransferOptions } from "../../protocol/options.ts";
import { asBytePath, type BytePath, parentPath, rootPath } from "../../protocol/path.ts";
import type { PushReport } from "../../protocol/report.ts";
import { Session } from "../../protocol/session.ts";
import { LocalTree } from "../../protocol/source/local.ts";
import type { FileSource } from "../../protocol/source/source.ts";
import { walk } from "../../protocol/source/walk.ts";
import type { Target } from "../../protocol/target.ts";
import { archive } from "../support/archive.ts";
import { type Daemon, describeDaemons, startDaemon } from "../support/daemon.ts";
import { hostileNames, makeHostileTree, mutateTree } from "../support/hostile.ts";
import {
  expectEqualTrees,
  makeTree,
  readTree,
  type TemporaryDirectory,
  temporaryDirectory,
} from "../support/tree.ts";

const isRoot = process.getuid?.() === 0;

const mirror: TransferOptions = { ...archive, force: true };

interface Options extends TransferOptions {
  readonly protocol?: number;
}

/** Pushes to the module "m"; the session acknowledges and deletes what is missing. */
async function push(
  daemon: Daemon,
  entries: readonly FileEntry[],
  source: FileSource,
  { protocol, ...options }: Options = {},
): Promise<PushReport> {
  const target: Target = { host: daemon.host, port: daemon.port, module: "m", protocol };
  const session = await Session.open(target, {
    transfer: { ...mirror, ...options },
    features: { acknowledge: true, deleteMissing: true },
    timeoutMs: 20_000,
  });
  return session.push(entries, source);
}

/** What is to be deleted at the destination: the highest of the names that are gone. */
function deletions(source: string, destination: string): FileEntry[] {
  const kept = readTree(source);
  const gone = [...readTree(destination).keys()].filter((path) => !kept.has(path));
  const parentKept = (path: BytePath) => kept.get(parentPath(path))?.type === "directory";
  return gone.filter(parentKept).map(deletion);
}

const entriesOf = (root: string) => [...walk(new LocalTree(root), rootPath)];

const statusesOf = (report: PushReport) =>
  new Set(report.entries.map((_, index) => report.status(index).kind));

/** Only the listed entries, with their parents. */
function listed(root: string, ...paths: string[]): FileEntry[] {
  const tree = new LocalTree(root);
  return ["", ...paths].map((path) => tree.current(asBytePath(path)));
}

async function startWith(version: Daemon["version"]): Promise<{
  daemon: Daemon;
  source: TemporaryDirectory;
  [Symbol.asyncDispose](): Promise<void>;
}> {
  const daemon = await startDaemon({ version, modules: { m: {} } });
  const source = temporaryDirectory();
  const dispose = async () => {
    source[Symbol.dispose]();
    await daemon.remove();
  };
  return { daemon, source, [Symbol.asyncDispose]: dispose };
}

describeDaemons("a push", (version) => {
  test.each([27, 28, 29, 30, 31, 32])(
    "makes hostile trees equal, again after changes (%i)",
    async (protocol) => {
      await using started = await startWith(version);
      const { daemon, source } = started;
      const seed = protocol;
      // Before protocol 31 there are no nanoseconds.
      const compared = { owners: true, times: protocol > 30 };
      makeHostileTree(source.path, seed, 100);
      // What a mirror's small and large files travel with, in turns.
      const kinds = [{}, { wholeFile: true, ignoreTimes: true }, {}];
      for (const [round, kind] of kinds.entries()) {
        const gone = deletions(source.path, daemon.path("m"));
        const entries = [...entriesOf(source.path), ...gone];
        const report = await push(daemon, entries, new LocalTree(source.path), {
          protocol,
          ...kind,
        });
        expectEqualTrees(source.path, daemon.path("m"), compared);
        expect(statusesOf(report)).toEqual(new Set(["delivered"]));
        expect(report.errorTexts).toEqual([]);
        mutateTree(source.path, seed + round, 25);
      }
    },
  );

  test.skipIf(!isRoot).each([27, 28, 29, 30, 32])(
    "makes fifos and devices (%i)",
    async (protocol) => {
      await using started = await startWith(version);
      const { daemon, source } = started;
      execFileSync("mkfifo", [`${source.path}/fifo`]);
      execFileSync("mknod", [`${source.path}/block`, "b", "259", "70000"]);
      execFileSync("mknod", [`${source.path}/null`, "c", "1", "3"]);
      makeTree(source.path, { "z file": "behind them" });
      const report = await push(daemon, entriesOf(source.path), new LocalTree(source.path), {
        protocol,
      });
      expectEqualTrees(source.path, daemon.path("m"), { times: protocol > 30 });
      const numbers = (root: string) =>
        ["block", "null", "fifo"].map((name) => fs.lstatSync(`${root}/${name}`).rdev);
      expect(numbers(daemon.path("m"))).toEqual(numbers(source.path));
      expect(statusesOf(report)).toEqual(new Set(["delivered"]));
    },
  );

  test("acknowledges each path by name, also what is up to date", async () => {
    await using started = await startWith(version);
    const { daemon, source } = started;
    makeTree(source.path, Object.fromEntries(hostileNames.map((name) => [name, name])));
    const tree = new LocalTree(source.path);
    for (let round = 0; round < 2; round += 1) {
      const acknowledged: BytePath[] = [];
      const session = await Session.open(
        { host: daemon.host, port: daemon.port, module: "m" },
        { transfer: mirror, features: { acknowledge: true } },
      );
      await session.push(entriesOf(source.path), tree, {
        acknowledged: ({ path }) => void acknowledged.push(path),
      });
      expect(acknowledged.sort()).toEqual([...hostileNames].sort());
    }
  });

  test("deletes files, links and whole trees by name, and takes absent names for deleted", async () => {
    await using started = await startWith(version);
    const { daemon, source } = started;
    makeTree(daemon.path("m"), {
      file: "",
      "tree/a/b": "",
      "dir/gone": "",
      "dir/kept": "",
      link: { type: "symlink", target: "dir" },
    });
    makeTree(source.path, { "dir/kept": "" });
    const paths = ["dir", "dir/gone", "file", "link", "tree", "never was"];
    const deleted: string[] = [];
    const session = await Session.open(
      { host: daemon.host, port: daemon.port, module: "m" },
      { transfer: mirror, features: { acknowledge: true, deleteMissing: true } },
    );
    const report = await session.push(listed(source.path, ...paths), new LocalTree(source.path), {
      deleted: (path, isDirectory) => void deleted.push(isDirectory ? `${path}/` : path),
    });
    expect([...readTree(daemon.path("m")).keys()].sort()).toEqual(["", "dir", "dir/kept"]);
    expect(deleted.sort()).toEqual(["dir/gone", "file", "link", "tree/", "tree/a/", "tree/a/b"]);
    expect(report.deletedCount).toBe(6);
    expect(statusesOf(report)).toEqual(new Set(["delivered"]));
  });

  test("without force says which directory it could not delete, whatever its name", async () => {
    await using started = await startWith(version);
    const { daemon, source } = started;
    const names = hostileNames.filter((name) => !name.includes("\n"));
    makeTree(daemon.path("m"), Object.fromEntries(names.map((name) => [`${name}/x`, ""])));
    const entries = [...listed(source.path), ...names.map((name) => deletion(asBytePath(name)))];
    const tree = new LocalTree(source.path);
    const report = await push(daemon, entries, tree, { force: false });
    const delivered = report.entries.filter((_, at) => report.status(at).kind === "delivered");
    expect(delivered.map(({ path }) => path)).toEqual([""]);
  });

  test("sends little for a small edit in a large file", async () => {
    await using started = await startWith(version);
    const { daemon, source } = started;
    const content = Buffer.alloc(16 * 1024 * 1024);
    for (let i = 0; i < content.length; i += 4)
      content.writeUInt32LE(Math.imul(i, 2654435761) >>> 0, i);
    makeTree(source.path, { large: content });
    const tree = new LocalTree(source.path);
    await push(daemon, listed(source.path, "large"), tree);
    const edited = Buffer.concat([
      content.subarray(0, 5e6),
      Buffer.from("edit"),
      content.subarray(5e6),
    ]);
    fs.writeFileSync(`${source.path}/large`, edited);
    const report = await push(daemon, listed(source.path, "large"), tree);
    expectEqualTrees(source.path, daemon.path("m"));
    expect(report.bytesSent).toBeLessThan(100_000);
    expect(report.contentBytes).toBe(edited.length);
  });

  test("sends a file again when the daemon's copy changed under the delta", async () => {
    await using started = await startWith(version);
    const { daemon, source } = started;
    const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i * 7) % 251));
    makeTree(daemon.path("m"), { f: content });
    makeTree(source.path, { f: Buffer.concat([content, Buffer.from("more")]) });
    const tree = new LocalTree(source.path);
    let opens = 0;
    const report = await push(daemon, listed(source.path, "f"), {
      open: (entry) => {
        opens += 1;
        // The daemon has sent its block sums, and will copy blocks that are not there any more.
        if (opens === 1) fs.writeFileSync(`${daemon.path("m")}/f`, Buffer.alloc(300_000));
        return tree.open(entry);
      },
    });
    expectEqualTrees(source.path, daemon.path("m"));
    expect(opens).toBe(2);
    expect(statusesOf(report)).toEqual(new Set(["delivered"]));
  });
});
