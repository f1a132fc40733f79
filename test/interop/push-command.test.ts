import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RsyncError } from "../../protocol/index.ts";
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

interface Ran {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

const source: TreeSpec = {
  a: "hello",
  "b.txt": "x".repeat(5_000),
  "same.txt": "same",
  "touched.txt": "touched",
  "skip.log": "a log",
  "dir/inner": "inner",
  "dir/deep/er": "deeper",
  empty: { type: "directory" },
  "a b\n*": "odd",
  link: { type: "symlink", target: "a" },
  script: { type: "file", content: "#!", mode: 0o755 },
};

const before: TreeSpec = {
  "b.txt": "y".repeat(5_000),
  "same.txt": "same",
  "touched.txt": "touched",
  "old.log": "a log",
  gone: "gone",
  "gone dir/x": "",
  "dir/inner": "other",
  script: { type: "file", content: "#!", mode: 0o644 },
};

const old = new Date("2020-01-02T03:04:05Z");
const older = new Date("2019-01-02T03:04:05Z");

/** All times equal, so that what is told depends on nothing else. */
function setTimes(root: string, at: string, time: Date): void {
  const here = path.join(root, at);
  const stats = fs.lstatSync(here);
  if (stats.isDirectory()) for (const name of fs.readdirSync(here)) setTimes(here, name, time);
  fs.lutimesSync(here, time, time);
}

describe.skipIf(!daemonVersions.includes("3.5.0"))("sersync push beside rsync 3.5.0", () => {
  let daemon: Daemon;
  let work: TemporaryDirectory;

  beforeAll(async () => {
    daemon = await startDaemon({
      version: "3.5.0",
      motd: "Welcome\n",
      users: undefined as never,
      modules: {
        stock: {},
        ours: {},
        locked: { "auth users": "alice", "secrets file": "/nonexistent" },
      },
    });
    work = temporaryDirectory();
    makeTree(path.join(work.path, "src"), source);
    setTimes(work.path, "src", old);
    fs.writeFileSync(path.join(work.path, "names"), "dir/deep/er\n# remark\n../dir/../a\nempty/\n");
    fs.writeFileSync(path.join(work.path, "rules"), "*.log\n; remark\n/gone\n");
  });
  afterAll(async () => {
    await daemon.remove();
    work[Symbol.dispose]();
  });

  function reset(module: string): void {
    const root = daemon.path(module);
    fs.rmSync(root, { recursive: true, force: true });
    makeTree(root, before);
    setTimes(root, "", old);
    fs.lutimesSync(path.join(root, "touched.txt"), older, older);
    fs.utimesSync(root, older, older);
  }

  test("options that change nothing are noted, unless it is to be quiet", async () => {
    reset("ours");
    const words = ["-a", "--contimeout=5", "--protect-args", "src/a", daemon.url("ours")];
    const { exitCode, err } = await ours(words);
    expect(exitCode).toBe(0);
    expect(err).toMatch(/^sersync: -+(s|protect-args) has no effect: names travel as bytes/m);
    expect((await ours(["-q", ...words])).err).toBe("");
  });

  function stock(words: readonly string[]): Ran {
    const ran = spawnSync(rsyncProgram("3.5.0"), words, { cwd: work.path, encoding: "utf8" });
    return { exitCode: ran.status ?? -1, out: ran.stdout, err: ran.stderr };
  }

  async function ours(words: readonly string[]): Promise<Ran> {
    let out = "";
    let err = "";
    const outputs = {
      out: (text: string) => {
        out += text;
      },
      err: (text: string) => {
        err += text;
      },
    };
    const cwd = process.cwd();
    process.chdir(work.path);
    try {
      const exitCode = await runPush(parsePush(words, {}), outputs);
      return { exitCode, out, err };
    } catch (error) {
      if (!(error instanceof RsyncError)) throw error;
      return { exitCode: error.exitCode, out, err: `${err}${error.message}\n` };
    } finally {
      process.chdir(cwd);
    }
  }

  /** Without what cannot be equal: bytes on the wire, times, and what helps to debug rsync. */
  function comparable({ out }: Ran): string[] {
    const lines = out
      .replaceAll(/sent [\d,.KM]+ bytes .*sec/g, "sent …")
      .replaceAll(/speedup is [\d,.]+/g, "speedup is …")
      .replaceAll(/(Total bytes (?:sent|received)|File list .*): .*/g, "$1: …")
      .split("\n")
      .filter((line) => !/^(opening tcp connection|sending daemon args|total: matches)/.test(line));
    // The daemon's messages overtake its items, or not.
    if (lines.some((line) => line.startsWith("skipping non-regular"))) return lines.sort();
    const isDeletion = (line: string): boolean => /^(\*deleting|deleting |del\.)/.test(line);
    return [...lines.filter((line) => !isDeletion(line)), ...lines.filter(isDeletion)];
  }

  async function both(words: readonly string[], to = ""): Promise<{ theirs: Ran; mine: Ran }> {
    for (const module of ["stock", "ours"]) reset(module);
    const url = (module: string) => `rsync://127.0.0.1:${daemon.port}/${module}/${to}`;
    const theirs = stock([...words, url("stock")]);
    const mine = await ours([...words, url("ours")]);
    return { theirs, mine };
  }

  test.each([
    ["-a src/"],
    ["-ai src/"],
    ["-aii src/"],
    ["-av src/"],
    ["-avv src/"],
    ["-ain src/"],
    ["-avn src/"],
    ["-aiv src/"],
    ["-a --stats src/"],
    ["-an --stats src/"],
    ["-ah --stats src/"],
    ["-a --no-h --stats src/"],
    ["-aq src/"],
    ["-rti src/"],
    ["-rlptgoD -i src"],
    ["-ri src/"],
    ["-rlti --no-t src/"],
    ["-i src/a"],
    ["-i src"],
    ["-di src/"],
    ["-di src"],
    ["-ldi src/dir src/link src/a"],
    ["-aiR src/dir/deep"],
    ["-aiR ./src/dir/deep/er"],
    ["-aiR src/./dir/deep src/./a"],
    ["-aiR --no-implied-dirs src/dir/deep/er"],
    ["-ai --files-from=names src"],
    ["-air --files-from=names src"],
    ["-ai --no-R --files-from=names src"],
    ["-ai --delete src/"],
    ["-av --delete src/"],
    ["-ain --delete src/"],
    ["-ai --delete-before src/"],
    ["-ai --delete-after src/"],
    ["-av --delete-delay src/"],
    ["-ai --delete --exclude=*.log src/"],
    ["-ai --delete --delete-excluded --exclude=*.log src/"],
    ["-ai --delete --exclude-from=rules src/"],
    ["-ai --delete -f P_gone -f -_*.log src/"],
    ["-ai --delete --include=/dir/*** --exclude=/dir --exclude=/* src/"],
    ["-ai --include=*/ --include=*.txt --exclude=* -m src/"],
    ["-aic src/"],
    ["-aiI src/"],
    ["-aiu src/"],
    ["-ai --size-only src/"],
    ["-ai --existing src/"],
    ["-ai --ignore-existing src/"],
    ["-ai --max-size=1k src/"],
    ["-ai --min-size=1k src/"],
    ["-aiW src/"],
    ["-aiz src/"],
    ["-ai --inplace src/"],
    ["-ai --chmod=F600 src/"],
    ["-aib --suffix=.old src/"],
    ["-ai --partial-dir=.part --delay-updates src/"],
    ["-a --out-format=%o:%n:%l:%B:%M src/"],
    ["-a --delete --cc=md5 --out-format=%i|%-12n|%L|%-9L|%f|%012U|%G|%m|%a|%q|%'b|%% src/"],
    ["-rlpt --cc=xxh64 --out-format=%-12i|%9b|%'c|%C|%f|%U|%G|%''l|%5'l src/ src/dir/../script"],
    ["-rtc --no-i-r --cc=md5,sha1 --out-format=%i|%C|%n src/"],
    ["-rtcii --cc=xxh64 --out-format=%i|%C|%n src/"],
    ["-rtn --cc=md4 --out-format=%i|%b|%c|%C src/"],
    ["-aR --cc=none --protocol=30 --out-format=%C|%b|%f ./src/dir src/a"],
    ["-a --protocol=29 --out-format=%i|%b|%c|%C|%n src/"],
    ["-a --info=name,del --delete src/"],
    ["-a --info=stats2 src/"],
    ["-aiv --info=stats0,flist0 src/"],
    ["-ai --no-motd src/"],
    ["-ai --ignore-missing-args nothing src/a"],
    ["-ai nothing src/a"],
    ["-ai src/a src/dir src/b.txt"],
    ["-ai --protocol=30 src/"],
    ["-ai --protocol=29 --delete src/"],
    ["-ai --mkpath src/"],
  ])("rsync %s", async (line) => {
    const words = line.split(" ").map((word) => word.replaceAll("_", " "));
    const { theirs, mine } = await both(words);
    expect({ exitCode: mine.exitCode, lines: comparable(mine) }).toEqual({
      exitCode: theirs.exitCode,
      lines: comparable(theirs),
    });
    expect(mine.err === "").toBe(theirs.err === "");
    // With -b rsync leaves the times of directories alone.
    const times = /^-\w*[ta]/.test(line) && !/--no-t|--no-implied|--suffix/.test(line);
    // Not every list has the root in it, whose time is then that of the last change.
    for (const module of ["stock", "ours"]) fs.utimesSync(daemon.path(module), old, old);
    expectEqualTrees(daemon.path("stock"), daemon.path("ours"), { times });
  });

  const url = (module: string): string => `rsync://127.0.0.1:${daemon.port}/${module}`;

  test.each([
    ["an unknown module", ["-a", "src/"], "nope/", 5],
    ["a module that wants a password", ["-a", "src/"], "locked/", 5],
    ["a place whose parent is missing", ["-a", "src/"], "ours/no/where/", 11],
    ["no -r for --delete", ["--delete", "src/"], "ours/", 1],
    ["two places for parts", ["-a", "--inplace", "--partial-dir=p", "src/"], "ours/", 1],
    ["an option that nobody has", ["--no-such-option", "src/"], "ours/", 1],
    ["a missing file of names", ["-a", "--files-from=no-such-file", "src"], "ours/", 1],
    ["a missing file of rules", ["-a", "--exclude-from=no-such-file", "src"], "ours/", 11],
    ["a checksum that nobody knows", ["-a", "--cc=md6", "src/"], "ours/", 4],
    ["a compression that nobody knows", ["-az", "--zc=gzip", "src/"], "ours/", 4],
    ["a character set that nobody knows", ["-a", "--iconv=nope", "src/"], "ours/", 4],
    ["a suffix with a slash", ["-a", "--suffix=a/b", "src/"], "ours/", 1],
    ["a path that leads above", ["-aR", "src/../src/a"], "ours/", 1],
  ])("%s ends both with the same code", async (_, words, place, exitCode) => {
    const theirs = stock([...words, url(place)]);
    const mine = await ours([...words, url(place)]);
    expect([mine.exitCode, theirs.exitCode]).toEqual([exitCode, exitCode]);
    expect(mine.err).not.toBe("");
  });

  test("a port where nobody listens ends both with 10", async () => {
    const words = ["-a", "src/", "rsync://127.0.0.1:1/m/"];
    expect([(await ours(words)).exitCode, stock(words).exitCode]).toEqual([10, 10]);
  });

  test("a file that may not be read, or is in the way, is 23, and the rest arrives", async () => {
    reset("ours");
    makeTree(daemon.path("ours"), { "a/in the way": "" });
    const ran = await ours(["-a", "src/", url("ours/")]);
    expect(ran.exitCode).toBe(23);
    expect(ran.err).toMatch(/make way for new regular file: "?a/);
    expect(fs.readFileSync(`${daemon.path("ours")}/dir/deep/er`, "utf8")).toBe("deeper");
  });

  test("--max-delete is 25, as rsync(1) has it", async () => {
    reset("ours");
    const ran = await ours(["-a", "--delete", "--max-delete=1", "src/", url("ours/")]);
    expect(ran.exitCode).toBe(25);
    expect(ran.err).toMatch(/Deletions stopped/);
  });

  test("--remove-source-files removes what is there, and directories never", async () => {
    reset("ours");
    makeTree(path.join(work.path, "moved"), { file: "1", "dir/inner": "2" });
    const words = ["-a", "--remove-source-files", "moved/", url("ours/new/")];
    expect(await ours(words)).toMatchObject({ exitCode: 0 });
    expect(fs.readdirSync(path.join(work.path, "moved"), { recursive: true })).toEqual(["dir"]);
    expect(fs.readFileSync(`${daemon.path("ours")}/new/dir/inner`, "utf8")).toBe("2");
  });

  test("--bwlimit keeps below the rate", async () => {
    reset("ours");
    fs.writeFileSync(path.join(work.path, "large"), Buffer.alloc(600 * 1_024, "x"));
    const began = performance.now();
    await ours(["-W", "--bwlimit=1000", "large", url("ours/")]);
    expect(performance.now() - began).toBeGreaterThan(500);
  });

  test("a single file takes the name of the address, unless that ends in a slash", async () => {
    reset("ours");
    await ours(["-t", "src/a", url("ours/renamed")]);
    await ours(["-t", "src/a", url("ours/inside/")]);
    expect(fs.readFileSync(`${daemon.path("ours")}/renamed`, "utf8")).toBe("hello");
    expect(fs.readFileSync(`${daemon.path("ours")}/inside/a`, "utf8")).toBe("hello");
  });

  test("a single file takes a name with wildcards, new or not, or goes into such a directory", async () => {
    fs.rmSync(daemon.path("ours"), { recursive: true });
    makeTree(daemon.path("ours"), {
      "w-other": "stays",
      "old?": "old",
      "dir*": { type: "directory" },
    });
    for (const name of ["w*", "old?", "dir*", "[new]"]) {
      expect((await ours(["-tr", "src/a", url(`ours/${name}`)])).exitCode).toBe(0);
    }
    fs.writeFileSync(path.join(work.path, "once"), "hello");
    await ours(["--remove-source-files", "once", url("ours/moved*")]);
    expect(fs.existsSync(path.join(work.path, "once"))).toBe(false);
    const names = fs.readdirSync(daemon.path("ours"), { recursive: true, encoding: "utf8" });
    const contents = names
      .filter((name) => name !== "dir*")
      .map((name) => [name, fs.readFileSync(path.join(daemon.path("ours"), name), "utf8")]);
    expect(Object.fromEntries(contents)).toEqual({
      ...Object.fromEntries(
        ["w*", "old?", "dir*/a", "[new]", "moved*"].map((name) => [name, "hello"]),
      ),
      "w-other": "stays",
    });
  });

  test("--progress tells of a file at its first piece, and at its end", async () => {
    const { theirs, mine } = await both(["-r", "--progress", "src/b.txt", "src/dir", "src/empty"]);
    const states = ({ out }: Ran): string[] =>
      out.replaceAll(/ +[\d.]+[kMG]B\/s/g, "").split(/[\r\n]/);
    expect(states(mine)).toEqual(states(theirs));
  });

  test.each(["w*", "\\[x]/y z", "b ours", "back\\slash]"])("%j is what it says", async (name) => {
    fs.rmSync(daemon.path("ours"), { recursive: true });
    makeTree(daemon.path("ours"), { "w-other/file": "stays" });
    const place = url(`ours/${name}`);
    for (const words of [
      ["src/", place],
      ["--delete", "src", "src/script", `${place}/`],
    ]) {
      expect((await ours(["-a", ...words])).exitCode).toBe(0);
    }
    const [top = ""] = name.split("/");
    expect(new Set(fs.readdirSync(daemon.path("ours")))).toEqual(new Set(["w-other", top]));
    expect(fs.readFileSync(path.join(daemon.path("ours"), name, "src/a"), "utf8")).toBe("hello");
  });
});
