import { expect, test } from "vitest";
import { asBytePath, deletion, type FileEntry, fileTypes } from "../../../protocol/index.ts";
import { LockedNames } from "../../../src/push/locked-names.ts";

/** A name of the object with this number. */
function name(path: string, inode: number, mode = 0o444): FileEntry {
  const base = deletion(asBytePath(path));
  const identity = { device: 1, inode };
  return { ...base, mode: fileTypes.regular | mode, identity, linkCount: 3 };
}

function gone(path: string): FileEntry {
  return deletion(asBytePath(path));
}

function lockedNames() {
  const told: string[] = [];
  const names = new LockedNames((path) => void told.push(path));
  return { carried: (...entries: FileEntry[]) => names.carried(entries), told };
}

test("when a directory goes, the other names of what was read-only in it are told", () => {
  const { carried, told } = lockedNames();
  carried(name("d/a", 1), name("d/e/a", 1), name("f", 1), name("g/x", 2), name("h", 3));
  carried(gone("d"));
  expect(told).toEqual(["f"]);
  carried(gone("d"), gone("g")); // nothing of it is known any more, or elsewhere
  expect(told).toEqual(["f"]);
});

test("a name that goes alone, and what its owner may write, need nothing", () => {
  const { carried, told } = lockedNames();
  carried(name("d/a", 1), name("f", 1), name("e/b", 2, 0o644), name("g", 2, 0o644));
  carried(gone("f"), gone("e"));
  expect(told).toEqual([]);
});

test("a name that another object has taken belongs to that", () => {
  const { carried, told } = lockedNames();
  carried(name("d/a", 1), name("f", 1), name("g", 2));
  carried(name("d/a", 2));
  carried(gone("d"));
  expect(told).toEqual(["g"]);
});
