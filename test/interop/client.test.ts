import fs from "node:fs";
import { expect, test } from "vitest";
import {
  asBytePath,
  deletePaths,
  type ListedSource,
  LocalTree,
  listFiles,
  listModules,
  MemoryTree,
  PathList,
  type PushProgress,
  push,
  SessionPool,
} from "../../protocol/index.ts";
import { type Daemon, describeDaemons, startDaemon } from "../support/daemon.ts";
import { hostileNames, makeHostileTree } from "../support/hostile.ts";
import { expectEqualTrees, makeTree, readTree, temporaryDirectory } from "../support/tree.ts";

const users = { alice: "secret" };

describeDaemons("the client library", (version) => {
  const start = (options: Partial<Parameters<typeof startDaemon>[0]> = {}): Promise<Daemon> =>
    startDaemon({ version, modules: { m: {}, other: { comment: "the other one" } }, ...options });

  test("pushes a single file, or link, under its own name", async () => {
    await using daemon = await start();
    using source = temporaryDirectory();
    makeTree(source.path, { "a file": "hello", link: { type: "symlink", target: "a file" } });
    const url = `${daemon.url("m")}new`;
    for (const name of ["a file", "link"]) await push(`${source.path}/${name}`, url);
    const there = `${daemon.path("m")}/new`;
    expect(fs.readdirSync(there).sort()).toEqual(["a file", "link"]);
    expect(fs.readFileSync(`${there}/a file`, "utf8")).toBe("hello");
    expect(fs.lstatSync(`${there}/link`).isSymbolicLink()).toBe(true);
    for (const [name, options] of [
      ["a file/", {}],
      ["a file", { filter: ["- a*"] }],
      ["a file", { excluded: () => true }],
      ["none", {}],
    ] as const) {
      const pushing = push(`${source.path}/${name}`, url, options);
      await expect(pushing).rejects.toMatchObject({ code: "SOURCE_MISSING", exitCode: 3 });
    }
  });

  test("lists modules, with the message of the day", async () => {
    await using daemon = await start({ motd: "Welcome\nhere\n" });
    const { modules, text } = await listModules(`rsync://127.0.0.1:${daemon.port}/`);
    expect(modules).toEqual([
      { name: "m", comment: "" },
      { name: "other", comment: "the other one" },
    ]);
    expect(text.filter((line) => line !== "")).toEqual(["Welcome", "here"]);
  });

  test.each([30, 31, 32])("lists a module's files, whatever their names (%i)", async (protocol) => {
    await using daemon = await start();
    makeHostileTree(daemon.path("m"), protocol, 60);
    const wanted = readTree(daemon.path("m"));
    const { entries, errors, ioError } = await listFiles(daemon.url("m"), {
      protocol,
      recursive: true,
    });
    expect([errors, ioError]).toEqual([[], 0]);
    expect(entries.map(({ path }) => path).sort()).toEqual([...wanted.keys()].sort());
    // What comes before is the look whether the daemon is up.
    expect(daemon.log().split("allowed access").slice(1).join()).not.toMatch(/error/);
    const { entries: direct } = await listFiles(daemon.url("m"), { protocol });
    expect(direct.every(({ path }) => !path.includes("/"))).toBe(true);
  });

  test("lists one file, or says that it is not there", async () => {
    await using daemon = await start({ users });
    makeTree(daemon.path("m"), { "dir/a*b": "12345", "dir/axb": "" });
    const options = { password: "secret" };
    const listing = await listFiles(`${daemon.url("m", "alice")}dir/a*b`, options);
    expect(listing.entries).toMatchObject([{ path: "a*b", size: 5 }]);
    const missing = await listFiles(`${daemon.url("m", "alice")}nope`, options);
    expect(missing.errors.join()).toMatch(/No such file or directory/);
    const refused = listFiles(daemon.url("m", "alice"), { password: "wrong" });
    await expect(refused).rejects.toMatchObject({ code: "AUTH_FAILED", exitCode: 5 });
  });

  test("pushes a tree that is in memory, and tells how each path ended", async () => {
    await using daemon = await start();
    const mtime = new Date("2020-01-02T03:04:05Z");
    const result = await push(
      {
        "a.txt": { content: "hello", mode: 0o600, mtime },
        "dir/b.bin": new Uint8Array([1, 2, 3]),
        "dir/empty": { type: "directory" },
        link: { linkTarget: "a.txt" },
      },
      `${daemon.url("m")}there`,
    );
    const root = `${daemon.path("m")}/there`;
    expect(fs.readFileSync(`${root}/a.txt`, "utf8")).toBe("hello");
    expect(fs.statSync(`${root}/a.txt`)).toMatchObject({ mode: 0o100600, mtime });
    expect(fs.readlinkSync(`${root}/link`)).toBe("a.txt");
    expect([...result.paths()].map(({ path, status }) => `${path} ${status}`)).toEqual([
      " acknowledged",
      "a.txt acknowledged",
      "link acknowledged",
      "dir acknowledged",
      "dir/b.bin acknowledged",
      "dir/empty acknowledged",
    ]);
    expect(result.exitCode).toBe(0);
    expect(result.totals).toMatchObject({
      listed: { all: 6, files: 2, directories: 3, symlinks: 1 },
      created: { all: 6 },
      transferredFiles: 2,
      totalBytes: 13,
      transferredBytes: 8,
      literalBytes: 8,
      matchedBytes: 0,
    });
  });

  test("pushes chosen paths, and deletes those that are gone", async () => {
    await using daemon = await start();
    using source = temporaryDirectory();
    makeTree(source.path, { "a/b": "new", "a/not this": "" });
    makeTree(daemon.path("m"), { "a/gone": "", "old/deep": "", kept: "" });
    const paths = ["a/b", "a/gone", "old"].map(asBytePath);
    const list = new PathList(new LocalTree(source.path), paths, { missing: "delete" });
    const result = await push(list, daemon.url("m"));
    expect([...readTree(daemon.path("m")).keys()].sort()).toEqual(["", "a", "a/b", "kept"]);
    expect([...result.paths()].filter(({ status }) => status === "deleted")).toEqual([
      { path: "old", status: "deleted" },
      { path: "a/gone", status: "deleted" },
      { path: "old/deep", status: "deleted" },
    ]);
  });

  test("deletes exact paths and nothing else, and makes no directory", async () => {
    await using daemon = await start();
    const names = Object.fromEntries(hostileNames.map((name) => [name, ""]));
    makeTree(daemon.path("m"), { ...names, "dir/tree/a": "", "dir/kept": "" });
    const before = fs.statSync(`${daemon.path("m")}/dir/kept`).mtimeMs;
    const result = await deletePaths(daemon.url("m"), ["dir/tree", "never/was", "*"]);
    expect(result.failures()).toEqual([]);
    const left = readTree(daemon.path("m"));
    for (const name of hostileNames) expect(left.has(asBytePath(name))).toBe(name !== "*");
    expect([left.has(asBytePath("dir/tree")), left.has(asBytePath("never"))]).toEqual([
      false,
      false,
    ]);
    expect(fs.statSync(`${daemon.path("m")}/dir/kept`).mtimeMs).toBe(before);
    for (const odd of ["/", "..", "a/../../b", "./a", "a//b"]) {
      await expect(deletePaths(daemon.url("m"), [odd])).rejects.toMatchObject({
        code: "BAD_OPTION",
      });
    }
    const nowhere = push({ a: "" }, `rsync://127.0.0.1:${daemon.port}/`);
    await expect(nowhere).rejects.toMatchObject({ code: "BAD_OPTION" });
  });

  test("a delete pass leaves alone what the rules protect", async () => {
    await using daemon = await start();
    using source = temporaryDirectory();
    makeTree(source.path, { a: "1", "x.log": "not sent" });
    makeTree(daemon.path("m"), { "old.log": "", gone: "", "dir/keep": "", "dir/gone": "" });
    const result = await push(source.path, daemon.url("m"), {
      transfer: { recursive: true, times: true, delete: true },
      filter: ["- *.log", "P keep"],
    });
    expect([...readTree(daemon.path("m")).keys()].sort()).toEqual([
      "",
      "a",
      "dir",
      "dir/keep",
      "old.log",
    ]);
    const deleted = [...result.paths()].filter(({ status }) => status === "deleted");
    expect(deleted.map(({ path }) => path).sort()).toEqual(["dir/gone", "gone"]);
    expect(result.totals.deleted.all).toBe(2);
  });

  test("tells of its progress, and can be aborted", async () => {
    await using daemon = await start();
    using source = temporaryDirectory();
    const big = Buffer.alloc(3_000_000, "x");
    makeTree(source.path, { a: big, b: big, small: "1" });
    const told: PushProgress[] = [];
    await push(source.path, daemon.url("m"), { progress: (progress) => told.push(progress) });
    expectEqualTrees(source.path, daemon.path("m"));
    expect(told.at(-1)).toMatchObject({ bytes: 6_000_001, totalBytes: 6_000_001, files: 3 });
    expect(told.map(({ bytes }) => bytes)).toEqual(
      told.map(({ bytes }) => bytes).sort((a, b) => a - b),
    );

    const controller = new AbortController();
    const aborted = push({ c: big }, daemon.url("other"), {
      signal: controller.signal,
      sending: () => controller.abort(),
    });
    await expect(aborted).rejects.toMatchObject({ code: "ABORTED", exitCode: 20 });

    const pool = new SessionPool(
      { host: "127.0.0.1", port: daemon.port, module: "other" },
      { transfer: { recursive: true } },
    );
    const tree = new LocalTree(source.path);
    const entries = ["", "a", "b"].map((path) => tree.current(asBytePath(path)));
    for (const signal of [AbortSignal.abort(), AbortSignal.timeout(0)]) {
      const pushed = pool.push(entries, tree, { signal });
      await expect(pushed).rejects.toMatchObject({ code: "ABORTED" });
    }
    await expect(pool.push(entries, tree)).resolves.toBeDefined();
    pool.close();
  });

  test("names what failed and goes on with the rest", async () => {
    await using daemon = await start();
    makeTree(daemon.path("m"), { "in the way/x": "" });
    const result = await push({ "in the way": "a file", other: "1" }, daemon.url("m"));
    expect(result.exitCode).toBe(23);
    expect(result.failures()).toMatchObject([{ path: "in the way" }]);
    expect(fs.readFileSync(`${daemon.path("m")}/other`, "utf8")).toBe("1");
  });

  test("a file that vanishes after it was listed is 24, and the rest arrives", async () => {
    await using daemon = await start();
    const tree = new MemoryTree({ gone: "x", kept: "y" });
    const source: ListedSource = {
      entries: () => tree.entries(),
      open: (entry) => (entry.path === "gone" ? undefined : tree.open(entry)),
    };
    const result = await push(source, daemon.url("m"));
    expect(result.exitCode).toBe(24);
    expect([...result.paths()]).toContainEqual({ path: "gone", status: "vanished" });
    expect([...readTree(daemon.path("m")).keys()]).toEqual(["", "kept"]);
  });
});
