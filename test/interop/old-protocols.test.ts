import fs from "node:fs";
import { expect, test } from "vitest";
import { deletion, type FileEntry } from "../../protocol/flist/entry.ts";
import type { TransferOptions } from "../../protocol/options.ts";
import { asBytePath, type BytePath, parentPath, rootPath } from "../../protocol/path.ts";
import type { PushOptions, PushReport } from "../../protocol/report.ts";
import { Session } from "../../protocol/session.ts";
import { LocalTree } from "../../protocol/source/local.ts";
import { walk } from "../../protocol/source/walk.ts";
import type { Target } from "../../protocol/target.ts";
import { describeDaemons, startDaemon } from "../support/daemon.ts";
import { hostileNames, makeHostileTree, mutateTree } from "../support/hostile.ts";
import { startOldDaemon } from "../support/old-daemon.ts";
import { random } from "../support/random.ts";
import { expectEqualTrees, makeTree, readTree, temporaryDirectory } from "../support/tree.ts";

const archive: TransferOptions = {
  recursive: true,
  links: true,
  perms: true,
  times: true,
  owner: true,
  group: true,
  force: true,
};
const mirrored = { acknowledge: true, deleteMissing: true };

const entriesOf = (root: string) => [...walk(new LocalTree(root), rootPath)];

/** The highest of the names that are gone, and their directories without a look inside. */
function goneFrom(destination: string, source: string): FileEntry[] {
  const kept = readTree(source);
  const gone = [...readTree(destination).keys()].filter((path) => !kept.has(path));
  const isHighest = (path: BytePath) => kept.get(parentPath(path))?.type === "directory";
  return gone.filter(isHighest).map(deletion);
}

async function pushTo(
  target: Omit<Target, "module">,
  entries: readonly FileEntry[],
  root: string,
  { transfer = {}, ...options }: PushOptions & { transfer?: TransferOptions } = {},
): Promise<PushReport> {
  const session = await Session.open(
    { ...target, module: "m" },
    { transfer: { ...archive, ...transfer }, features: mirrored, timeoutMs: 20_000 },
  );
  return session.push(entries, new LocalTree(root), options);
}

const statusesOf = (report: PushReport) =>
  new Set(report.entries.map((_, index) => report.status(index).kind));

