import { expect, test } from "vitest";
import { asBytePath, type FileEntry, RsyncError } from "../../../protocol/index.ts";
import type { Carrier, CarrierReport, CarryOptions } from "../../../src/push/carrier.ts";
import { carryIsolating } from "../../../src/push/isolation.ts";
import { makeTree, temporaryDirectory } from "../../support/tree.ts";
import { batchOptions } from "./trees.ts";

/** Files `d/0` and so on, carried by sessions that break before they come to one of `poison`. */
function place(count: number, isPoison: (entry: FileEntry) => boolean) {
  const root = temporaryDirectory();
  const names = Array.from({ length: count }, (_, i) => `d/${i}`);
  makeTree(root.path, Object.fromEntries(names.map((name) => [name, ""])));
  const options = batchOptions(root.path);
  const entries = ["d", ...names].map((name) => options.tree.lstat(asBytePath(name)) as FileEntry);
  const [delivered, failed]: [string[], string[]] = [[], []];
  let sessions = 0;
  const carry = async (carried: CarryOptions, report: CarrierReport): Promise<void> => {
    sessions += 1;
    for (const entry of carried.entries) {
      if (isPoison(entry)) throw new RsyncError("CONNECTION_LOST", "cut off");
      if (carried.reports(entry.path))
        report.delivered({ path: entry.path, kind: "file", bytes: 0 });
    }
  };
  const report: CarrierReport = {
    delivered: ({ path }) => void delivered.push(path),
    failed: ({ path, reason }) => void failed.push(`${path}: ${reason}`),
    again: () => {},
    held: () => {},
  };
  const carrier = { options, carry } as unknown as Carrier;
  const reports = (path: string): boolean => path !== "";
  return {
    names,
    delivered,
    failed,
    sessions: () => sessions,
    run: () => carryIsolating({ kind: "small", entries, reports }, report, carrier),
    [Symbol.dispose]: () => root[Symbol.dispose](),
  };
}

test("what breaks every session fails, and all that was to go with it arrives", async () => {
  using at = place(1_000, ({ path }) => path === "d/77" || path === "d/500");
  await at.run();
  const arrived = at.names.filter((name) => name !== "d/77" && name !== "d/500");
  expect(new Set(at.delivered)).toEqual(new Set(["d", ...arrived]));
  expect(at.failed).toEqual([
    "d/77: sessions break with it: cut off",
    "d/500: sessions break with it: cut off",
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
