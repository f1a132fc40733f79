import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { FileWriter } from "../../../protocol/destination/file-writer.ts";
import { now, staysOwner } from "../../../protocol/destination/libc.ts";
import { DestinationTree } from "../../../protocol/destination/tree.ts";
import { asBytePath, nativePath } from "../../../protocol/path.ts";
import { temporaryDirectory } from "../../support/tree.ts";

const plain = { uid: staysOwner, gid: staysOwner, mode: 0o640, mtimeSeconds: 0 } as const;
const untimed = { ...plain, mtimeNanoseconds: now };
const timed = { ...plain, mtimeSeconds: 1_600_000_000, mtimeNanoseconds: 123_456_789 };

function open(root: string) {
  const tree = new DestinationTree(root);
  const writer = FileWriter.of(tree);
  if (writer === undefined) throw new Error("there is no C library here");
  return { writer, [Symbol.dispose]: () => tree.close() };
}

test("files have their content, permissions and times, whatever they are called", () => {
  using work = temporaryDirectory();
  using opened = open(work.path);
  fs.mkdirSync(nativePath(work.path, asBytePath("d\xff")));
  for (const [name, content] of [
    ["f", "content"],
    ["f", "again"],
    ["d\xff/\xe9\n", ""],
    [`d\xff/${"\xe9".repeat(255)}`, "x".repeat(100_000)],
  ] as const) {
    opened.writer.put(asBytePath(name), timed, Buffer.from(content));
    const native = nativePath(work.path, asBytePath(name));
    expect(fs.readFileSync(native, "utf8")).toBe(content);
    const { mode, mtimeNs } = fs.statSync(native, { bigint: true });
    expect([Number(mode) & 0o7777, mtimeNs]).toEqual([0o640, 1_600_000_000_123_456_789n]);
  }
  expect(fs.readdirSync(work.path)).toHaveLength(2); // and no temporary ones
  expect(fs.readdirSync(nativePath(work.path, asBytePath("d\xff")))).toHaveLength(2);
});

test("a file that cannot be put in place leaves nothing behind", () => {
  using work = temporaryDirectory();
  using opened = open(work.path);
  fs.mkdirSync(path.join(work.path, "in-the-way"));
  const put = (name: string): void =>
    opened.writer.put(asBytePath(name), untimed, Buffer.from("content"));
  expect(() => put("in-the-way")).toThrow(/EISDIR: .*, rename/);
  expect(() => put("gone/f")).toThrow(/ENOENT/);
  expect(() => put("n".repeat(256))).toThrow(/ENAMETOOLONG/);
  expect(() => put("n".repeat(4_000))).toThrow(/ENAMETOOLONG/);
  for (const name of ["..", ".", "in-the-way/..", ""])
    expect(() => put(name)).toThrow(/is no name/);
  expect(fs.readdirSync(work.path)).toEqual(["in-the-way"]);
  const began = Date.now() - 1_000;
  put("f");
  expect(fs.statSync(path.join(work.path, "f")).mtimeMs).toBeGreaterThan(began);
});

test("no link is followed, and none that takes the place of a directory meanwhile", () => {
  using work = temporaryDirectory();
  using opened = open(work.path);
  const [inside, outside] = ["d", "outside"].map((name) => path.join(work.path, name)) as [
    string,
    string,
  ];
  fs.mkdirSync(inside);
  fs.mkdirSync(outside);
  fs.symlinkSync(outside, path.join(work.path, "link"));
  const put = (name: string): void =>
    opened.writer.put(asBytePath(name), untimed, Buffer.from("content"));
  expect(() => put("link/f")).toThrow(/ENOTDIR|ELOOP/);
  fs.symlinkSync(path.join(outside, "f"), path.join(inside, "f"));
  put("d/f");
  expect(fs.lstatSync(path.join(inside, "f")).isFile()).toBe(true);
  fs.renameSync(inside, path.join(work.path, "moved"));
  fs.symlinkSync(outside, inside);
  put("d/g"); // into what is held
  expect(fs.readdirSync(outside)).toEqual([]);
  expect(fs.readdirSync(path.join(work.path, "moved")).sort()).toEqual(["f", "g"]);
});
