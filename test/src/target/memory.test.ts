import fs from "node:fs";
import { describe, expect, test } from "vitest";
import { PendingSet } from "../../../src/pending/pending.ts";
import { doubtOf, Memory } from "../../../src/target/memory.ts";
import { temporaryDirectory } from "../../support/tree.ts";
import { fixture, parse } from "../config/parsing.ts";
import { path } from "../pending/changes.ts";
import { scriptedTarget } from "./scripted-threads.ts";

function remember(stateDirectory: string) {
  const { config } = parse(fixture("remarks.xml"));
  const [source] = config.sources;
  const [remote] = source?.remotes ?? [];
  if (source === undefined || remote === undefined)
    throw new TypeError("the fixture has no remote");
  const { target } = scriptedTarget();
  const tell = (warning: string) => expect.fail(warning);
  const memory = new Memory({ config, stateDirectory, tell });
  memory.keep({ source, remote, name: "backup", target, identity: () => undefined });
  const text = () =>
    fs
      .readdirSync(stateDirectory)
      .map((file) => fs.readFileSync(`${stateDirectory}/${file}`, "utf8"))
      .join("");
  return { memory, target, text };
}

test("an end while the start is under way has the last word", async () => {
  using directory = temporaryDirectory();
  const { memory, target, text } = remember(directory.path);
  const beginning = memory.begin();
  await Promise.resolve(); // its first record is being written
  target.add([path("f")]);
  await memory.close();
  await beginning;
  expect(text()).toContain('"clean":true');
  expect(text()).toContain('["f",');
});

test("a start that goes on after the end writes nothing", async () => {
  using directory = temporaryDirectory();
  const { memory, text } = remember(directory.path);
  await memory.close();
  await memory.begin();
  expect(text()).toBe("");
});

describe("what another directory lacks is not deleted (law 4)", () => {
  const noted = { device: 1, inode: 2, bornMs: 3 };
  const set = new PendingSet();
  set.add(path("f"), 0);
  const left = (root: string, changes: Partial<Parameters<typeof doubtOf>[0]> = {}) => ({
    root,
    paths: [...set.paths()],
    identity: noted,
    halted: undefined,
    owed: undefined,
    ...changes,
  });

  test("where paths, or a comparison that deletes, were left from one that is not there now", () => {
    const other = { ...noted, inode: 4 };
    const remade = { ...noted, bornMs: 5 };
    for (const now of [other, remade]) {
      expect(doubtOf(left("/data"), now)).toContain("another directory");
      const owed = { deletes: true };
      expect(doubtOf(left("/data", { paths: [], owed }), now)).toContain("another directory");
    }
    expect(doubtOf(left("/data", { identity: undefined }), noted)).toContain("another directory");
  });

  test("where the directory is the same, and empty", () => {
    using root = temporaryDirectory();
    expect(doubtOf(left(root.path), noted)).toContain("is empty, and was not");
    fs.writeFileSync(`${root.path}/f`, "");
    expect(doubtOf(left(root.path), noted)).toBeUndefined();
  });

  test("and not where nothing was left to delete, or a person has not allowed it yet", () => {
    const owed = { deletes: false };
    expect(doubtOf(left("/data", { paths: [], owed }), undefined)).toBeUndefined();
    expect(doubtOf(left("/data", { paths: [], owed }), { ...noted, inode: 4 })).toBeUndefined();
    expect(doubtOf(left("/data", { halted: "too many" }), noted)).toBe("too many");
  });
});
