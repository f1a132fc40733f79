import { expect, test } from "vitest";
import { asBytePath } from "../../../protocol/index.ts";
import { PendingSet } from "../../../src/pending/pending.ts";
import type { Change } from "../../../src/watch/change.ts";
import { path, renamed, tree } from "./changes.ts";

function pendingSet(...changes: Change[]): PendingSet {
  const pending = new PendingSet();
  for (const change of changes) pending.add(change, 0);
  return pending;
}

/** Takes all that may be taken now: "new/ < old" is a whole tree that the target has as "old". */
function take(pending: PendingSet, now = 0): string[] {
  return pending.take(100, now).map(({ path, whole, renamedFrom }) => {
    const name = whole ? `${path}/` : path;
    return renamedFrom === undefined ? name : `${name} < ${renamedFrom}`;
  });
}

function land(pending: PendingSet, ...names: string[]): void {
  for (const name of names) pending.delivered(asBytePath(name));
}

/** Takes and lands until nothing is left; what was taken, round by round. */
function rounds(pending: PendingSet): string[][] {
  const taken: string[][] = [];
  while (pending.size > 0 && taken.length < 20) {
    taken.push(take(pending));
    land(pending, ...(taken.at(-1) ?? []).map((line) => line.replace(/\/?( < .*)?$/, "")));
  }
  return taken;
}

test("what was renamed is taken together with its old name", () => {
  expect(rounds(pendingSet(renamed("old", "new")))).toEqual([["new < old", "old/"]]);
  const directory = pendingSet(renamed("old", "new", "directory"));
  expect(rounds(directory)).toEqual([["new/ < old", "old/"]]);
});

test.each([
  ["itself", path("d/old")],
  ["with all above it", tree("d")],
])("a file that had changed %s is sent", (_what, change) => {
  const taken = rounds(pendingSet(change, renamed("d/old", "new"))).flat();
  expect(taken).toContain("new");
});

test("a file that changes after it was renamed is sent, and its old name goes later", () => {
  expect(rounds(pendingSet(renamed("old", "new"), path("new")))).toEqual([["new"], ["old"]]);
});

test("nothing is taken above, at or below the two names meanwhile", () => {
  const others = [path("a"), path("new/y"), path("b")];
  const pending = pendingSet(renamed("a/old", "new", "directory"), ...others);
  expect(take(pending)).toEqual(["new/ < a/old", "a/old/", "b"]);
  expect(take(pending)).toEqual([]);
  land(pending, "new", "a/old");
  expect(take(pending)).toEqual(["a", "new/y"]);
});

test("what had changed below a directory changes below its new name", () => {
  const pending = pendingSet(path("old/x"), path("old/sub/y"), renamed("old", "new", "directory"));
  expect(rounds(pending)).toEqual([
    ["new/ < old", "old/"],
    ["new/x", "new/sub/y"],
  ]);
});

test("a directory below which too much had changed is sent", () => {
  const changes = Array.from({ length: 1_001 }, (_, i) => path(`old/${i}`));
  const pending = pendingSet(...changes, renamed("old", "new", "directory"));
  expect(rounds(pending)).toEqual([["new/"], ["old/"]]);
});

test("a file renamed twice comes from its first name", () => {
  const pending = pendingSet(renamed("a", "b"), renamed("b", "c"));
  expect(take(pending)).toEqual(["c < a", "a/"]);
  land(pending, "c", "a");
  expect(take(pending)).toEqual(["b"]);
});

test("names that move up one by one go from the top", () => {
  const pending = pendingSet(renamed("2", "3"), renamed("1", "2"), renamed("0", "1"));
  expect(rounds(pending)).toEqual([
    ["3 < 2", "2/"],
    ["2 < 1", "1/"],
    ["1 < 0", "0/"],
  ]);
});

test("names that are exchanged arrive, whatever has to be sent", () => {
  const swap = pendingSet(renamed("a", "t"), renamed("b", "a"), renamed("t", "b"));
  const taken = rounds(swap).flat();
  expect(taken).toContain("a < b");
  expect(taken).toContain("b");
  expect(taken.indexOf("a < b")).toBeLessThan(taken.indexOf("b"));
});

test("there and back again leaves the file to be sent, and its other name to go", () => {
  expect(rounds(pendingSet(renamed("a", "b"), renamed("b", "a")))).toEqual([["a"], ["b"]]);
});

