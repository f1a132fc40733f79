import {
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ChangeBatch } from "../../../../src/watch/batch.ts";
import { defaultEvents, type EventSwitches } from "../../../../src/watch/events.ts";
import { markOf } from "../../../../src/watch/poll/mark.ts";
import { Scanner } from "../../../../src/watch/poll/scan.ts";
import { formatChange, temporaryDirectory } from "../observed.ts";

/** A tree, and what a scan of it reports. */
function scene(
  events: Partial<EventSwitches> = {},
  excluded: (path: string) => boolean = () => false,
) {
  const root = temporaryDirectory();
  const batch = new ChangeBatch();
  const scanner = new Scanner({
    root,
    events: { ...defaultEvents, ...events },
    excluded,
    report: (add) => add(batch),
    onUnreadable: (path, code) => expect.fail(`${path}: ${code}`),
  });
  const scan = (sinceMs?: number): string[] => {
    for (const _ of scanner.scan(sinceMs));
    return batch.take().map(formatChange).sort();
  };
  /** Scans until all is older than a tick of the clock, and so stands still. */
  const settle = (): void => {
    scan();
    while (scan().length > 0);
  };
  return { root, scanner, scan, settle };
}

test("the first scan reports nothing, the next what differs", () => {
  const { root, scanner, scan, settle } = scene();
  mkdirSync(join(root, "d/e"), { recursive: true });
  for (const name of ["a", "d/b", "d/e/c", "z"]) writeFileSync(join(root, name), "");
  expect(scan()).toEqual([]);
  expect(scanner.directories).toBe(3);
  settle();
  writeFileSync(join(root, "a"), "changed");
  writeFileSync(join(root, "d/new"), "");
  symlinkSync("a", join(root, "link"));
  rmSync(join(root, "z"));
  rmSync(join(root, "d/e"), { recursive: true });
  mkdirSync(join(root, "f/g"), { recursive: true });
  writeFileSync(join(root, "f/g/h"), "");
  expect(scan()).toEqual(["path a", "path d/new", "path link", "path z", "tree d/e", "tree f"]);
  settle();
  renameSync(join(root, "f"), join(root, "i"));
  rmSync(join(root, "a"));
  mkdirSync(join(root, "a"));
  expect(scan()).toEqual(["tree a", "tree f", "tree i"]);
});

test("a rewrite within one tick of the clock, of the same size and time, is not missed", () => {
  const { root, scan } = scene();
  const file = join(root, "f");
  writeFileSync(file, "one");
  scan();
  writeFileSync(file, "two");
  expect(scan()).toEqual(["path f"]);
  writeFileSync(file, "six");
  expect(scan()).toEqual(["path f"]);
});

test("a file whose time was set back counts as changed", () => {
  const { root, scan, settle } = scene();
  writeFileSync(join(root, "f"), "");
  settle();
  utimesSync(join(root, "f"), 1, 1);
  expect(scan()).toEqual(["path f"]);
});

test("what is excluded is not looked at, and the switches decide what is reported", () => {
  const { root, scan, settle } = scene(
    { delete: false, moveFrom: false, createFolder: false, moveTo: false },
    (path) => path.startsWith("cache"),
  );
  writeFileSync(join(root, "old"), "");
  settle();
  mkdirSync(join(root, "cache"));
  writeFileSync(join(root, "cache/x"), "");
  mkdirSync(join(root, "d"));
  writeFileSync(join(root, "d/f"), "");
  rmSync(join(root, "old"));
  expect(scan()).toEqual(["path d/f"]);
});

test("the first scan reports what has changed while it was on its way", () => {
  const { root, scan } = scene();
  mkdirSync(join(root, "d"));
  writeFileSync(join(root, "d/f"), "");
  const { ctimeMs } = statSync(join(root, "d/f"));
  expect(scan(ctimeMs)).toEqual(expect.arrayContaining(["path d/f", "tree d"]));
});

test("a mark is the same for the same object, and none for one that may change unseen", () => {
  const file = join(temporaryDirectory(), "f");
  writeFileSync(file, "");
  const { ino, mode, size, ctimeMs } = statSync(file);
  const stats = { ino, mode, size, ctimeMs };
  expect(markOf(stats, ctimeMs + 99)).toBeNaN();
  expect(markOf(stats, ctimeMs + 3_000)).toBe(markOf(statSync(file), ctimeMs + 4_000));
  const coarse = { ...stats, ctimeMs: 5_000 };
  expect(markOf(coarse, 6_900)).toBeNaN();
  expect(markOf(coarse, 7_100)).not.toBe(markOf({ ...coarse, size: 1 }, 7_100));
});
