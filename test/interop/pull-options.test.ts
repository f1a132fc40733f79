import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RsyncError } from "../../protocol/index.ts";
import { parsePull } from "../../src/cli/pull/command.ts";
import { runPullCommand } from "../../src/cli/pull/run.ts";
import { type Daemon, daemonVersions, rsyncProgram, startDaemon } from "../support/daemon.ts";
import { random } from "../support/random.ts";
import {
  expectEqualTrees,
  makeTree,
  type TemporaryDirectory,
  type TreeSpec,
  temporaryDirectory,
} from "../support/tree.ts";
import { accessList, attributesOf, hasAttributes, setAttribute } from "../support/xattr.ts";

const isRoot = process.getuid?.() === 0;
const old = new Date("2020-01-02T03:04:05Z");
const recent = new Date("2021-01-02T03:04:05Z");

const big = random(1).bytes(300_000);
const bigger = Buffer.concat([big.subarray(0, 200_000), random(2).bytes(50), big]);

const theirs: TreeSpec = {
  same: "same everywhere",
  changed: bigger,
  "new.txt": "only theirs",
  "grown.log": big,
  "sub/inner": "inner, changed",
  "sub/kept": "kept",
  link: { type: "symlink", target: "same" },
  "empty/deeper": { type: "directory" },
  "filled/deep/leaf": "leaf",
  wasDirectory: "a file now",
  wasFile: { type: "directory" },
  "wasFile/x": "x",
  wasLink: "a file now, too",
};

const ours: TreeSpec = {
  same: "same everywhere",
  changed: big,
  "grown.log": big.subarray(0, 120_000),
  "sub/inner": "inner",
  "sub/kept": "kept",
  "sub/gone": "gone",
  link: { type: "symlink", target: "elsewhere" },
  "extra/one": "1",
  "extra/two": "2",
  "wasDirectory/y": "y",
  wasFile: "a file here",
  wasLink: { type: "symlink", target: "same" },
};

/** Gives everything below a directory one time, but for what is said. */
function setTimes(at: string, time: Date, except: Readonly<Record<string, Date>> = {}): void {
  const stats = fs.lstatSync(at);
  if (stats.isDirectory()) {
    for (const name of fs.readdirSync(at)) setTimes(path.join(at, name), time, except);
  }
  const own = except[path.basename(at)] ?? time;
  fs.lutimesSync(at, own, own);
}

interface Row {
  readonly options: string;
  /** What the destination has; default {@link ours}. */
  readonly here?: TreeSpec;
  /** What lies beside the destination: `prior`, `backups`, … */
  readonly beside?: TreeSpec;
  readonly prepare?: (work: string) => void;
  /** Default true. */
  readonly comparesTimes?: boolean;
  /** Default false. */
  readonly skips?: boolean;
}

const nothing: TreeSpec = {};

