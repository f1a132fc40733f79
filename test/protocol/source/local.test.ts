import { execFileSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInThisContext } from "node:vm";
import { expect, test } from "vitest";
import { fileTypes } from "../../../protocol/flist/entry.ts";
import { asBytePath, nativePath } from "../../../protocol/path.ts";
import { LocalTree } from "../../../protocol/source/local.ts";
import { hostileNames } from "../../support/hostile.ts";
import { makeTree, type TreeSpec, temporaryDirectory } from "../../support/tree.ts";

const isRoot = process.getuid?.() === 0;

/** A tree on disk and its listing; the file "f" holds 5 bytes. */
function listedTree(spec: TreeSpec = {}) {
  const directory = temporaryDirectory();
  makeTree(directory.path, { f: "first", ...spec });
  const tree = new LocalTree(directory.path);
  const file = tree.current(asBytePath("f"));
  const at = (name: string) => `${directory.path}/${name}`;
  return { tree, file, at, [Symbol.dispose]: () => directory[Symbol.dispose]() };
}

const content = Buffer.alloc(100);

test("an entry says what lstat says, to the nanosecond, before 1970 too", () => {
  using listed = listedTree();
  fs.utimesSync(listed.at("f"), 5, new Date(-1500));
  fs.chmodSync(listed.at("f"), 0o4750);
  const { ino, dev } = fs.statSync(listed.at("f"));
  expect(listed.tree.lstat(asBytePath("f"))).toMatchObject({
    path: "f",
    mode: fileTypes.regular | 0o4750,
    size: 5,
    mtimeSeconds: -2,
    mtimeNanoseconds: 500_000_000,
    identity: { inode: ino, device: dev },
  });
});

test.each(["gone", "gone/too", "f/below a file"])("nothing lies at %s", (path) => {
  using listed = listedTree();
  expect(listed.tree.lstat(asBytePath(path))).toBeUndefined();
  expect(listed.tree.current(asBytePath(path))).toMatchObject({ path, mode: 0 });
});

test("names and link targets of any bytes are read and opened", () => {
  using listed = listedTree();
  for (const name of hostileNames) {
    const path = asBytePath(name);
    fs.writeFileSync(nativePath(listed.tree.root, path), name);
    const entry = listed.tree.current(path);
    const opened = listed.tree.open(entry);
    expect(opened?.read(content, 100, 0)).toBe(Math.min(100, Buffer.byteLength(name)));
    expect(opened?.state()).toBe("as listed");
    opened?.close();
  }
  makeTree(listed.tree.root, { link: { type: "symlink", target: "caf\xe9\n" } });
  expect(listed.tree.current(asBytePath("link")).linkTarget).toBe("caf\xe9\n");
});

test("a device has its numbers and no size", ({ skip }) => {
  const dev = new LocalTree("/dev");
  const device = dev.lstat(asBytePath("null"));
  if (device === undefined) skip("no /dev/null here");
  expect(device).toMatchObject({ size: 0, device: { major: 1, minor: 3 } });
});

test("content is read by position, and seen as listed while nothing changes", () => {
  using listed = listedTree();
  const opened = listed.tree.open(listed.file);
  expect(opened?.read(content, 3, 0)).toBe(3);
  expect(opened?.read(content, 100, 3)).toBe(2);
  expect(content.toString("latin1", 0, 2)).toBe("st");
  expect(opened?.read(content, 100, 5)).toBe(0);
  expect(opened?.state()).toBe("as listed");
  opened?.close();
});

test.each([
  ["grows", (file: string) => fs.appendFileSync(file, "more")],
  ["shrinks", (file: string) => fs.truncateSync(file, 1)],
  ["is written again at another time", (file: string) => fs.utimesSync(file, 1, 1)],
] as const)("a file that %s is changed", (_what, change) => {
  using listed = listedTree();
  const opened = listed.tree.open(listed.file);
  change(listed.at("f"));
  expect(opened?.state()).toBe("changed");
  opened?.close();
});

test("a new file under the old name is another object", () => {
  using listed = listedTree({ other: "other" });
  fs.renameSync(listed.at("other"), listed.at("f"));
  const opened = listed.tree.open(listed.file);
  expect(opened?.state()).toBe("replaced");
  opened?.close();
});

test("a directory of the path that became a symlink leads to another object", () => {
  using listed = listedTree({ "d/f": "inside", "outside/f": "secret" });
  const entry = listed.tree.current(asBytePath("d/f"));
  fs.rmSync(listed.at("d"), { recursive: true });
  fs.symlinkSync("outside", listed.at("d"));
  const opened = listed.tree.open(entry);
  expect(opened?.state()).toBe("replaced");
  opened?.close();
});

test.each([
  ["a symlink", (at: string) => fs.symlinkSync("/etc/passwd", at)],
  ["nothing", () => {}],
] as const)("%s in a file's place is not opened", (_what, put) => {
  using listed = listedTree();
  fs.rmSync(listed.at("f"));
  put(listed.at("f"));
  expect(listed.tree.open(listed.file)).toBeUndefined();
});

test("a fifo or a directory in a file's place is opened without waiting, and is no file", () => {
  using listed = listedTree();
  fs.rmSync(listed.at("f"));
  execFileSync("mkfifo", [listed.at("f")]);
  for (const put of [
    () => {},
    () => fs.rmSync(listed.at("f")),
    () => fs.mkdirSync(listed.at("f")),
  ]) {
    put();
    const opened = listed.tree.open(listed.file);
    expect(["replaced", undefined]).toContain(opened?.state());
    opened?.close();
  }
});

test("a socket in a file's place is not opened", async () => {
  using listed = listedTree();
  fs.rmSync(listed.at("f"));
  const server = net.createServer().listen(listed.at("f"));
  await once(server, "listening");
  expect(listed.tree.open(listed.file)).toBeUndefined();
  server.close();
  await once(server, "close");
});

test.skipIf(isRoot)("a file that may not be read says so", () => {
  using listed = listedTree();
  fs.chmodSync(listed.at("f"), 0);
  expect(() => listed.tree.open(listed.file)).toThrowError(
    expect.objectContaining({ code: "EACCES" }),
  );
});

/** How many hidden classes V8 has for these: code that meets more than four is slow for good. */
function countShapes(objects: readonly object[]): number {
  setFlagsFromString("--allow-natives-syntax");
  const haveOne = runInThisContext("(a, b) => %HaveSameMap(a, b)");
  const shapes: object[] = [];
  for (const each of objects) if (!shapes.some((known) => haveOne(known, each))) shapes.push(each);
  setFlagsFromString("--no-allow-natives-syntax");
  return shapes.length;
}

test("what is filled in later gives no entry a hidden class of its own", () => {
  using listed = listedTree({ d: { type: "directory" }, l: { type: "symlink", target: "f" } });
  const entries = Array.from({ length: 200 }, (_, n) =>
    listed.tree.current(asBytePath(["d", "f", "l"][n % 3] as string)),
  );
  const told = entries.map((entry) => ({ ...entry, hasContent: true }));
  expect(countShapes([...entries, ...told])).toBeLessThan(8);
});
