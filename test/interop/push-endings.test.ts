import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { daemonVersions } from "../support/daemon.ts";
import { PushPair } from "../support/push-pair.ts";
import { makeTree } from "../support/tree.ts";

describe.skipIf(!daemonVersions.includes("3.5.0"))("how sersync push ends", () => {
  let pair: PushPair;

  beforeAll(async () => {
    pair = await PushPair.start();
  });
  afterAll(() => pair[Symbol.asyncDispose]());

  test("options that change nothing are noted, unless it is to be quiet", async () => {
    pair.reset("ours");
    const words = ["-a", "--contimeout=5", "--protect-args", "src/a", pair.url("ours")];
    const { exitCode, err } = await pair.ours(words);
    expect(exitCode).toBe(0);
    expect(err).toMatch(/^sersync: -+(s|protect-args) has no effect: names travel as bytes/m);
    expect((await pair.ours(["-q", ...words])).err).toBe("");
  });

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
    ["a password file that is not there", ["-a", "--password-file=none", "src/"], "locked/", 1],
    ["one that others may read", ["-a", "--password-file=src/a", "src/"], "locked/", 1],
    ["one that nobody asks for", ["-a", "--password-file=none", "src/"], "ours/", 0],
    ["one beside a remote shell", ["-a", "--password-file=none", "src/", "host:"], "", 1],
    ["a log in no directory", ["-a", "--log-file=none/log", "src/"], "ours/", 0],
    ["a log without a name", ["-a", "--log-file=", "src/"], "ours/", 0],
    ["a suffix with a slash", ["-a", "--suffix=a/b", "src/"], "ours/", 1],
    ["a path that leads above", ["-aR", "src/../src/a"], "ours/", 1],
  ])("%s ends both with the same code", async (_, words, place, exitCode) => {
    const all = place === "" ? words : [...words, pair.url(place)];
    const theirs = pair.stock(all);
    const mine = await pair.ours(all);
    expect([mine.exitCode, theirs.exitCode]).toEqual([exitCode, exitCode]);
    expect(mine.err === "").toBe(theirs.err === "");
  });

  test("a port where nobody listens ends both with 10", async () => {
    const words = ["-a", "src/", "rsync://127.0.0.1:1/m/"];
    expect([(await pair.ours(words)).exitCode, pair.stock(words).exitCode]).toEqual([10, 10]);
  });

  test("a file that may not be read, or is in the way, is 23, and the rest arrives", async () => {
    pair.reset("ours");
    makeTree(pair.daemon.path("ours"), { "a/in the way": "" });
    const ran = await pair.ours(["-a", "src/", pair.url("ours/")]);
    expect(ran.exitCode).toBe(23);
    expect(ran.err).toMatch(/make way for new regular file: "?a/);
    expect(fs.readFileSync(`${pair.daemon.path("ours")}/dir/deep/er`, "utf8")).toBe("deeper");
  });

  test("--max-delete is 25, as rsync(1) has it", async () => {
    pair.reset("ours");
    const ran = await pair.ours(["-a", "--delete", "--max-delete=1", "src/", pair.url("ours/")]);
    expect(ran.exitCode).toBe(25);
    expect(ran.err).toMatch(/Deletions stopped/);
  });

  test("--remove-source-files removes what is there, and directories never", async () => {
    pair.reset("ours");
    makeTree(path.join(pair.work.path, "moved"), { file: "1", "dir/inner": "2" });
    const words = ["-a", "--remove-source-files", "moved/", pair.url("ours/new/")];
    expect(await pair.ours(words)).toMatchObject({ exitCode: 0 });
    expect(fs.readdirSync(path.join(pair.work.path, "moved"), { recursive: true })).toEqual([
      "dir",
    ]);
    expect(fs.readFileSync(`${pair.daemon.path("ours")}/new/dir/inner`, "utf8")).toBe("2");
  });

  test("--bwlimit keeps below the rate", async () => {
    pair.reset("ours");
    fs.writeFileSync(path.join(pair.work.path, "large"), Buffer.alloc(600 * 1_024, "x"));
    const began = performance.now();
    await pair.ours(["-W", "--bwlimit=1000", "large", pair.url("ours/")]);
    expect(performance.now() - began).toBeGreaterThan(500);
  });

  test("a single file takes the name of the address, unless that ends in a slash", async () => {
    pair.reset("ours");
    await pair.ours(["-t", "src/a", pair.url("ours/renamed")]);
    await pair.ours(["-t", "src/a", pair.url("ours/inside/")]);
    expect(fs.readFileSync(`${pair.daemon.path("ours")}/renamed`, "utf8")).toBe("hello");
    expect(fs.readFileSync(`${pair.daemon.path("ours")}/inside/a`, "utf8")).toBe("hello");
  });

  test("a single file takes a name with wildcards, new or not, or goes into such a directory", async () => {
    fs.rmSync(pair.daemon.path("ours"), { recursive: true });
    makeTree(pair.daemon.path("ours"), {
      "w-other": "stays",
      "old?": "old",
      "dir*": { type: "directory" },
    });
    for (const name of ["w*", "old?", "dir*", "[new]"]) {
      expect((await pair.ours(["-tr", "src/a", pair.url(`ours/${name}`)])).exitCode).toBe(0);
    }
    fs.writeFileSync(path.join(pair.work.path, "once"), "hello");
    await pair.ours(["--remove-source-files", "once", pair.url("ours/moved*")]);
    expect(fs.existsSync(path.join(pair.work.path, "once"))).toBe(false);
    const names = fs.readdirSync(pair.daemon.path("ours"), { recursive: true, encoding: "utf8" });
    const contents = names
      .filter((name) => name !== "dir*")
      .map((name) => [name, fs.readFileSync(path.join(pair.daemon.path("ours"), name), "utf8")]);
    expect(Object.fromEntries(contents)).toEqual({
      ...Object.fromEntries(
        ["w*", "old?", "dir*/a", "[new]", "moved*"].map((name) => [name, "hello"]),
      ),
      "w-other": "stays",
    });
  });

  test.each(["a\\b", "q'*x", "$(ж) \\\\"])("--backup-dir=%j is what it says", async (name) => {
    for (const module of ["stock", "ours"]) pair.reset(module);
    const words = (module: string) => [
      "-rbI",
      `--backup-dir=${name}`,
      "src/b.txt",
      pair.url(module),
    ];
    expect(pair.stock(words("stock/")).exitCode).toBe(0);
    expect((await pair.ours(words("ours/"))).exitCode).toBe(0);
    const saved = fs.readFileSync(path.join(pair.daemon.path("ours"), name, "b.txt"), "utf8");
    expect(saved).toBe("y".repeat(5_000));
    expect(fs.existsSync(path.join(pair.daemon.path("stock"), name, "b.txt"))).toBe(true);
  });

  test.each(["w*", "\\[x]/y z", "b ours", "back\\slash]"])("%j is what it says", async (name) => {
    fs.rmSync(pair.daemon.path("ours"), { recursive: true });
    makeTree(pair.daemon.path("ours"), { "w-other/file": "stays" });
    const place = pair.url(`ours/${name}`);
    for (const words of [
      ["src/", place],
      ["--delete", "src", "src/script", `${place}/`],
    ]) {
      expect((await pair.ours(["-a", ...words])).exitCode).toBe(0);
    }
    const [top = ""] = name.split("/");
    expect(new Set(fs.readdirSync(pair.daemon.path("ours")))).toEqual(new Set(["w-other", top]));
    expect(fs.readFileSync(path.join(pair.daemon.path("ours"), name, "src/a"), "utf8")).toBe(
      "hello",
    );
  });
});