const rows: readonly Row[] = [
  { options: "-ai" },
  { options: "-ai -b" },
  { options: "-ai -b --suffix=.bak --delete" },
  { options: "-ai -b --delete --delete-excluded --exclude=*.log" },
  { options: "-ai --backup-dir=../backups --delete" },
  {
    options: "-ai --backup-dir=../backups --suffix=.old --delete",
    beside: { "backups/same": "x" },
  },
  { options: "-ai --backup-dir=bk --exclude=/bk --delete" },
  { options: "-ai -b --inplace" },
  {
    options: "-ai --partial-dir=.rp",
    here: { ...ours, ".rp/new.txt": "only", ".rp/changed": big },
  },
  {
    options: "-ai --partial-dir=.rp -W",
    here: { ...ours, ".rp/new.txt": "only", ".rp/changed": big },
  },
  { options: "-ai --partial-dir=.rp --delete", here: { ...ours, ".rp/x": "x", "extra/.rp/y": "" } },
  { options: "-ai --delay-updates --delete-after" },
  { options: "-ai --delay-updates -b" },
  { options: "-ai --temp-dir=WORK/scratch", beside: { "scratch/other": "" } },
  { options: "-ai --link-dest=../missing", here: nothing },
  { options: "-ai --fuzzy", here: { ...ours, "new-1.txt": "only ours, long" } },
  { options: "-ai --compare-dest=../prior", here: nothing, beside: prior() },
  { options: "-aii --compare-dest=../prior", here: nothing, beside: prior() },
  { options: "-ai --compare-dest=../prior", beside: prior() },
  { options: "-ai --copy-dest=../prior", here: nothing, beside: prior() },
  { options: "-aii --copy-dest=../prior", here: nothing, beside: prior() },
  { options: "-ai --link-dest=../prior", here: nothing, beside: prior() },
  { options: "-aii --link-dest=../prior", here: nothing, beside: prior() },
  { options: "-ai --link-dest=../prior", beside: prior() },
  { options: "-rlti --link-dest=../older --link-dest=../prior", here: nothing, beside: prior() },
  { options: "-rli --copy-dest=../prior", here: nothing, beside: prior() },
  { options: "-aic --link-dest=../prior", here: nothing, beside: prior() },
  { options: "-ain --link-dest=../prior", here: nothing, beside: prior() },
  { options: "-aiH --link-dest=../prior", here: nothing, beside: prior() },
  {
    options: "-aiK",
    here: { ...ours, "real/leaf": "other", filled: { type: "symlink", target: "real" } },
    prepare: (work) => fs.mkdirSync(path.join(work, "here/real/deep")),
    comparesTimes: false, // rsync sets that of the link
  },
  { options: "-ai --munge-links" },
  { options: "-ai --munge-links --safe-links --delete" },
  ...["-ai", "-ain", "-ai --mkpath --copy-links"].map((options) => ({
    options,
    prepare: (work: string) => fs.rmSync(path.join(work, "here"), { recursive: true }),
  })),
  { options: "-aim" },
  { options: "-aim --delete" },
  { options: "-aim --include=*/ --include=leaf --exclude=*" },
  { options: "-ai --append" },
  { options: "-ai --append-verify" },
  { options: "-ai --append-verify", here: { ...ours, "grown.log": "not the same beginning" } },
  { options: "-ai --inplace" },
  { options: "-ai --inplace -S" },
  { options: "-ai -S --preallocate" },
  { options: "-ai --preallocate" },
  { options: "-ai --force" },
  { options: "-ai --delete-before" },
  { options: "-ai --delete-during --max-delete=1" },
  { options: "-ai --delete-delay" },
  { options: "-ai --delete-excluded --exclude=extra" },
  { options: "-di --delete --exclude=/sub" },
  { options: "-aiu" },
  { options: "-ai --existing --delete" },
  { options: "-ai --ignore-existing", here: { same: "other", "sub/kept": "other", wasLink: "" } },
  { options: "-ai --size-only" },
  { options: "-aiI" },
  { options: "-aiW --no-whole-file" },
  { options: "-ai --usermap=0:1234,*:77 --groupmap=*:4321" },
  { options: "-rlti --chown=99:98" },
  { options: "-rltgoi --numeric-ids --usermap=*:5" },
  { options: "-ai --chmod=F600,D700" },
  { options: "-rltiE" },
  { options: "-ri" },
  { options: "-rlpi --omit-dir-times" },
  ...["27", "28", "29", "30"].map((protocol) => ({
    options: `-ai --delete --protocol=${protocol}`,
  })),
  { options: "-ai -b --link-dest=../prior --protocol=29", beside: prior() },
  { options: "-aiz --old-compress --protocol=29" },
  { options: "-ai --partial-dir=.rp --protocol=28", here: { ...ours, ".rp/new.txt": "only" } },
  { options: "-aiH --delay-updates --protocol=27" },
  { options: "-aiH --delay-updates" },
  { options: "-aiH -b" },
  { options: "-ain --delete --force -b" },
  { options: "-aic --inplace -b" },
  ...[
    "-aiAX",
    "-aiHAX --delete",
    "-ainAX --delete",
    "-aiAX --link-dest=../prior",
    "-aiiAX",
    "-rltiAX",
  ].map((options) => ({
    options,
    beside: prior(),
    prepare: setOurAttributes,
    skips: !hasAttributes,
  })),
];

