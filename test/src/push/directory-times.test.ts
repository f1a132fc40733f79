import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { asBytePath, type FileEntry } from "../../../protocol/index.ts";
import type { Carrier } from "../../../src/push/carrier.ts";
import { DirectoryTimes } from "../../../src/push/directory-times.ts";
import { makeTree, temporaryDirectory } from "../../support/tree.ts";
import { batchOptions } from "./trees.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test("a target that breaks all sessions is not kept busy with the times of directories", async () => {
  using root = temporaryDirectory();
  makeTree(root.path, { "d/e/f": "" });
  const unsettled = new Set<string>();
  let sessions = 0;
  const carrier = {
    options: batchOptions(root.path),
    carryWhenDue: async (_kind: string, look: () => readonly FileEntry[]) => {
      const entries = look();
      if (entries.length === 0) return;
      sessions += 1;
      times.doubt(entries); // as the carrier does when a session breaks
      throw new Error("cut off");
    },
  };
  const times = new DirectoryTimes(carrier as unknown as Carrier, (path) => unsettled.add(path));
  times.touchSoon([asBytePath("d/e")]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(sessions).toBeLessThan(3);
  expect(unsettled).toContain("d/e");
  times.close();
});

test("what is not set, and what is just being set, can be told of instead", async () => {
  using root = temporaryDirectory();
  makeTree(root.path, { "d/f": "", "e/f": "" });
  const unsettled: string[] = [];
  const carrier = {
    options: batchOptions(root.path),
    carryWhenDue: () => new Promise<void>(() => {}), // a target that does not answer
  };
  const times = new DirectoryTimes(carrier as unknown as Carrier, (path) => unsettled.push(path));
  times.touchSoon([asBytePath("d")]);
  await vi.advanceTimersByTimeAsync(1_000);
  times.touchSoon([asBytePath("e")]);
  times.remember();
  expect(unsettled).toEqual(["d", "e"]);
  times.close();
  times.touchSoon([asBytePath("f")]); // a session ends after that
  expect(unsettled.at(-1)).toBe("f");
  expect(vi.getTimerCount()).toBe(0);
});

test("while directories keep coming their times are set every two seconds, and soon after the last", async () => {
  using root = temporaryDirectory();
  makeTree(root.path, { "d/f": "" });
  const sessions: number[] = [];
  const begun = performance.now();
  const carrier = {
    options: batchOptions(root.path),
    carryWhenDue: async () => void sessions.push(Math.round(performance.now() - begun)),
  };
  const times = new DirectoryTimes(carrier as unknown as Carrier, () => {});
  for (let i = 0; i < 50; i += 1) {
    times.touchSoon([asBytePath("d")]);
    await vi.advanceTimersByTimeAsync(100);
  }
  await vi.advanceTimersByTimeAsync(10_000);
  expect(sessions).toEqual([2_000, 4_000, 5_100]);
});