describeDaemons("the protocol of an old daemon", (version) => {
  test.each([29, 30, 31] as const)(
    "%i: trees become equal, what is gone goes",
    async (protocol) => {
      await using daemon = await startDaemon({ version, modules: { m: {} } });
      await using old = await startOldDaemon(daemon, protocol);
      using source = temporaryDirectory();
      makeHostileTree(source.path, protocol, 80);
      for (let round = 0; round < 3; round += 1) {
        const entries = [...entriesOf(source.path), ...goneFrom(daemon.path("m"), source.path)];
        const report = await pushTo(old, entries, source.path);
        expectEqualTrees(source.path, daemon.path("m"), { owners: true, times: protocol > 30 });
        expect(report.errorTexts).toEqual([]);
        expect(statusesOf(report)).toEqual(new Set(["delivered"]));
        mutateTree(source.path, protocol + round, 25);
      }
    },
  );

  test.each([29, 30] as const)(
    "%i: names are deleted, whatever they are, and nothing beside them",
    async (protocol) => {
      await using daemon = await startDaemon({ version, modules: { m: {} } });
      await using old = await startOldDaemon(daemon, protocol);
      using source = temporaryDirectory();
      const names = hostileNames.filter((name) => name.length < 200);
      makeTree(
        daemon.path("m"),
        Object.fromEntries([
          ...names.map((name) => [`tree ${name}/deep/x`, ""]),
          ...names.map((name) => [`sub/${name}`, ""]),
          ...names.map((name) => [`other/${name}`, ""]),
        ]),
      );
      makeTree(source.path, { "sub/new": "new" });
      const tree = new LocalTree(source.path);
      const gone = names.flatMap((name) => [`tree ${name}`, `sub/${name}`]);
      const report = await pushTo(
        old,
        [
          ...["", "sub", "sub/new"].map((path) => tree.current(asBytePath(path))),
          ...[...gone, "sub/never was"].map((path) => deletion(asBytePath(path))),
        ],
        source.path,
      );
      const wanted = ["", "other", ...names.map((name) => `other/${name}`), "sub", "sub/new"];
      expect([...readTree(daemon.path("m")).keys()].sort()).toEqual(wanted.sort());
      expect(statusesOf(report)).toEqual(new Set(["delivered"]));
    },
  );

  test("a deletion that cannot be said fails, and so does each when the list is incomplete", async () => {
    await using daemon = await startDaemon({ version, modules: { m: {} } });
    await using old = await startOldDaemon(daemon, 29);
    using source = temporaryDirectory();
    makeTree(daemon.path("m"), { "d/x": "", y: "" });
    const tree = new LocalTree(source.path);
    const entries = [tree.current(rootPath), ...["d/x", "y"].map((p) => deletion(asBytePath(p)))];
    const incomplete = await pushTo(old, entries, source.path, { incomplete: true });
    expect(incomplete.entries.map((_, i) => incomplete.status(i).kind)).toEqual([
      "delivered",
      "failed",
      "failed",
    ]);
    expect(fs.existsSync(`${daemon.path("m")}/y`)).toBe(true);
    const report = await pushTo(old, entries, source.path);
    const byPath = report.entries.map(({ path }, i) => [path, report.status(i).kind]);
    expect(Object.fromEntries(byPath)).toEqual({
      "": "delivered",
      "d/x": "failed",
      y: "delivered",
    });
    expect([...readTree(daemon.path("m")).keys()].sort()).toEqual(["", "d", "d/x"]);
  });

  test("a survey looks only into directories that are listed with their content", async () => {
    await using daemon = await startDaemon({ version, modules: { m: {} } });
    await using old = await startOldDaemon(daemon, 29);
    using source = temporaryDirectory();
    makeTree(source.path, { "a/kept": "", "b/kept": "", "c/d/kept": "" });
    makeTree(daemon.path("m"), {
      "a/kept": "",
      "a/more": "",
      "b/more": "",
      "c/more": "",
      "c/d/more": "",
      top: "",
    });
    const looked = new Set(["a", "c/d"]);
    const entries = entriesOf(source.path).map((entry) => ({
      ...entry,
      hasContent: looked.has(entry.path),
    }));
    const deleted: string[] = [];
    await pushTo(old, entries, source.path, {
      transfer: { delete: true, dryRun: true, existing: true, ignoreExisting: true },
      deleted: (path) => void deleted.push(path),
    });
    expect(deleted.sort()).toEqual(["a/more", "c/d/more"]);
  });

  test("a password is told by the old MD4", async () => {
    await using daemon = await startDaemon({ version, modules: { m: {} }, users: { u: "s3cret" } });
    await using old = await startOldDaemon(daemon, 29);
    using source = temporaryDirectory();
    makeTree(source.path, { f: "content" });
    const entries = entriesOf(source.path);
    const target = { host: old.host, port: old.port };
    const right = { ...target, credentials: { user: "u", password: "s3cret" } };
    await pushTo(right, entries, source.path);
    expectEqualTrees(source.path, daemon.path("m"), { times: false });
    const wrong = { ...target, credentials: { user: "u", password: "other" } };
    await expect(pushTo(wrong, entries, source.path)).rejects.toMatchObject({
      code: "AUTH_FAILED",
    });
  });

  test.each([27, 28, 29])("%i: a small edit in a large file costs little", async (protocol) => {
    await using daemon = await startDaemon({ version, modules: { m: {} } });
    using source = temporaryDirectory();
    const content = random(protocol).bytes(2_000_000);
    makeTree(daemon.path("m"), { large: content });
    const edit = Buffer.from("edit");
    makeTree(source.path, {
      large: Buffer.concat([content.subarray(0, 999_999), edit, content.subarray(999_999)]),
    });
    const target = { host: daemon.host, port: daemon.port, protocol };
    for (const compress of [false, true]) {
      const transfer = { compress };
      const report = await pushTo(target, entriesOf(source.path), source.path, { transfer });
      expectEqualTrees(source.path, daemon.path("m"), { times: false, owners: true });
      expect(report.bytesSent).toBeLessThan(30_000);
      expect(report.texts).toEqual([]);
      fs.writeFileSync(`${daemon.path("m")}/large`, content);
    }
  });

  test("29: a module with a timeout does not lose a session that is slow", async () => {
    await using daemon = await startDaemon({ version, modules: { m: { timeout: 3 } } });
    using source = temporaryDirectory();
    makeTree(source.path, { f: "content" });
    const tree = new LocalTree(source.path);
    const target = { host: daemon.host, port: daemon.port, module: "m", protocol: 29 };
    const session = await Session.open(target, { transfer: archive, features: mirrored });
    const report = await session.push(entriesOf(source.path), {
      open: (entry) => {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_200);
        return tree.open(entry);
      },
    });
    expect(statusesOf(report)).toEqual(new Set(["delivered"]));
  });
});