const someList = accessList(
  ["owner", 6],
  ["user", 7, 1234],
  ["group", 4],
  ["namedGroup", 5, 4321],
  ["mask", 7],
  ["other", 0],
);

function setTheirAttributes(root: string): void {
  const at = (name: string): string => path.join(root, name);
  setAttribute(at("same"), "user.short", "1");
  setAttribute(at("same"), "user.long", Buffer.alloc(700, "theirs"));
  setAttribute(at("new.txt"), "user.long", Buffer.alloc(3_000, "new"));
  setAttribute(at("new.txt"), "system.posix_acl_access", someList);
  setAttribute(at("changed"), "user.equal", Buffer.alloc(90, "e"));
  setAttribute(at("changed"), "user.other", Buffer.alloc(90, "o"));
  setAttribute(at("sub"), "user.directory", Buffer.alloc(50, "d"));
  setAttribute(at("sub"), "system.posix_acl_default", someList);
  setAttribute(at("filled/deep"), "user.made", Buffer.alloc(40, "m"));
  setAttribute(at("link"), "trusted.link", Buffer.alloc(60, "l"));
}

function setOurAttributes(work: string): void {
  const at = (name: string): string => path.join(work, "here", name);
  setAttribute(at("same"), "user.gone", "x");
  setAttribute(at("same"), "user.long", Buffer.alloc(700, "ours"));
  setAttribute(at("changed"), "user.equal", Buffer.alloc(90, "e"));
  setAttribute(at("sub/kept"), "system.posix_acl_access", someList);
}

function prior(): TreeSpec {
  return {
    "prior/same": "same everywhere",
    "prior/changed": big,
    "prior/new.txt": { type: "file", content: "only theirs", mode: 0o600 },
    "prior/link": { type: "symlink", target: "same" },
    "prior/sub/inner": "inner, changed",
    "prior/filled/deep/leaf": "leaf",
    "older/same": "older, but the same",
  };
}

describe.skipIf(!daemonVersions.includes("3.5.0"))("pulling beside rsync 3.5.0", () => {
  let daemon: Daemon;
  let work: TemporaryDirectory;

  beforeAll(async () => {
    daemon = await startDaemon({ version: "3.5.0", modules: { m: {} } });
    makeTree(daemon.path("m"), theirs);
    fs.linkSync(path.join(daemon.path("m"), "same"), path.join(daemon.path("m"), "twin"));
    if (hasAttributes) setTheirAttributes(daemon.path("m"));
    setTimes(daemon.path("m"), recent, { same: old, twin: old, kept: old, leaf: old, link: old });
    work = temporaryDirectory();
  });
  afterAll(async () => {
    await daemon.remove();
    work[Symbol.dispose]();
  });

  function fresh(name: string, { here = ours, beside = {}, prepare }: Row): string {
    const root = path.join(work.path, name);
    fs.rmSync(root, { recursive: true, force: true });
    makeTree(path.join(root, "here"), here);
    makeTree(root, beside);
    prepare?.(root);
    setTimes(root, old, { "new.txt": recent, inner: recent });
    return root;
  }

  const url = (): string => `rsync://127.0.0.1:${daemon.port}/m/`;

  test.each(rows.filter(({ skips }) => !skips))("$options", async (row) => {
    const words = (root: string): string[] => [
      ...row.options.replaceAll("WORK", root).split(" "),
      url(),
      `${root}/here/`,
    ];
    const stock = fresh("stock", row);
    const our = fresh("ours", row);
    const ran = spawnSync(rsyncProgram("3.5.0"), words(stock), { encoding: "utf8" });
    const { code, out } = await pullHere(words(our));
    const lines = (text: string): string[] => text.split("\n").sort();
    expect(lines(out)).toEqual(lines(ran.stdout.replaceAll(stock, our)));
    expect(code).toBe(ran.status);
    expectEqualTrees(stock, our, { times: false, owners: isRoot });
    expect(row.comparesTimes === false || timesOf(our)).toEqual(
      row.comparesTimes === false || timesOf(stock),
    );
    expect(namesOfOneFile(our)).toEqual(namesOfOneFile(stock));
    const attributes = (root: string): unknown => row.skips === false && attributesOf(root);
    expect(attributes(our)).toEqual(attributes(stock));
  });

  test.each([1, 2, 3])("--fuzzy takes the files that rsync takes (%i)", async (seed) => {
    await using fuzzy = await startDaemon({ version: "3.5.0", modules: { m: {} } });
    const { there, here } = likeNames(seed);
    makeTree(fuzzy.path("m"), there);
    const counts: (string | undefined)[] = [];
    const from = `rsync://127.0.0.1:${fuzzy.port}/m/`;
    for (const who of ["stock", "ours"]) {
      const root = fresh(who, { options: "", here });
      const words = ["-a", "--stats", "--fuzzy", from, `${root}/here/`];
      const out =
        who === "ours"
          ? (await pullHere(words)).out
          : spawnSync(rsyncProgram("3.5.0"), words, { encoding: "utf8" }).stdout;
      counts.push(/Matched data: (.*)/.exec(out)?.[1]);
    }
    expect(counts[0]).toMatch(/\d{6}|\d,\d/);
    expect(counts[1]).toBe(counts[0]);
  });
});

