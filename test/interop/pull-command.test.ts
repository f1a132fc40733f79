import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RsyncError } from "../../protocol/index.ts";
import { runList } from "../../src/cli/list.ts";
import { parsePull } from "../../src/cli/pull/command.ts";
import { runPullCommand } from "../../src/cli/pull/run.ts";
import { parsePush } from "../../src/cli/push/command.ts";
import { runPush } from "../../src/cli/push/run.ts";
import { type Daemon, daemonVersions, rsyncProgram, startDaemon } from "../support/daemon.ts";
import {
  expectEqualTrees,
  makeTree,
  type TemporaryDirectory,
  type TreeSpec,
  temporaryDirectory,
} from "../support/tree.ts";

const theirs: TreeSpec = {
  a: "hello",
  "b.txt": "x".repeat(5_000),
  "same.txt": "same",
  "skip.log": "a log",
  "dir/inner": "inner",
  "dir/sub/deep": "deep",
  names: "a\n# no comment\n\nlink\r\n../dir/sub/\nnot there\n",
  link: { type: "symlink", target: "a" },
  "z/one": "linked",
};
const ours: TreeSpec = {
  "z/one": "linked",
  "b.txt": "y".repeat(5_000),
  "same.txt": "same",
  gone: "",
  "old.log": "",
};
const old = new Date("2020-01-02T03:04:05Z");

function setTimes(at: string): void {
  const stats = fs.lstatSync(at);
  if (stats.isDirectory()) for (const name of fs.readdirSync(at)) setTimes(path.join(at, name));
  fs.lutimesSync(at, old, old);
}

function linkOne(root: string, name: string): void {
  fs.linkSync(path.join(root, "z/one"), path.join(root, "z", name));
}

