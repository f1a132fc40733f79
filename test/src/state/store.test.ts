import fs from "node:fs";
import { expect, test } from "vitest";
import { asBytePath } from "../../../protocol/index.ts";
import { stateDirectory } from "../../../src/state/directory.ts";
import type { TargetRecord } from "../../../src/state/record.ts";
import { StateStore } from "../../../src/state/store.ts";
import { temporaryDirectory } from "../../support/tree.ts";

/** A store in `directory` that keeps one target, whose content the test changes. */
function storeOf(directory: string) {
  const told: string[] = [];
  const store = new StateStore(directory, (warning) => told.push(warning));
  let record: TargetRecord = {
    root: "/data",
    target: "host::module",
    identity: undefined,
    clean: false,
    reconciledAt: undefined,
    owed: undefined,
    halted: undefined,
    paths: [],
  };
  let revision = 0;
  store.keep({
    root: record.root,
    target: record.target,
    revision: () => revision,
    record: () => record,
  });
  const change = (path: string): void => {
    revision += 1;
    record = {
      ...record,
      paths: [{ path: asBytePath(path), whole: false, since: 1, attempts: 0 }],
    };
  };
  const read = () => store.read("/data", "host::module")?.paths.map(({ path }) => path);
  return { store, told, change, read };
}

test("what was saved is read back by the next store, and nothing is written that has not changed", async () => {
  using directory = temporaryDirectory();
  const place = `${directory.path}/deep/state`;
  const first = storeOf(place);
  first.store.claim();
  first.change("f");
  await first.store.save();
  const [file = ""] = fs.readdirSync(place);
  const { ino, mode } = fs.statSync(`${place}/${file}`);
  expect(mode & 0o777).toBe(0o600);
  await first.store.save();
  expect(fs.statSync(`${place}/${file}`).ino).toBe(ino);
  expect(storeOf(place).read()).toEqual(["f"]);
  expect(fs.readdirSync(place)).toEqual([file]);
});

test("after a reload the new store writes, and the old one no more", async () => {
  using directory = temporaryDirectory();
  const before = storeOf(directory.path);
  before.store.claim();
  before.change("old");
  await before.store.save();
  const after = storeOf(directory.path);
  after.store.claim();
  after.change("new");
  await after.store.save();
  before.change("late");
  await before.store.close();
  expect(after.read()).toEqual(["new"]);
});

test("a full or missing place is complained of once, and nothing throws", async () => {
  const { store, told, change } = storeOf("/proc/nowhere/at/all");
  store.claim();
  change("f");
  await store.save();
  await store.close();
  expect(told).toHaveLength(1);
  expect(told[0]).toContain("name another directory with --state-dir");
});

test.each([
  [{ given: "/given", environment: { SERSYNC_STATE_DIR: "/e" }, isRoot: true }, "/given"],
  [{ environment: { SERSYNC_STATE_DIR: "/e", STATE_DIRECTORY: "/s" }, isRoot: true }, "/e"],
  [{ environment: { STATE_DIRECTORY: "/s:/t" }, isRoot: false }, "/s"],
  [{ environment: { XDG_STATE_HOME: "/x" }, isRoot: true }, "/var/lib/sersync"],
  [{ environment: { XDG_STATE_HOME: "/x" }, isRoot: false }, "/x/sersync"],
])("state is kept where %j says", (place, directory) => {
  expect(stateDirectory(place)).toBe(directory);
});