/** Directories with a file that is missing here, and candidates that share more and more of it. */
function likeNames(seed: number): { readonly there: TreeSpec; readonly here: TreeSpec } {
  const chance = random(seed);
  const endings = ["", ".txt", ".tar.gz", ".1", ".bak", "~", ".orig", ".txt.old", ".c"];
  const name = (): string => {
    const letters = Array.from({ length: 1 + chance.below(9) }, () =>
      chance.pick("abz-_.9".split("")),
    );
    return `${chance.pick(["file", "data", "x"])}${letters.join("")}${chance.pick(endings)}`;
  };
  const there: Record<string, Uint8Array> = {};
  const here: Record<string, Uint8Array> = {};
  for (let directory = 0; directory < 25; directory += 1) {
    const content = chance.bytes(100_000);
    const wanted = `d${directory}/${name()}`;
    for (let at = 0; at < 9; at += 1) {
      const shared = content.subarray(0, 3_500 * (at + 1));
      here[`d${directory}/${name()}`] = Buffer.concat([shared, chance.bytes(100 + at)]);
    }
    delete here[wanted];
    there[wanted] = content;
  }
  return { there, here };
}

/** Of files and links; "now" for what was made in this test. */
function timesOf(root: string): string[] {
  const now = Date.now() - 3_600_000;
  return fs
    .readdirSync(root, { recursive: true, encoding: "utf8" })
    .map((name) => {
      const { mtimeMs } = fs.lstatSync(path.join(root, name));
      return `${name} ${mtimeMs > now ? "now" : mtimeMs}`;
    })
    .sort();
}

/** Groups of names that are one file. */
function namesOfOneFile(root: string): string[] {
  const byInode = new Map<number, string[]>();
  for (const name of fs.readdirSync(root, { recursive: true, encoding: "utf8" }).sort()) {
    const { ino } = fs.lstatSync(path.join(root, name));
    byInode.set(ino, [...(byInode.get(ino) ?? []), name]);
  }
  return [...byInode.values()].filter((names) => names.length > 1).map((names) => names.join(" "));
}

async function pullHere(words: readonly string[]): Promise<{ code: number; out: string }> {
  let out = "";
  try {
    const command = parsePull(words, {});
    if (command.kind !== "pull") throw new TypeError("a listing was read");
    const outputs = { out: (text: string) => (out += text), err: (text: string) => (out += text) };
    return { code: await runPullCommand(command, { ...outputs, err: () => {} }), out };
  } catch (error) {
    if (!(error instanceof RsyncError)) throw error;
    return { code: error.exitCode, out: error.message };
  }
}
