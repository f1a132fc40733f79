import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { expect, test } from "vitest";
import { type ClientPushOptions, type PushResult, push } from "../../protocol/index.ts";
import { asBytePath, nativePath } from "../../protocol/path.ts";
import { parsePush } from "../../src/cli/push/command.ts";
import { runPush } from "../../src/cli/push/run.ts";
import { archive } from "../support/archive.ts";
import { type Daemon, describeDaemons, rsyncProgram, startDaemon } from "../support/daemon.ts";
import { makeHostileTree, mutateTree } from "../support/hostile.ts";
import { type Random, random } from "../support/random.ts";
import {
  expectEqualTrees,
  makeEntry,
  makeTree,
  readTree,
  temporaryDirectory,
} from "../support/tree.ts";
import { accessList, hasAttributes, readAttributes, setAttribute } from "../support/xattr.ts";

/** Gives some files of a tree a second name, anywhere in it. */
function linkSome(root: string, chance: Random): void {
  const tree = [...readTree(root)];
  const files = tree.filter(([, { type }]) => type === "file");
  const directories = tree.filter(([, { type }]) => type === "directory");
  for (let i = 0; i < 10 && files.length > 0; i += 1) {
    const [path] = chance.pick(files);
    const [directory] = chance.pick(directories);
    const name = asBytePath(`${directory === "" ? "" : `${directory}/`}hard ${chance.below(1e9)}`);
    fs.linkSync(nativePath(root, path), nativePath(root, name));
  }
}

/** Which names of a tree are names of the same file. */
function linkGroups(root: string): string[] {
  const groups = new Map<number, string[]>();
  for (const [path, { type }] of readTree(root)) {
    if (type === "directory") continue;
    const { ino } = fs.lstatSync(nativePath(root, path));
    groups.set(ino, [...(groups.get(ino) ?? []), path]);
  }
  return [...groups.values()].map((names) => names.sort().join("|")).sort();
}

/** The numbers that lists had: whether they came in pieces, and how much was in them. */
interface Listing {
  lists: number;
  entries: number;
}

async function pushTo(
  daemon: Daemon,
  source: string,
  { transfer, ...options }: ClientPushOptions,
): Promise<PushResult & { readonly listing: Listing }> {
  const listing: Listing = { lists: 0, entries: 0 };
  const result = await push(source, daemon.url("m"), {
    timeoutMs: 20_000,
    ...options,
    transfer: { ...archive, ...transfer },
    listed: (entries) => {
      listing.lists += 1;
      listing.entries += entries.length;
    },
  });
  return Object.assign(result, { listing });
}

const statusesOf = (result: PushResult) => new Set([...result.paths()].map(({ status }) => status));

