import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import {
  asBytePath,
  deletePaths,
  LocalTree,
  listFiles,
  listModules,
  PathList,
  push,
  rename,
  SessionPool,
} from "../../protocol/index.ts";
import { exactly } from "../support/archive.ts";
import { type ServedModule, serveModule } from "../support/served.ts";
import { expectEqualTrees, makeTree, readTree } from "../support/tree.ts";

const urlOf = ({ port }: ServedModule, place = "m/"): string =>
  `rsync://127.0.0.1:${port}/${place}`;

test("every entry is acknowledged, deletions by name too; a parked session works", async () => {
  await using served = await serveModule();
  makeTree(served.here, { a: "1", "d/b": "2", "d/link": { type: "symlink", target: "b" } });
  makeTree(served.path, { gone: "x", "full/x": "y", a: "1" });
  const paths = ["a", "d", "d/b", "d/link", "gone", "full", "never"].map(asBytePath);
  const tree = new LocalTree(served.here);
  const list = new PathList(tree, paths, { missing: "delete" });
  const pool = new SessionPool(
    { host: "127.0.0.1", port: served.port, module: "m" },
    {
      transfer: { recursive: true, links: true, times: true, force: true, ignoreTimes: true },
      features: { acknowledge: true, deleteMissing: true },
    },
  );
  const acknowledged: string[] = [];
  const deleted: string[] = [];
  const report = await pool.push(list.entries(), list, {
    acknowledged: (entry) => acknowledged.push(entry.path),
    deleted: (at) => deleted.push(at),
  });
  pool.close();
  expect(report.exitCode).toBe(0);
  expect(acknowledged.sort()).toEqual(["a", "d/b", "d/link"]);
  expect(deleted).toEqual(["full/x", "full", "gone"]);
  expect([...readTree(served.path).keys()].sort()).toEqual(["", "a", "d", "d/b", "d/link"]);
});

test("a directory of thousands is listed and emptied while others have their turns", async () => {
  let turn = 0;
  const turns = new Set<number>();
  await using served = await serveModule(
    { logsTransfers: true },
    {
      log: (event) => {
        if (event.kind === "transfer" && event.operation === "delete") turns.add(turn);
      },
    },
  );
  const names = Array.from(
    { length: 4_000 },
    (_, at) => `a name that is so long that the directory is, ${at}`,
  );
  const [first = "", ...others] = names.map((name) => path.join(served.path, name));
  fs.writeFileSync(first, "");
  for (const other of others) fs.linkSync(first, other);
  fs.writeFileSync(Buffer.from(`${served.path}/\xff`, "latin1"), "");
  const { entries } = await listFiles(urlOf(served), { recursive: true });
  const listed = entries.map((entry) => entry.path).filter((name) => name !== "");
  expect(listed).toEqual([...names, "\xff"].sort());
  let isOver = false;
  const count = (): void => {
    turn += 1;
    if (!isOver) setImmediate(count);
  };
  count();
  await push({}, urlOf(served), { transfer: { recursive: true, delete: true } }).finally(() => {
    isOver = true;
  });
  expect(fs.readdirSync(served.path)).toEqual([]);
  expect(turns.size).toBeGreaterThan(10);
});

test("modules and files are listed, names are deleted", async () => {
  await using served = await serveModule({ comment: "a module" });
  makeTree(served.path, { "a/b": "1", "a/c": "22" });
  const { modules } = await listModules(urlOf(served, ""));
  expect(modules).toEqual([{ name: "m", comment: "a module" }]);
  const { entries } = await listFiles(urlOf(served), { recursive: true });
  expect(entries.map(({ path: at, size }) => [at, size]).slice(2)).toEqual([
    ["a/b", 1],
    ["a/c", 2],
  ]);
  await deletePaths(urlOf(served), ["a/b"]);
  expect([...readTree(served.path).keys()].sort()).toEqual(["", "a", "a/c"]);
});

test.each([
  ["new", { old: Buffer.alloc(300_000, "x"), other: "y" }],
  ["e*[?]", { "old/a/b": Buffer.alloc(300_000, "x"), "old/c": "c", other: "y" }],
] as const)("a rename to %j moves no content", async (to, tree) => {
  await using served = await serveModule();
  makeTree(served.here, tree);
  await push(served.here, urlOf(served), { transfer: exactly });
  fs.renameSync(path.join(served.here, "old"), path.join(served.here, to));
  const names = { from: asBytePath("old"), to: asBytePath(to) };
  const result = await rename(served.here, names, urlOf(served));
  expect(result).toMatchObject({ how: "linked", contentBytes: 0, removed: true });
  expectEqualTrees(served.here, served.path, { times: true });
});

test("a changed file costs what has changed, a further name nothing", async () => {
  await using served = await serveModule();
  const content = Buffer.alloc(2_000_000, "0123456789abcdef").map((byte, at) => byte ^ (at >> 9));
  makeTree(served.here, { big: content });
  await push(served.here, urlOf(served), { transfer: exactly });
  content.fill(7, 1_000_000, 1_000_100);
  fs.writeFileSync(path.join(served.here, "big"), content);
  fs.linkSync(path.join(served.here, "big"), path.join(served.here, "twin"));
  const { totals } = await push(served.here, urlOf(served), { transfer: exactly });
  expect(totals.literalBytes).toBeLessThan(10_000);
  expectEqualTrees(served.here, served.path, { times: true });
  const inode = (name: string): number => fs.statSync(path.join(served.path, name)).ino;
  expect(inode("twin")).toBe(inode("big"));
});