describe.skipIf(!daemonVersions.includes("3.5.0"))("sersync pull beside rsync 3.5.0", () => {
  let daemon: Daemon;
  let work: TemporaryDirectory;

  beforeAll(async () => {
    daemon = await startDaemon({
      version: "3.5.0",
      modules: {
        m: {},
        d: { "refuse options": "!copy-devices" },
        e: { "early exec": 'cat > "$RSYNC_MODULE_PATH/heard"' },
      },
    });
    makeTree(daemon.path("m"), theirs);
    for (const name of ["two", "three"]) linkOne(daemon.path("m"), name);
    setTimes(daemon.path("m"));
    work = temporaryDirectory();
    fs.writeFileSync(path.join(work.path, "names"), "a\n# named\n\nlink\r\ndir/./sub/\nmissing\n");
    fs.writeFileSync(path.join(work.path, "nul"), "dir/sub/deep\0dir\0\0b.txt\0");
  });
  afterAll(async () => {
    await daemon.remove();
    work[Symbol.dispose]();
  });

  function fresh(name: string): string {
    const root = path.join(work.path, name);
    fs.rmSync(root, { recursive: true, force: true });
    makeTree(root, ours);
    linkOne(root, "two");
    setTimes(root);
    fs.utimesSync(path.join(root, "b.txt"), 1_000, 1_000);
    return root;
  }

  async function pulled(words: readonly string[]): Promise<{ out: string; code: number }> {
    let out = "";
    try {
      const command = parsePull(words, {});
      if (command.kind !== "pull") throw new TypeError("a listing was read");
      const code = await runPullCommand(command, { out: (text) => (out += text), err: () => {} });
      return { out, code };
    } catch (error) {
      if (error instanceof RsyncError) return { out, code: error.exitCode };
      throw error;
    }
  }

  test.each([
    ["-ai"],
    ["-ai --delete --exclude=*.log"],
    ["-n -ai --delete"],
    ["-r --out-format=%o:%n:%l"],
    ["-ai --existing"],
    ["-aii"],
    ["-aHii"],
    ["-aHii --protocol=29 --no-i-r"],
    ["-tv"],
    ["-aUi"],
    ["-rltUi --inplace --open-noatime --protocol=31"],
    ["-ti --protocol=28"],
    ["-a --cc=xxh64 --out-format=%i|%b|%'c|%C|%f|%U|%G|%m|%a|%P|%9L"],
    ["-rlptc --cc=md5 --out-format=%C|%12b|%n|%U|%G"],
    ["-a --delay-updates --protocol=29 --out-format=%i|%b|%C"],
    ["-ai --files-from=F/names"],
    ["-ai --delete --files-from=F/names"],
    ["-ai --no-R --files-from=F/names"],
    ["-air --no-i-d --from0 --files-from=F/nul"],
    ["-a -i -n --no-i-d --from0 --files-from=F/nul"],
    ["-ai --no-i-d --protocol=30 --from0 --files-from=F/nul"],
    ["-ai --protocol=29 --remove-source-files -n --files-from=F/names"],
    ["-ai --files-from=:names"],
    ["-ai --no-R --files-from=127.0.0.1:/names"],
    ["-ai --files-from=elsewhere:names"],
    ["-ai --files-from=:-"],
    ["-ai --files-from=F/missing"],
    ["-a -v --files-from=F/names"],
  ])("%s prints and does the same", async (options) => {
    const url = `rsync://127.0.0.1:${daemon.port}/m/`;
    const words = options.replace(/\bF\//, `${work.path}/`).split(" ");
    const stock = spawnSync(rsyncProgram("3.5.0"), [...words, url, `${fresh("stock")}/`], {
      encoding: "utf8",
    });
    const { out, code } = await pulled([...words, url, `${fresh("ours")}/`]);
    const lines = (text: string): string[] =>
      text
        .replace(/^sent .*/m, "")
        .split("\n")
        .sort();
    expect(lines(out)).toEqual(lines(stock.stdout));
    expect(code).toBe(stock.status);
    const times = !options.startsWith("-r ");
    // Nobody lists the root there, and its time is when something was put into it.
    const isNamed = options.includes("files-from");
    for (const side of isNamed ? ["stock", "ours"] : []) {
      fs.utimesSync(path.join(work.path, side), old, old);
    }
    // Nor what is only on the way.
    const directoryTimes = times && !options.includes("--no-i-d");
    const compared = { times, directoryTimes };
    expectEqualTrees(path.join(work.path, "stock"), path.join(work.path, "ours"), compared);
  });

  test.skipIf(process.getuid?.() !== 0)("--copy-devices fetches a device as a file", async () => {
    spawnSync("mknod", [path.join(daemon.path("d"), "null"), "c", "1", "3"]);
    const url = `rsync://127.0.0.1:${daemon.port}/d/`;
    const to = path.join(work.path, "devices");
    const { out, code } = await pulled(["-ai", "--copy-devices", url, to]);
    expect(code).toBe(0);
    expect(out).toContain(">f+++++++++ null");
    expect(fs.lstatSync(path.join(to, "null")).isFile()).toBe(true);
  });

  test("--early-input reaches what a module runs first", async () => {
    const input = path.join(work.path, "early");
    const bytes = Buffer.from("a key\n\0#@RSYNCD: \xff", "latin1");
    fs.writeFileSync(input, bytes);
    const url = `rsync://127.0.0.1:${daemon.port}/e/`;
    const to = path.join(work.path, "unlocked");
    expect(await pulled(["-a", `--early-input=${input}`, url, to])).toMatchObject({ code: 0 });
    const heard = path.join(daemon.path("e"), "heard");
    expect(fs.readFileSync(heard)).toEqual(bytes);
    fs.rmSync(heard);
    const listing = parsePull([`--early-input=${input}`, url], {});
    if (listing.kind !== "list") throw new TypeError("a pull was read");
    expect(await runList(listing, { out: () => {}, err: () => {} }, {})).toBe(0);
    expect(fs.readFileSync(heard)).toEqual(bytes);
    fs.writeFileSync(input, Buffer.alloc(5_121));
    expect(await pulled([`--early-input=${input}`, url, to])).toMatchObject({ code: 5 });
    expect(await pulled(["--early-input=/none", url, to])).toMatchObject({ code: 5 });
  });

  test("--early-input of a push, too", async () => {
    const input = path.join(work.path, "pushed-early");
    fs.writeFileSync(input, "another key\n");
    const words = ["-n", `--early-input=${input}`, input, `rsync://127.0.0.1:${daemon.port}/e/`];
    expect(await runPush(parsePush(words, {}), { out: () => {}, err: () => {} })).toBe(0);
    expect(fs.readFileSync(path.join(daemon.path("e"), "heard"), "utf8")).toBe("another key\n");
    expect(() => parsePush(["--early-input=/none", ...words.slice(2)], {})).toThrow(RsyncError);
  });

  test("what a pull does not have is refused by name", () => {
    for (const option of ["--write-devices", "--delete-missing-args"]) {
      const words = ["-a", option, "rsync://127.0.0.1/m/", "to"];
      expect(() => parsePull(words, {})).toThrow(option);
    }
  });

  test("without a destination it is a listing", () => {
    const url = `rsync://127.0.0.1:${daemon.port}/m/`;
    expect(parsePull([url], {})).toMatchObject({ kind: "list", url });
    expect(parsePull(["-r", "--list-only", url, "x"], {})).toMatchObject({ kind: "list" });
  });
});