describeDaemons("a push that lists while it sends", (version) => {
  test.each([30, 31, 32])(
    "makes hostile trees equal, with links and deletions (%i)",
    async (protocol) => {
      await using daemon = await startDaemon({ version, modules: { m: {} } });
      using source = temporaryDirectory();
      const chance = random(protocol);
      const seed = protocol * 10;
      makeHostileTree(source.path, seed, 100);
      const kinds = [
        {},
        { wholeFile: true, ignoreTimes: true },
        { checksum: true },
        { compress: true },
      ];
      for (const [round, kind] of kinds.entries()) {
        linkSome(source.path, chance);
        const transfer = { delete: true, force: true, hardLinks: true, ...kind } as const;
        const result = await pushTo(daemon, source.path, { protocol, transfer });
        expectEqualTrees(source.path, daemon.path("m"), { owners: true, times: protocol > 30 });
        expect(linkGroups(daemon.path("m"))).toEqual(linkGroups(source.path));
        const directories = [...readTree(source.path).values()].filter(
          (e) => e.type === "directory",
        );
        expect(result.listing.lists).toBe(directories.length);
        const { all } = result.totals.listed;
        expect([
          all,
          [...result.paths()].filter(({ status }) => status !== "deleted").length,
        ]).toEqual([result.listing.entries, result.listing.entries]);
        expect(statusesOf(result).has("failed")).toBe(false);
        expect(result.exitCode).toBe(0);
        mutateTree(source.path, seed + round, 25);
      }
    },
  );

  test("is many entries ahead, never all of them, and each is acknowledged", async () => {
    await using daemon = await startDaemon({ version, modules: { m: {} } });
    using source = temporaryDirectory();
    const directories = 30;
    for (let d = 0; d < directories; d += 1) {
      fs.mkdirSync(`${source.path}/d${d}/e/empty`, { recursive: true });
      for (let f = 0; f < 100; f += 1) fs.writeFileSync(`${source.path}/d${d}/e/${f}`, `${d} ${f}`);
    }
    let listed = 0;
    let asked = 0;
    let ahead = 0;
    const acknowledged = new Set<number>();
    for (let round = 0; round < 2; round += 1) {
      const result = await push(source.path, daemon.url("m"), {
        listed: (entries) => {
          listed += entries.length;
        },
        sending: (_entry, _item, index) => {
          asked = index;
          ahead = Math.max(ahead, listed - index);
        },
        acknowledged: (_, index) => void acknowledged.add(index),
      });
      expect(acknowledged.size).toBe(directories * 100);
      expect(result.totals.listed.all).toBe(1 + directories * 103);
      expect(new Set([...result.paths()].map(({ status }) => status))).toEqual(
        new Set(["acknowledged"]),
      );
      // The second round finds everything in place: nothing is asked for.
      expect([asked > 3_000, ahead > 1_000]).toEqual([true, true]);
      expectEqualTrees(source.path, daemon.path("m"));
      acknowledged.clear();
    }
  });

  test("deletes nothing in a directory that vanishes between its name and its content", async () => {
    await using daemon = await startDaemon({ version, modules: { m: {} } });
    using source = temporaryDirectory();
    makeTree(source.path, { "a/f": "new", "z/f": "new", kept: "" });
    makeTree(daemon.path("m"), { "a/old": "", "z/old": "", old: "" });
    const result = await push(source.path, daemon.url("m"), {
      transfer: { ...archive, delete: true },
      listed: (entries) => {
        if (entries.some(({ path }) => path === "z"))
          fs.rmSync(`${source.path}/z`, { recursive: true });
      },
    });
    expect([...readTree(daemon.path("m")).keys()].sort()).toEqual([
      "",
      "a",
      "a/f",
      "kept",
      "z",
      "z/old",
    ]);
    expect(result.failures()).toEqual([]);
  });

  test.skipIf(process.getuid?.() !== 0)(
    "tells names of owners in its lists, where they are met first",
    async () => {
      await using daemon = await startDaemon({ version, modules: { m: { "use chroot": false } } });
      using source = temporaryDirectory();
      makeTree(source.path, { 1: "", "a/2": "", "a/3": "", "b/4": "" });
      for (const path of ["1", "a/2", "b/4"])
        fs.chownSync(`${source.path}/${path}`, 41_234, 44_321);
      fs.chownSync(`${source.path}/a/3`, 45_678, 0);
      const names = { 41234: "daemon", 44321: "bin" } as Readonly<Record<number, string>>;
      const idNames = {
        user: (id: number) => (id === 0 ? "root" : names[id]),
        group: (id: number) => (id === 0 ? "root" : names[id]),
      };
      await pushTo(daemon, source.path, { idNames });
      const owners = ["1", "a/2", "a/3", "b/4"].map((path) => {
        const { uid, gid } = fs.lstatSync(`${daemon.path("m")}/${path}`);
        return `${uid}:${gid}`;
      });
      expect(owners).toEqual(["1:2", "1:2", "45678:0", "1:2"]); // daemon, bin
    },
  );

  test.skipIf(!hasAttributes)("tells names of access lists in its lists", async () => {
    await using daemon = await startDaemon({ version, modules: { m: { "use chroot": false } } });
    using source = temporaryDirectory();
    makeTree(source.path, { "a/1": "", "b/2": "" });
    const list = (user: number, group: number): Buffer =>
      accessList(
        ["owner", 6],
        ["user", 7, user],
        ["group", 4],
        ["namedGroup", 5, group],
        ["mask", 7],
        ["other", 0],
      );
    for (const path of ["a/1", "b/2"]) {
      setAttribute(`${source.path}/${path}`, "system.posix_acl_access", list(41_234, 44_321));
    }
    const idNames = { user: () => "daemon", group: () => "bin" };
    await pushTo(daemon, source.path, { idNames, transfer: { acls: true } });
    for (const path of ["a/1", "b/2"]) {
      const { "system.posix_acl_access": found } = readAttributes(`${daemon.path("m")}/${path}`);
      expect(found).toEqual(list(1, 2).toString("base64"));
    }
  });

  test("takes one list where the daemon must have all of it, or is told to", async () => {
    await using daemon = await startDaemon({ version, modules: { m: {} } });
    using source = temporaryDirectory();
    makeTree(source.path, { "a/f": "1", "b/f": "2" });
    const wholes: ClientPushOptions[] = [
      { incremental: false },
      { protocol: 29 },
      { transfer: { delete: "after" } },
      { transfer: { delete: "before" } },
      { transfer: { delayUpdates: true } },
      { transfer: { pruneEmptyDirs: true } },
    ];
    for (const options of wholes) {
      const { listing, report } = await pushTo(daemon, source.path, options);
      expect(listing).toEqual({ lists: 1, entries: 5 });
      expect(report.entries).toHaveLength(5);
      expectEqualTrees(source.path, daemon.path("m"), { times: options.protocol === undefined });
    }
    const { listing } = await pushTo(daemon, source.path, { transfer: { delete: "delay" } });
    expect(listing).toEqual({ lists: 3, entries: 5 });
  });
});

