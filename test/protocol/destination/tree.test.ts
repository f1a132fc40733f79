import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { DestinationTree } from "../../../protocol/destination/tree.ts";
import { asBytePath } from "../../../protocol/path.ts";
import { makeTree, temporaryDirectory } from "../../support/tree.ts";

test("a name is moved over a longer way than directories are held open on", () => {
  using directory = temporaryDirectory();
  const deep = Array.from({ length: 150 }, (_, level) => `d${level}`).join("/");
  makeTree(directory.path, { "from/name": "content" });
  fs.mkdirSync(path.join(directory.path, deep), { recursive: true });
  const tree = new DestinationTree(directory.path);
  tree.rename(asBytePath("from/name"), asBytePath(`${deep}/name`));
  tree.close();
  expect(fs.readFileSync(path.join(directory.path, deep, "name"), "utf8")).toBe("content");
});
