import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import {
  type PullOptions,
  type PullResult,
  pull,
  RsyncError,
  type TransferOptions,
} from "../../protocol/index.ts";
import { archive } from "../support/archive.ts";
import { type Daemon, describeDaemons, startDaemon } from "../support/daemon.ts";
import { makeHostileTree, mutateTree } from "../support/hostile.ts";
import { random } from "../support/random.ts";
import {
  expectEqualTrees,
  makeTree,
  readTree,
  temporaryDirectory,
  treeDifferences,
} from "../support/tree.ts";

const isRoot = process.getuid?.() === 0;

const mirror: TransferOptions = { ...archive, hardLinks: true, delete: true };

function pullFrom(
  daemon: Daemon,
  destination: string,
  options: PullOptions = {},
  place = "m/",
): Promise<PullResult> {
  const url = `rsync://127.0.0.1:${daemon.port}/${place}`;
  return pull(url, destination, { transfer: mirror, ...options });
}

describeDaemons("pulling", (version) => {
  test("an equal tree moves nothing, a changed file only what has changed", async () => {
    await using daemon = await startDaemon({ version, modules: { m: {} } });
    using work = temporaryDirectory();
    const content = random(1).bytes(3_000_000);
    makeTree(daemon.path("m"), { "d/big": content, small: "x" });
    await pullFrom(daemon, work.path);
    const again = await pullFrom(daemon, work.path);
    expect(again.totals.transferredFiles).toBe(0);
    expect(again.totals.receivedBytes).toBeLessThan(500);
    content.fill(7, 1_000_000, 1_000_100);
    fs.writeFileSync(path.join(daemon.path("m"), "d/big"), Buffer.concat([content, content]));
    const changed = await pullFrom(daemon, work.path);
    expect(changed.totals).toMatchObject({ transferredFiles: 1 });
    // The second half is equal to the basis as well.
    expect(changed.totals.receivedBytes).toBeLessThan(60_000);
    expectEqualTrees(daemon.path("m"), work.path);
  });

  test.each([27, 28, 29, 32])(
    "protocol %i: a further name is a link, a fifo is a fifo",
    async (protocol) => {
      await using daemon = await startDaemon({ version, modules: { m: {} } });
      using work = temporaryDirectory();
      makeTree(daemon.path("m"), { "a/first": "content", other: "other" });
      fs.linkSync(path.join(daemon.path("m"), "a/first"), path.join(daemon.path("m"), "z"));
      spawnSync("mkfifo", [path.join(daemon.path("m"), "fifo")]);
      const result = await pullFrom(daemon, work.path, { protocol });
      expect(result.totals.transferredFiles).toBe(2);
      const inode = (name: string): number => fs.statSync(path.join(work.path, name)).ino;
      expect(inode("z")).toBe(inode("a/first"));
      expect(fs.lstatSync(path.join(work.path, "fifo")).isFIFO()).toBe(true);
    },
  );

  test("of a list of names, here or there, only these come", async () => {
    await using daemon = await startDaemon({ version, modules: { m: {} } });
    using work = temporaryDirectory();
    const unicode = Buffer.from("dir/ü").toString("latin1");
    const tree = { [unicode]: "named", "dir/not": "", "sub/in/a": "a", "sub/in/b": "b" };
    const lists = { "a 'list'": "sub/./in/b\0sub/in/a", "*\\list": "sub/in/b" };
    makeTree(daemon.path("m"), { ...tree, ...lists });
    const names = ["dir/ü", "", "sub/in/"];
    await pullFrom(daemon, `${work.path}/here`, { transfer: archive, filesFrom: { names } });
    const told = (side: string): string[] => [...readTree(`${work.path}/${side}`).keys()];
    const found = ["", "dir", unicode, "sub", "sub/in", "sub/in/a", "sub/in/b"];
    expect(told("here").sort()).toEqual(found);
    const transfer = { ...archive, recursive: false, relative: false };
    const filesFrom = { file: "a 'list'", nul: true };
    await pullFrom(daemon, `${work.path}/there/`, { transfer, filesFrom });
    expect(told("there").sort()).toEqual(["", "a", "b"]);
    await pullFrom(daemon, `${work.path}/odd/`, { transfer, filesFrom: { file: "*\\list" } });
    expect(told("odd").sort()).toEqual(["", "b"]);
    const broken = pullFrom(daemon, work.path, { filesFrom: { names: ["a\0b"] } });
    await expect(broken).rejects.toThrow('Cannot fetch "a\\u0000b"');
  });

  test("rules keep names from coming, and from being deleted", async () => {
    await using daemon = await startDaemon({ version, modules: { m: {} } });
    using work = temporaryDirectory();
    makeTree(daemon.path("m"), { "a.log": "theirs", "d/b": "b" });
    makeTree(work.path, { "old.log": "ours", "d/gone": "", "gone/keep.log": "", "gone/x": "" });
    const result = await pullFrom(daemon, work.path, { filter: ["- *.log"] });
    expect([...readTree(work.path).keys()].sort()).toEqual(
      ["", "d", "d/b", "gone", "gone/keep.log", "old.log"].sort(),
    );
    expect(result.deleted).toHaveLength(2);
    expect(result.texts.map(({ text }) => text)).toContain(
      "cannot delete non-empty directory: gone",
    );
    await pullFrom(daemon, work.path, {
      filter: ["- *.log"],
      transfer: { ...mirror, deleteExcluded: true },
    });
    expect([...readTree(work.path).keys()].sort()).toEqual(["", "d", "d/b"]);
  });

  test.each(["before", "during", "delay", "after"] as const)(
    "--delete-%s stops at --max-delete",
    async (when) => {
      await using daemon = await startDaemon({ version, modules: { m: {} } });
      using work = temporaryDirectory();
      makeTree(daemon.path("m"), { kept: "" });
      makeTree(work.path, { a: "", b: "", c: "", kept: "" });
      const transfer = { ...mirror, delete: when, maxDelete: 2 };
      const result = await pullFrom(daemon, work.path, { transfer });
      expect(result.exitCode).toBe(25);
      expect(fs.readdirSync(work.path)).toHaveLength(2);
    },
  );

  test("what must not change does not: a dry run, newer files, existing and missing ones", async () => {
    await using daemon = await startDaemon({ version, modules: { m: {} } });
    using work = temporaryDirectory();
    makeTree(daemon.path("m"), { a: "theirs", "new/b": "theirs" });
    makeTree(work.path, { a: "our own", extra: "" });
    fs.utimesSync(path.join(daemon.path("m"), "a"), 1_000, 1_000);
    const before = readTree(work.path);
    const dry = await pullFrom(daemon, work.path, { transfer: { ...mirror, dryRun: true } });
    expect(treeDifferences(before, readTree(work.path))).toEqual([]);
    expect(dry.totals).toMatchObject({ transferredFiles: 2, deleted: { all: 1 } });
    const kept = { recursive: true, times: true };
    const a = (): string => fs.readFileSync(path.join(work.path, "a"), "utf8");
    await pullFrom(daemon, work.path, { transfer: { ...kept, update: true, existing: true } });
    await pullFrom(daemon, work.path, {
      transfer: { ...kept, ignoreExisting: true, existing: true },
    });
    expect(a()).toBe("our own");
    expect(fs.existsSync(path.join(work.path, "new"))).toBe(false);
    await pullFrom(daemon, work.path, { transfer: kept });
    expect(a()).toBe("theirs");
  });

  test("--checksum finds what size and time hide, --size-only does not look", async () => {
    await using daemon = await startDaemon({ version, modules: { m: {} } });
    using work = temporaryDirectory();
    makeTree(daemon.path("m"), { a: "one", b: "same" });
    makeTree(work.path, { a: "two", b: "same" });
    const time = new Date("2020-01-01");
    for (const root of [daemon.path("m"), work.path]) {
      fs.utimesSync(path.join(root, "a"), time, time);
    }
    const plain = { recursive: true, times: true };
    const sized = await pullFrom(daemon, work.path, { transfer: { ...plain, sizeOnly: true } });
    expect(sized.totals.transferredFiles).toBe(0);
    const summed = await pullFrom(daemon, work.path, { transfer: { ...plain, checksum: true } });
    expect(summed.totals.transferredFiles).toBe(1);
    expect(fs.readFileSync(path.join(work.path, "a"), "utf8")).toBe("one");
  });

  test.each([{ inplace: true }, { wholeFile: true }, { sparse: true, fsync: true }])(
    "%j",
    async (extra) => {
      await using daemon = await startDaemon({ version, modules: { m: {} } });
      using work = temporaryDirectory();
      const destination = path.join(work.path, "copy");
      makeHostileTree(daemon.path("m"), 5, 60);
      const holes = Buffer.concat([Buffer.alloc(1_000_000), Buffer.from("end"), Buffer.alloc(5e5)]);
      fs.writeFileSync(path.join(daemon.path("m"), "holes"), holes);
      await pullFrom(daemon, destination, { transfer: { ...mirror, ...extra } });
      expectEqualTrees(daemon.path("m"), destination);
      mutateTree(daemon.path("m"), 6);
      await pullFrom(daemon, destination, { transfer: { ...mirror, ...extra } });
      expectEqualTrees(daemon.path("m"), destination);
    },
  );

  test("a single file takes the name that is given, several need a directory", async () => {
    await using daemon = await startDaemon({ version, modules: { m: {} } });
    using work = temporaryDirectory();
    makeTree(daemon.path("m"), { a: "content", b: "" });
    const single = path.join(work.path, "single");
    await pullFrom(daemon, single, {}, "m/a");
    expect(fs.readFileSync(single, "utf8")).toBe("content");
    await expect(pullFrom(daemon, single)).rejects.toMatchObject({ exitCode: 3 });
    const missing = await pullFrom(daemon, work.path, {}, "m/nothing");
    expect(missing.exitCode).toBe(23);
    const transfer = { ...mirror, tempDir: "nowhere" };
    await expect(pullFrom(daemon, work.path, { transfer })).rejects.toMatchObject({
      exitCode: 1,
      message: "The temp-dir does not exist: nowhere",
    });
    expect(fs.readdirSync(work.path)).toEqual(["single"]);
  });

  test.skipIf(!isRoot)("what the sender cannot read stays here, and stops deletions", async () => {
    await using daemon = await startDaemon({
      version,
      modules: { m: { uid: "nobody", gid: "nogroup" } },
    });
    using work = temporaryDirectory();
    // The daemon's user must get as far as the module.
    for (let at = daemon.path("m"); at !== "/tmp"; at = path.dirname(at)) fs.chmodSync(at, 0o755);
    makeTree(daemon.path("m"), { "shut/x": "", a: "" });
    fs.chmodSync(path.join(daemon.path("m"), "shut"), 0o700);
    makeTree(work.path, { extra: "", "shut/x": "here" });
    const result = await pullFrom(daemon, work.path, {
      transfer: { recursive: true, delete: true },
    });
    expect(result.exitCode).toBe(23);
    expect(fs.readFileSync(path.join(work.path, "shut/x"), "utf8")).toBe("here");
    expect(fs.existsSync(path.join(work.path, "extra"))).toBe(true);
  });

  test("an abort at any moment leaves the old file or the new one, and nothing beside it", async () => {
    await using daemon = await startDaemon({ version, modules: { m: {} } });
    using work = temporaryDirectory();
    const file = path.join(work.path, "big");
    const contents = [random(1).bytes(6_000_000), random(2).bytes(6_000_000)];
    fs.writeFileSync(file, contents[0] as Buffer);
    fs.utimesSync(file, 1_000, 1_000); // two files of one tick and size count as equal
    fs.mkdirSync(daemon.path("m"), { recursive: true });
    fs.writeFileSync(path.join(daemon.path("m"), "big"), contents[1] as Buffer);
    let aborts = 0;
    for (let steps = 1; steps < 20; steps += 4) {
      const controller = new AbortController();
      let seen = 0;
      const step = (): void => {
        seen += 1;
        if (seen === steps) controller.abort();
      };
      const ended = await pullFrom(daemon, work.path, { signal: controller.signal, step }).catch(
        (error: unknown) => error,
      );
      if (ended instanceof RsyncError) aborts += 1;
      expect(contents.some((content) => content.equals(fs.readFileSync(file)))).toBe(true);
      expect(fs.readdirSync(work.path)).toEqual(["big"]);
    }
    expect(aborts).toBeGreaterThan(2);
  });

  test.each([
    ["partialDir", { partialDir: ".rp" }, ".rp/big"],
    ["delayUpdates", { delayUpdates: true }, ".~tmp~/big"],
    ["partial", { partial: true }, "big"],
  ] as const)("%s: what has come before an abort need not come again", async (_, extra, kept) => {
    await using daemon = await startDaemon({ version, modules: { m: {} } });
    using work = temporaryDirectory();
    makeTree(daemon.path("m"), { big: random(3).bytes(6_000_000) });
    const controller = new AbortController();
    let steps = 0;
    const step = (): void => {
      steps += 1;
      if (steps === 10) controller.abort();
    };
    const transfer = { ...mirror, ...extra };
    const first = pullFrom(daemon, work.path, { transfer, signal: controller.signal, step });
    await expect(first).rejects.toMatchObject({ code: "ABORTED" });
    const here = fs.statSync(path.join(work.path, kept)).size;
    expect(here).toBeGreaterThan(2_000_000);
    const second = await pullFrom(daemon, work.path, { transfer });
    expect(second.totals.matchedBytes).toBeGreaterThan(here - 200_000);
    expectEqualTrees(daemon.path("m"), work.path);
  });

  test("--inplace writes only what has changed, and --append only what is new", async () => {
    await using daemon = await startDaemon({ version, modules: { m: {} } });
    using work = temporaryDirectory();
    const content = random(4).bytes(1_000_000);
    makeTree(daemon.path("m"), { a: content });
    makeTree(work.path, { a: content.subarray(0, 600_000) });
    const inode = fs.statSync(path.join(work.path, "a")).ino;
    const appended = await pullFrom(daemon, work.path, { transfer: { ...mirror, append: true } });
    expect(appended.totals).toMatchObject({ literalBytes: 400_000, matchedBytes: 0 });
    content.fill(0, 500_000, 500_010);
    fs.writeFileSync(path.join(daemon.path("m"), "a"), content);
    const changed = await pullFrom(daemon, work.path, { transfer: { ...mirror, inplace: true } });
    expect(changed.totals.literalBytes).toBeLessThan(5_000);
    expect(fs.statSync(path.join(work.path, "a")).ino).toBe(inode);
    expectEqualTrees(daemon.path("m"), work.path);
  });

  test("what cannot be backed up stays as it is", async () => {
    await using daemon = await startDaemon({ version, modules: { m: {} } });
    using work = temporaryDirectory();
    makeTree(daemon.path("m"), { a: "theirs" });
    makeTree(work.path, { a: "our own", gone: "ours" });
    const transfer = { ...mirror, backup: true, backupDir: "." };
    const result = await pullFrom(daemon, work.path, { transfer });
    expect(result.exitCode).toBe(23);
    expect(fs.readFileSync(path.join(work.path, "a"), "utf8")).toBe("our own");
    expect(fs.readdirSync(work.path).sort()).toEqual(["a", "gone"]);
  });

  test.each([30, 32])("protocol %i: --update keeps what is newer by a second", async (protocol) => {
    await using daemon = await startDaemon({ version, modules: { m: {} } });
    using work = temporaryDirectory();
    makeTree(daemon.path("m"), { newer: "theirs", older: "theirs", same: "theirs" });
    makeTree(work.path, { newer: "our own", older: "our own", same: "our own" });
    for (const [name, time] of [
      ["newer", 2_001.5],
      ["older", 1_999.5],
      ["same", 2_000],
    ] as const) {
      fs.utimesSync(path.join(daemon.path("m"), name), 2_000, 2_000);
      fs.utimesSync(path.join(work.path, name), time, time);
    }
    const transfer = { recursive: true, times: true, update: true };
    await pullFrom(daemon, work.path, { transfer, protocol });
    const content = (name: string) => fs.readFileSync(path.join(work.path, name), "utf8");
    expect(["newer", "older", "same"].map(content)).toEqual(["our own", "theirs", "theirs"]);
  });
});
