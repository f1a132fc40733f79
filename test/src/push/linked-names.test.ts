import fs from "node:fs";
import { basename } from "node:path";
import { expect, test } from "vitest";
import { asBytePath } from "../../../protocol/index.ts";
import type { BatchOptions } from "../../../src/push/batch.ts";
import { LinkedNames } from "../../../src/push/linked-names.ts";
import { makeTree, temporaryDirectory } from "../../support/tree.ts";
import { batchOptions } from "./trees.ts";

/** A tree whose files get more names, and what is told of them. */
function place(patterns: readonly string[] = []) {
  const root = temporaryDirectory();
  makeTree(root.path, { "d/one": "1", "e/other": "2", "f.log": "3" });
  const options: BatchOptions = batchOptions(root.path, { patterns });
  const told: string[] = [];
  const names = new LinkedNames(
    () => options,
    (path) => told.push(path),
  );
  const entry = (path: string) => {
    const found = options.tree.lstat(asBytePath(path));
    if (found === undefined) throw new Error(`there is no ${path}`);
    return found;
  };
  return {
    link: (from: string, to: string) => fs.linkSync(`${root.path}/${from}`, `${root.path}/${to}`),
    write: (path: string, text: string) => fs.writeFileSync(`${root.path}/${path}`, text),
    rename: (from: string, to: string) =>
      fs.renameSync(`${root.path}/${from}`, `${root.path}/${to}`),
    /** A directory goes, and a link to itself has its name. */
    loop: (path: string) => {
      fs.rmSync(`${root.path}/${path}`, { recursive: true });
      fs.symlinkSync(path, `${root.path}/${path}`);
    },
    note: (...paths: string[]) => names.note(paths.map(entry)),
    settle: () => names.settle(),
    told: () => [...new Set(told.splice(0))].sort(),
    tellsSoon: (...paths: string[]) => expect.poll(() => [...new Set(told)].sort()).toEqual(paths),
    [Symbol.dispose]: () => {
      names.close();
      root[Symbol.dispose]();
    },
  };
}

test("the first name of a file is found when another one has changed", async () => {
  using at = place();
  at.link("d/one", "e/second");
  at.note("e/second");
  await at.tellsSoon("d/one");
});

test("at an end the names are looked for at once, and once where some are not to be found", async () => {
  using at = place();
  using elsewhere = temporaryDirectory();
  at.link("d/one", "e/second");
  at.link("e/second", `../${basename(elsewhere.path)}/out of the tree`);
  at.note("e/second");
  await at.settle();
  expect(at.told()).toEqual(["d/one"]);
  at.write("e/second", "new");
  at.note("e/second");
  await at.settle();
  expect(at.told()).toEqual(["d/one"]);
});

test("every other name is told of each change, and of nothing else", async () => {
  using at = place();
  at.link("d/one", "second");
  at.link("d/one", "third");
  at.note("second");
  await at.tellsSoon("d/one", "third");
  at.told();
  at.note("second", "third"); // sent again, and the same as before
  at.write("third", "new");
  at.note("third");
  await at.tellsSoon("d/one", "second");
});

test("a name is found where a directory above it has taken it", async () => {
  using at = place();
  at.link("d/one", "second");
  at.note("second");
  await at.tellsSoon("d/one");
  at.told();
  at.rename("d", "moved");
  at.write("second", "new");
  at.note("second");
  await at.tellsSoon("moved/one");
});

test("names that are excluded are not told, and files with one name cost nothing", async () => {
  using at = place(["*.log"]);
  at.link("f.log", "second");
  at.link("e/other", "third");
  at.note("d/one", "second", "third");
  await at.tellsSoon("e/other");
});

test("a name below what has become a link to itself is forgotten, and kills nothing", async () => {
  using at = place();
  at.link("d/one", "e/second");
  at.note("e/second");
  await at.tellsSoon("d/one");
  at.told();
  at.loop("d");
  at.write("e/second", "new");
  at.note("e/second");
  at.link("e/second", "third");
  at.note("third");
  await at.tellsSoon("e/second");
});
