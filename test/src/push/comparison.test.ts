import { expect, test } from "vitest";
import {
  asBytePath,
  type BytePath,
  type FileEntry,
  LocalTree,
  RsyncError,
  rootPath,
} from "../../../protocol/index.ts";
import type { Carrier } from "../../../src/push/carrier.ts";
import type { CarrierReport, CarryOptions } from "../../../src/push/carry.ts";
import { Comparison } from "../../../src/push/comparison.ts";
import { makeTree, temporaryDirectory } from "../../support/tree.ts";
import { batchOptions, excluding } from "./trees.ts";

/** A tree at one of whose paths the disk fails. */
class BrokenTree extends LocalTree {
  broken: string | undefined;
  unreadable: string | undefined;

  override names(directory: BytePath): string[] {
    if (directory === this.unreadable) throw new Error("EACCES: permission denied");
    return super.names(directory);
  }

  override lstat(path: BytePath): FileEntry | undefined {
    if (path === this.broken) throw new Error("EIO: i/o error");
    return super.lstat(path);
  }
}

/** A comparison that carries to nowhere. */
function place(start = asBytePath("d/e")) {
  const root = temporaryDirectory();
  makeTree(root.path, { "d/e/f": "", "d/e/g": "" });
  const tree = new BrokenTree(root.path);
  const carried: string[] = [];
  const failed: string[] = [];
  const done: string[] = [];
  let carry = (entries: readonly FileEntry[]): void => {
    for (const { path } of entries) carried.push(path);
  };
  const carrier = {
    options: { ...batchOptions(root.path), tree, deletes: false },
    rules: excluding(),
    carry: async ({ entries }: CarryOptions) => carry(entries),
  };
  const quiet = (): void => {};
  const report: CarrierReport = {
    delivered: ({ path }) => void done.push(path),
    failed: ({ path, whole, reason }) => void failed.push(`${path}${whole ? "/" : ""}: ${reason}`),
    again: quiet,
    held: quiet,
  };
  const comparison = new Comparison([start], carrier as unknown as Carrier, {
    deletes: false,
  });
  return {
    comparison,
    tree,
    carried,
    failed,
    done,
    run: () => comparison.run(report),
    cutOnce: () => {
      const whole = carry;
      carry = () => {
        carry = whole;
        throw new RsyncError("CONNECT_TIMED_OUT", "cut off");
      };
    },
    [Symbol.dispose]: () => root[Symbol.dispose](),
  };
}

test("what could not be listed for a session is not left out when it goes on", async () => {
  using at = place();
  at.tree.broken = "d";
  await expect(at.run()).rejects.toThrow("EIO");
  at.tree.broken = undefined;
  await at.run();
  expect(at.carried).toEqual(expect.arrayContaining(["d/e/f", "d/e/g"]));
});

test("what cannot be looked at when it goes on fails alone", async () => {
  using at = place();
  at.cutOnce();
  await expect(at.run()).rejects.toThrow("cut off");
  at.tree.broken = "d/e/f";
  await at.run();
  expect(at.failed).toEqual(["d/e/f: cannot look at it: EIO: i/o error"]);
  expect(at.carried).toContain("d/e/g");
});

test("a root that cannot be listed is an error that stands, and then listed anew", async () => {
  using at = place(rootPath);
  at.tree.unreadable = "";
  await expect(at.run()).rejects.toThrow(/Cannot list \S+: EACCES.*nothing of it is compared/);
  expect([at.failed, at.done, at.comparison.canResume]).toEqual([[], [], false]);
});

test("what lies below a directory that cannot be listed stays to be done", async () => {
  using at = place();
  at.tree.unreadable = "d/e";
  await at.run();
  expect(at.failed).toEqual(["d/e/: cannot list it: EACCES: permission denied"]);
  expect(at.done).toEqual([]);
});