/** Everything that a command line can name, with links between what it names. */
function makeSources(root: string): void {
  makeTree(root, {
    "t/1": "one",
    "t/a/1": "1",
    "t/a/b/2": "22",
    "t/a/b/c/3": "333",
    "t/a-b/q": "q",
    "t/a0/x/y/4": "4",
    "t/sp ace/f": "f",
    "t/a/rules": "- *.no\n",
    "t/a/x.no": "",
    "t/a/b/y.no": "",
    "u/1": "other one",
    "u/a/2": "2",
    "u/a/b/z/5": "5",
    "w/empty/e2": { type: "directory" },
    names: "a/b/c\na0/x/y/4\n1\n./a/b/2\na-b\n",
  });
  fs.linkSync(`${root}/t/1`, `${root}/t/a/b/hard`);
  fs.linkSync(`${root}/t/1`, `${root}/u/a/hard`);
  fs.linkSync(`${root}/t/a/b/2`, `${root}/t/a/b/22`);
  makeEntry(root, asBytePath("t/a/link"), { type: "symlink", target: "../nowhere" });
  fs.linkSync(`${root}/t/a/link`, `${root}/t/a0/link`);
  setTimes(root);
}

const old = new Date("2020-01-02T03:04:05.5Z");

/** Nothing in a tree is newer than that. */
function setTimes(root: string): void {
  for (const path of readTree(root).keys()) {
    const at = nativePath(root, path);
    if (fs.lstatSync(at).mtime > old) fs.lutimesSync(at, old, old);
  }
}

const commands: readonly string[] = [
  "-a t/",
  "-a t",
  "-a t/ u/",
  "-a t u w",
  "-aH t/ u/ w",
  "-aH --numeric-ids t u",
  "-aR t/a/b u/a",
  "-aR ./t/./a/b u/./a w",
  "-aR t/a t/a/b t/a0/x t/a0",
  "-aR ./t/a/b/2",
  "-aR --no-implied-dirs t/a/b/2 t/a0/x",
  "-a --files-from=names t",
  "-ar --files-from=names t",
  "-ar --no-R --files-from=names t",
  "-a --filter=:_rules t/",
  "-a --exclude=b t/ u/",
  "-a t/1 t/a",
  "-a t/nope t/a",
  "-ax t/",
  "-a w/empty/e2/",
  "-am t/ w",
  "-a --delete t/ u/",
  "-a --delete-delay u/ t/",
  "-a --delete-after t/ w",
  "-an --delete t/ w",
  "-a --no-i-r --delete t/ u/",
  "-a --chmod=D711,F600 t/",
];

/** Lines in any order: a daemon's messages overtake its items, or not. */
const linesOf = (text: string) => text.split("\n").sort();

describeDaemons("sersync push in pieces beside stock", (version) => {
  test("prints and makes the same of whatever is named", async () => {
    await using daemon = await startDaemon({ version, modules: { ours: {}, stock: {} } });
    using work = temporaryDirectory();
    makeSources(work.path);
    const cwd = process.cwd();
    process.chdir(work.path);
    try {
      for (const command of commands) {
        const words = command.split(" ").map((word) => word.replace("_", " "));
        for (const module of ["ours", "stock"]) {
          fs.rmSync(daemon.path(module), { recursive: true });
          makeTree(daemon.path(module), {
            "a/old": "",
            "a/b": "no directory",
            "b/old": "",
            1: "o",
          });
          setTimes(daemon.path(module));
        }
        const options = ["-i", "--force", "--out-format=%i %n%L"];
        const stock = spawnSync(
          rsyncProgram(version),
          [...options, ...words, daemon.url("stock")],
          {
            encoding: "utf8",
          },
        );
        let printed = "";
        const out = (text: string): void => {
          printed += text;
        };
        const parsed = parsePush([...options, ...words, daemon.url("ours")], {});
        const status = await runPush(parsed, { out, err: () => {} });
        expect([command, status, linesOf(printed)]).toEqual([
          command,
          stock.status,
          linesOf(stock.stdout),
        ]);
        for (const module of ["ours", "stock"]) setTimes(daemon.path(module));
        expectEqualTrees(daemon.path("stock"), daemon.path("ours"), { owners: true });
        expect(linkGroups(daemon.path("ours"))).toEqual(linkGroups(daemon.path("stock")));
      }
    } finally {
      process.chdir(cwd);
    }
  });
});
