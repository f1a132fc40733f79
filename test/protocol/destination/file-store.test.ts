import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { longestContent, now } from "../../../protocol/destination/file-batch.ts";
import { staysOwner } from "../../../protocol/destination/libc.ts";
import { DestinationTree } from "../../../protocol/destination/tree.ts";
import { asBytePath, nativePath } from "../../../protocol/path.ts";
import { inProject } from "../../support/command.mjs";
import { eventually } from "../../support/eventually.ts";
import { random } from "../../support/random.ts";
import { temporaryDirectory } from "../../support/tree.ts";

type Module<T> = () => Promise<T>;
type Stores = typeof import("../../../protocol/destination/file-store.ts");
type Threads = typeof import("../../../protocol/destination/disk-thread.ts");

/** From source there is no thread; as it is built, there is one once many files have come. */
const built = (file: string): string => pathToFileURL(inProject("dist/protocol", file)).href;
const ways: readonly (readonly [string, Module<Stores>, Module<Threads>])[] = [
  [
    "in this thread",
    () => import("../../../protocol/destination/file-store.ts"),
    () => import("../../../protocol/destination/disk-thread.ts"),
  ],
  [
    "in the disk thread",
    () => import(built("destination/file-store.js")) as Promise<Stores>,
    () => import(built("destination/disk-thread.js")) as Promise<Threads>,
  ],
];

const plain = { uid: staysOwner, gid: staysOwner, mode: 0o640, mtimeSeconds: 0 } as const;
const timed = { ...plain, mtimeSeconds: 1_600_000_000, mtimeNanoseconds: 123_456_789 };

describe.each(ways)("files that are written %s", (way, loadStores, loadThreads) => {
  async function open(root: string) {
    const { FileStore } = await loadStores();
    const { diskThread } = await loadThreads();
    if (way === "in the disk thread") {
      await eventually(() => diskThread({ starts: true })?.isRunning).toBe(true);
    }
    const tree = new DestinationTree(root);
    const stored = new Map<string, string | undefined>();
    const store = FileStore.open<string>(tree, (name, error) => stored.set(name, error?.code));
    if (store === undefined) throw new Error("there is no C library here");
    return { store, stored, [Symbol.dispose]: () => tree.close() };
  }

  test("have their content, permissions and times", async () => {
    using work = temporaryDirectory();
    using opened = await open(work.path);
    const { store, stored } = opened;
    const dice = random(7);
    const files = Array.from({ length: 400 }, (_, at) => ({
      name: asBytePath(`d${at % 70}\xff/${"n".repeat(1 + (at % 240))}\xe9${at}`),
      content: dice.bytes(at % 10 === 0 ? longestContent : at % 300),
    }));
    for (let at = 0; at < 70; at += 1) {
      fs.mkdirSync(nativePath(work.path, asBytePath(`d${at}\xff`)));
    }
    for (const { name, content } of files) {
      if (!store.hasRoom) await store.room();
      store.add(name, name, timed, content);
    }
    await store.settled();
    expect([stored.size, ...new Set(stored.values())]).toEqual([files.length, undefined]);
    const wrong = files.filter(({ name, content }) => {
      const native = nativePath(work.path, name);
      const { mode, mtimeNs } = fs.statSync(native, { bigint: true });
      const isTimed = mtimeNs === 1_600_000_000_123_456_789n && (Number(mode) & 0o7777) === 0o640;
      return !isTimed || !fs.readFileSync(native).equals(content);
    });
    expect(wrong).toEqual([]);
    let there = 0;
    for (let at = 0; at < 70; at += 1) {
      there += fs.readdirSync(nativePath(work.path, asBytePath(`d${at}\xff`)), "latin1").length;
    }
    expect(there).toBe(files.length); // and no temporary ones
  });

  test("fail each for itself, and leave nothing behind", async () => {
    using work = temporaryDirectory();
    using opened = await open(work.path);
    const { store, stored } = opened;
    fs.mkdirSync(path.join(work.path, "in-the-way"));
    const began = Date.now() - 1_000;
    for (const name of ["a", "in-the-way", "b"].map(asBytePath)) {
      store.add(name, name, { ...plain, mtimeNanoseconds: now }, Buffer.from(name));
    }
    const long = asBytePath("n".repeat(256));
    store.add(long, long, { ...plain, mtimeNanoseconds: now }, Buffer.from("long"));
    expect(() => store.add("c", asBytePath("gone/c"), timed, Buffer.alloc(0))).toThrow(/ENOENT/);
    await store.settled();
    expect(Object.fromEntries(stored)).toEqual({
      a: undefined,
      "in-the-way": "EISDIR",
      b: undefined,
      [long]: "ENAMETOOLONG",
    });
    expect(fs.readdirSync(work.path).sort()).toEqual(["a", "b", "in-the-way"]);
    expect(fs.statSync(path.join(work.path, "a")).mtimeMs).toBeGreaterThan(began);
  });

  test("follow no link that takes the place of their directory meanwhile", async () => {
    using work = temporaryDirectory();
    using opened = await open(work.path);
    const inside = path.join(work.path, "d");
    const outside = path.join(work.path, "outside");
    fs.mkdirSync(inside);
    fs.mkdirSync(outside);
    opened.store.add("f", asBytePath("d/f"), timed, Buffer.from("f"));
    fs.renameSync(inside, path.join(work.path, "moved"));
    fs.symlinkSync(outside, inside);
    await opened.store.settled();
    expect(fs.readdirSync(outside)).toEqual([]);
    expect(fs.readdirSync(path.join(work.path, "moved"))).toEqual(["f"]);
    fs.symlinkSync(outside, path.join(work.path, "link"));
    expect(() => opened.store.add("f", asBytePath("link/f"), timed, Buffer.from("g"))).toThrow(
      /ENOTDIR|ELOOP/,
    );
    for (const name of ["..", ".", "d/..", ""].map(asBytePath)) {
      expect(() => opened.store.add("f", name, timed, Buffer.from("g"))).toThrow(/is no name/);
    }
  });
});
