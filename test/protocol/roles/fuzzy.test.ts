import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { DestinationTree } from "../../../protocol/destination/tree.ts";
import { asBytePath } from "../../../protocol/path.ts";
import { FuzzySearch } from "../../../protocol/roles/fuzzy.ts";
import { Pace } from "../../../protocol/roles/pace.ts";
import { temporaryDirectory } from "../../support/tree.ts";

test("a directory is looked through in steps, and once for all that is missing in it", async () => {
  using work = temporaryDirectory();
  fs.mkdirSync(path.join(work.path, "d"));
  for (let at = 0; at < 500; at += 1) fs.writeFileSync(path.join(work.path, "d", `old-${at}`), "x");
  const tree = new DestinationTree(work.path);
  const search = new FuzzySearch(tree, []);
  let turns = 0;
  const pace = new Pace(async () => {
    turns += 1;
  });
  const times = { mtimeSeconds: 1, mtimeNanoseconds: 0, uid: 0, gid: 0 };
  const missing = (name: string): Parameters<FuzzySearch["find"]>[0] => ({
    path: asBytePath(name),
    mode: 0o100644,
    size: 9,
    ...times,
  });
  expect(await search.find(missing("d/new-77"), pace)).toMatchObject({ name: "old-77" });
  expect(turns).toBeGreaterThan(2);
  fs.rmSync(path.join(work.path, "d/old-88"));
  expect(await search.find(missing("d/new-88"), pace)).toMatchObject({ name: "old-88" });
  expect(await search.find(missing("none/new"), pace)).toBeUndefined();
  tree.close();
});
