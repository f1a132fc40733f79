import { linkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  asBytePath,
  deletion,
  type FailureCode,
  type FileEntry,
  RsyncError,
} from "../../../protocol/index.ts";
import type { Carrier } from "../../../src/push/carrier.ts";
import type { CarrierReport, CarryOptions } from "../../../src/push/carry.ts";
import { carryIsolating } from "../../../src/push/isolation.ts";
import { makeTree, temporaryDirectory } from "../../support/tree.ts";
import { batchOptions } from "./trees.ts";

interface Faults {
  /** What a session ends with; default "CONNECTION_LOST". */
  readonly code?: FailureCode;
  /** More names of the last file. */
  readonly links?: readonly string[];
}

/** Files `d/0` and so on, carried by sessions that break before they come to one of `poison`. */
function place(
  count: number,
  isPoison: (entry: FileEntry) => boolean,
  { code = "CONNECTION_LOST", links = [] }: Faults = {},
) {
  const root = temporaryDirectory();
  const names = Array.from({ length: count }, (_, i) => `d/${i}`);
  makeTree(root.path, Object.fromEntries(names.map((name) => [name, ""])));
  for (const link of links) linkSync(join(root.path, `d/${count - 1}`), join(root.path, link));
  names.push(...links);
  const options = batchOptions(root.path);
  const entries = ["d", ...names]
    .map((name) => options.tree.lstat(asBytePath(name)))
    .filter((entry) => entry !== undefined);
  const [delivered, failed, other]: [string[], string[], string[]] = [[], [], []];
  let sessions = 0;
  const carry = async (carried: CarryOptions, report: CarrierReport): Promise<void> => {
    sessions += 1;
    for (const entry of carried.entries) {
      if (isPoison(entry)) throw new RsyncError(code, "cut off");
      if (carried.reports(entry.path))
        report.delivered({ path: entry.path, kind: "file", bytes: 0 });
    }
  };
  const report: CarrierReport = {
    delivered: ({ path }) => void delivered.push(path),
    failed: ({ path, reason }) => void failed.push(`${path}: ${reason}`),
    again: (path) => void other.push(`again ${path}`),
    held: (path) => void other.push(`held ${path}`),
  };
  const carrier = { options, carry };
  const reports = (path: string): boolean => path !== "";
  return {
    root: root.path,
    carrier,
    entries,
    names,
    delivered,
    failed,
    other,
    sessions: () => sessions,
    run: (list = entries) =>
      carryIsolating(
        { kind: "small", entries: list, reports },
        report,
        carrier as unknown as Carrier,
      ),
    [Symbol.dispose]: () => root[Symbol.dispose](),
  };
}

test("what breaks every session fails, and all that was to go with it arrives", async () => {
  using at = place(1_000, ({ path }) => path === "d/77" || path === "d/500");
  await at.run();
  const arrived = at.names.filter((name) => name !== "d/77" && name !== "d/500");
  expect(new Set(at.delivered)).toEqual(new Set(["d", ...arrived]));
  expect(at.failed.toSorted()).toEqual([
    "d/500: sessions break with it: cut off",
    "d/77: sessions break with it: cut off",
  ]);
  expect(at.sessions()).toBeLessThan(60);
});

test("a line that breaks by chance costs a session each time, and fails nothing", async () => {
  let carried = 0;
  using at = place(100, () => {
    carried += 1;
    return carried % 70 === 0;
  });
  await at.run();
  expect([new Set(at.delivered).size, at.failed]).toEqual([101, []]);
});

test("a target that breaks all sessions is blamed itself", async () => {
  using at = place(8, () => true);
  await expect(at.run()).rejects.toThrow("cut off");
  expect(at.failed).toEqual([]);
});

test("a target that falls silent is blamed after two sessions, not after a dozen of them", async () => {
  using at = place(1_000, () => true, { code: "TIMED_OUT" });
  await expect(at.run()).rejects.toThrow("cut off");
  expect([at.sessions(), at.failed]).toEqual([2, []]);
});

test("what is sound does not wait until what hangs is found", async () => {
  using at = place(64, ({ path }) => path === "d/0", { code: "TIMED_OUT" });
  await at.run();
  expect(new Set(at.delivered).size).toBe(64);
  expect(at.failed).toEqual(["d/0: sessions break with it: cut off"]);
  // Depth first, d/0 and its neighbours would have come before the second half.
  expect(at.delivered.indexOf("d/63")).toBeLessThan(at.delivered.indexOf("d/1"));
});

test("who is listed beside names of a file that breaks sessions is not blamed with them", async () => {
  using at = place(2, ({ path }) => path === "d/1", { links: ["d/x", "d/y"] });
  await at.run(at.entries.filter(({ path }) => path !== "d"));
  expect(at.delivered).toEqual(["d/0"]);
  expect(at.failed.map((text) => text.slice(0, 3))).toEqual(["d/1", "d/x", "d/y"]);
});

test("nobody is blamed once the source has gone", async () => {
  using at = place(1, ({ path }) => {
    if (path === "d/0") rmSync(at.root, { recursive: true });
    return path === "d/0";
  });
  await expect(at.run()).rejects.toThrow("Cannot mirror");
  expect(at.failed).toEqual([]);
});

test("what is here again, or held back by now, is not deleted when a session has broken", async () => {
  const gone = ["e", "f", "d/0"].map((path) => deletion(asBytePath(path)));
  let isFirst = true;
  using at = place(0, () => isFirst);
  at.carrier.carry = async (carried, report) => {
    if (isFirst) {
      isFirst = false;
      writeFileSync(join(at.root, "e"), "");
      at.carrier.options = { ...at.carrier.options, holdsDeletions: true };
      throw new RsyncError("CONNECTION_LOST", "cut off");
    }
    for (const { path } of carried.entries) report.delivered({ path, kind: "delete", bytes: 0 });
  };
  await at.run(gone);
  expect(at.other).toEqual(["again e", "held f", "held d/0"]);
  expect(at.delivered).toEqual([]);
});