test("a rename that has not been tried is tried again, one that was refused is not", () => {
  const pending = pendingSet(renamed("old", "new"));
  take(pending);
  pending.again(asBytePath("new"));
  pending.again(asBytePath("old"));
  expect(take(pending)).toEqual(["new < old", "old/"]);
  pending.later(asBytePath("new"), 0, 1_000);
  pending.later(asBytePath("old"), 0, 200);
  expect(take(pending, 999)).toEqual([]);
  expect(take(pending, 1_000)).toEqual(["new"]);
});

test("a new name that changes while it is in flight is not tried as a rename again", () => {
  const pending = pendingSet(renamed("old", "new"));
  take(pending);
  pending.add(path("new"), 1);
  pending.again(asBytePath("new"));
  pending.again(asBytePath("old"));
  expect(rounds(pending)).toEqual([["new"], ["old/"]]);
});

test("what is in use again under the old name is looked at whole, behind the rename", () => {
  const pending = pendingSet(renamed("old", "new", "directory"), tree("old"), path("old/x"));
  expect(take(pending)).toEqual(["new/ < old", "old/"]);
  land(pending, "new", "old");
  expect(take(pending)).toEqual(["old/"]);
});

test("a file that did not arrive under its old name is sent under the new one", () => {
  const pending = pendingSet(path("old"));
  take(pending);
  pending.add(renamed("old", "new"), 1);
  pending.later(asBytePath("old"), 2, 1_000);
  expect(take(pending, 2)).toEqual(["new"]);
});

test("a directory of which something did not arrive is sent under its new name", () => {
  const pending = pendingSet(path("old/x"));
  take(pending);
  pending.add(renamed("old", "new", "directory"), 1);
  expect(take(pending, 1)).toEqual([]); // in flight below it
  pending.again(asBytePath("old/x"));
  expect(take(pending, 1)).toEqual(["new/"]);
});

test("a tree that takes the old name along ends the rename", () => {
  const pending = pendingSet(renamed("d/old", "new"), tree("d"));
  expect(take(pending)).toEqual(["new", "d/"]);
});

test("a file put in place by an rsync is compared, not renamed", () => {
  expect(take(pendingSet(renamed(".new.Ab12Cd", "new")))).toEqual(["new"]);
});

test("what moves with the directory above it still comes from where the target has it", () => {
  const pending = pendingSet(renamed("x", "d/x"), renamed("d", "e", "directory"));
  expect(rounds(pending)).toEqual([
    ["e/ < d", "d/"],
    ["e/x < x", "x/"],
  ]);
});

test("a directory in which everything may differ while it is renamed is sent anew", () => {
  const pending = pendingSet(renamed("old", "new", "directory"));
  take(pending);
  pending.add(path("new/x"), 1);
  pending.add(tree("new"), 1);
  land(pending, "new", "old");
  expect(pending.take(9, 1)).toMatchObject([{ path: "new", whole: true, resend: true }]);
});

test("put into another set, what was renamed is sent with all content before the old name goes", () => {
  const before = pendingSet(renamed("old", "new", "directory"), renamed("f", "g"));
  const after = new PendingSet();
  for (const each of before.paths()) after.restore(each);
  expect(after.take(9, 0)).toMatchObject([
    { path: "new", whole: true, resend: true },
    { path: "g" },
  ]);
  land(after, "g");
  expect(take(after)).toEqual(["f"]);
  land(after, "new");
  expect(take(after)).toEqual(["old/"]);
});

test("a tree that compares takes along nothing that must be sent though it looks equal", () => {
  const changes = [tree("d"), renamed("d/old", "d/new", "directory")];
  expect(rounds(pendingSet(...changes))).toEqual([["d/"], ["d/new/"]]);
  const after = new PendingSet();
  for (const each of pendingSet(...changes).paths()) after.restore(each);
  expect(rounds(after)).toEqual([["d/"], ["d/new/"]]);
});

test("past the limit what must be sent in full is not gathered into trees that compare", () => {
  const pending = new PendingSet({ limit: 10 });
  pending.add(renamed("d/old", "d/new", "directory"), 0);
  for (let i = 0; i < 20; i += 1) pending.add(path(`d/f${i}`), 0);
  expect(rounds(pending)).toEqual([["d/new/"], ["d/"]]);
});

test("when hardly anything else is pending, trees that are sent in full take it along", () => {
  const pending = new PendingSet({ limit: 10 });
  for (let i = 0; i < 20; i += 1) pending.add(renamed(`d/o${i}`, `d/n${i}`, "directory"), 0);
  expect(pending.size).toBeLessThanOrEqual(10);
  expect(pending.take(1, 0)).toMatchObject([{ path: "d", whole: true, resend: true }]);
});
