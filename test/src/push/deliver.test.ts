import { linkSync, rmSync } from "node:fs";
import { expect, test } from "vitest";
import { asBytePath, type FileEntry, RsyncError } from "../../../protocol/index.ts";
import { TreeView } from "../../../src/push/batch.ts";
import { Carrier } from "../../../src/push/carrier.ts";
import type { CarrierReport, CarryOptions } from "../../../src/push/carry.ts";
import { deliver } from "../../../src/push/deliver.ts";
import { deliverDepartures } from "../../../src/push/departure.ts";
import { LinkedNames } from "../../../src/push/linked-names.ts";
import type { AskedPath, TargetSettings } from "../../../src/push/message.ts";
import { makeTree, temporaryDirectory } from "../../support/tree.ts";
import { batchOptions, excluding } from "./trees.ts";

const large = Buffer.alloc(1024 * 1024);

/** A carrier to no daemon: `carry` says what comes of each session. */
function scriptedCarrier(
  root: string,
  carry: (options: CarryOptions, report: CarrierReport) => Promise<void>,
): Carrier {
  const options = batchOptions(root);
  const linkedNames = new LinkedNames(
    () => options,
    () => {},
  );
  const keepsLinks = true;
  const carrier = { options, linkedNames, rules: excluding(), hasRules: false, keepsLinks, carry };
  return carrier as unknown as Carrier;
}

function listener(told: string[]): CarrierReport {
  return {
    delivered: ({ path, kind }) => told.push(`delivered ${path} ${kind}`),
    failed: ({ path, reason }) => told.push(`failed ${path}: ${reason}`),
    again: (path) => told.push(`again ${path}`),
    held: (path) => told.push(`held ${path}`),
    onlyLongLeft: () => told.push("only long left"),
  };
}

function asked(...paths: string[]) {
  return paths.map((path) => ({ path: asBytePath(path), whole: false }));
}

async function acknowledgeAll({ entries, reports }: CarryOptions, report: CarrierReport) {
  const kindOf = (entry: FileEntry) => (entry.mode === 0 ? "delete" : "file");
  for (const entry of entries) {
    if (reports(entry.path)) report.delivered({ path: entry.path, kind: kindOf(entry), bytes: 0 });
  }
}

test("every path that lay below a vanished directory is told what became of it", async () => {
  using root = temporaryDirectory();
  const told: string[] = [];
  await deliver(
    asked("d/a", "d/e/b", "d"),
    scriptedCarrier(root.path, acknowledgeAll),
    listener(told),
  );
  expect(told).toEqual(["delivered d/a delete", "delivered d/e/b delete", "delivered d delete"]);
});

test("small files and large ones travel apart, and the large ones hold nobody", async () => {
  using root = temporaryDirectory();
  makeTree(root.path, { small: "", large });
  const told: string[] = [];
  const carrier = scriptedCarrier(root.path, async (options, report) => {
    if (options.kind === "large") await new Promise(setImmediate);
    await acknowledgeAll(options, report);
  });
  await deliver(asked("small", "large"), carrier, listener(told));
  expect(told).toEqual(["delivered small file", "only long left", "delivered large file"]);
});

test("a session that fails early is thrown when all have ended, with what arrived before", async () => {
  using root = temporaryDirectory();
  makeTree(root.path, { small: "", large });
  const told: string[] = [];
  const carrier = scriptedCarrier(root.path, async (options, report) => {
    if (options.kind === "large") throw new RsyncError("CONNECT_TIMED_OUT", "cut off");
    for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
    await acknowledgeAll(options, report);
  });
  const delivered = deliver(asked("small", "large"), carrier, listener(told));
  await expect(delivered).rejects.toMatchObject({ code: "CONNECT_TIMED_OUT" });
  expect(told).toContain("delivered small file");
});

test("a path that cannot be looked at fails alone", async () => {
  using root = temporaryDirectory();
  makeTree(root.path, { good: "" });
  const told: string[] = [];
  const tooLong = "n".repeat(256);
  await deliver(asked(tooLong, "good"), scriptedCarrier(root.path, acknowledgeAll), listener(told));
  expect(told).toEqual([
    expect.stringMatching(/^failed n+: cannot look at it: ENAMETOOLONG/),
    "delivered good file",
  ]);
});

test("an old name that cannot be looked at goes at the target, and is asked for again", async () => {
  using root = temporaryDirectory();
  const told: string[] = [];
  const carrier = scriptedCarrier(root.path, acknowledgeAll);
  const renamedFrom = asBytePath("n".repeat(256));
  const renamed: AskedPath = { path: asBytePath("new"), whole: false, renamedFrom };
  await deliverDepartures([renamed], carrier, listener(told));
  expect(told).toEqual(["delivered new file", `again ${renamedFrom}`]);
});

test("names that nobody asked for are looked at again when a session ends before it came to them", async () => {
  using root = temporaryDirectory();
  makeTree(root.path, { a: "1" });
  for (const name of ["b", "c"]) linkSync(`${root.path}/a`, `${root.path}/${name}`);
  const told: string[] = [];
  let isDown = false;
  const carrier = scriptedCarrier(root.path, async (_, report) => {
    if (isDown) throw new RsyncError("CONNECT_TIMED_OUT", "gone");
    isDown = true;
    report.delivered({ path: asBytePath("a"), kind: "file", bytes: 1 });
    throw new RsyncError("CONNECTION_LOST", "cut off");
  });
  carrier.linkedNames.learn(
    ["b", "c"].flatMap((name) => carrier.options.tree.lstat(asBytePath(name)) ?? []),
  );
  await expect(deliver(asked("a"), carrier, listener(told))).rejects.toThrow("gone");
  expect(told).toEqual(["delivered a file", "again b", "again c"]);
  carrier.linkedNames.close();
});

test("all names that are asked for are sent, however many the file has", async () => {
  using root = temporaryDirectory();
  makeTree(root.path, { a: "1" });
  const others = Array.from({ length: 1_000 }, (_, i) => `b${i}`);
  for (const name of others) linkSync(`${root.path}/a`, `${root.path}/${name}`);
  const told: string[] = [];
  const carrier = scriptedCarrier(root.path, acknowledgeAll);
  await deliver(asked("a", ...others), carrier, listener(told));
  expect(told).toHaveLength(1_001);
  carrier.linkedNames.close();
});

test("a target that hangs is known to after two sessions, however much has been renamed", async () => {
  using root = temporaryDirectory();
  const names = Array.from({ length: 10 }, (_, i) => `new/${i}`);
  makeTree(root.path, Object.fromEntries(names.map((name) => [`${name}/f`, large])));
  let sessions = 0;
  const hung = async (): Promise<void> => {
    sessions += 1;
    throw new RsyncError("TIMED_OUT", "silent");
  };
  const carrier = Object.assign(scriptedCarrier(root.path, hung), {
    mayRename: true,
    mayRenameFiles: true,
    mayLink: () => true,
    sessions: { link: hung },
  });
  const renamed = names.map((name, i) => ({
    path: asBytePath(name),
    whole: true,
    renamedFrom: asBytePath(`old${i}`),
  }));
  await expect(deliver(renamed, carrier, listener([]))).rejects.toThrow("silent");
  expect(sessions).toBe(2);
  carrier.linkedNames.close();
});

test("an old name that breaks every session keeps no other of those that were renamed with it", async () => {
  using root = temporaryDirectory();
  makeTree(root.path, { new0: "", new1: "", new2: "" });
  const told: string[] = [];
  const carrier = scriptedCarrier(root.path, async (options, report) => {
    if (options.entries.some(({ path }) => path === "old1")) {
      throw new RsyncError("CONNECTION_LOST", "cut off");
    }
    await acknowledgeAll(options, report);
  });
  const renamed = [0, 1, 2].map((i) => ({
    path: asBytePath(`new${i}`),
    whole: false,
    renamedFrom: asBytePath(`old${i}`),
  }));
  await deliverDepartures(renamed, carrier, listener(told));
  expect(told).toEqual([
    "delivered new0 file",
    "delivered old0 delete",
    "delivered new1 file",
    "failed old1: sessions break with it: cut off",
    "delivered new2 file",
    "delivered old2 delete",
  ]);
});

test("deletions that are halted while old names are looked for one by one are held back", async () => {
  using root = temporaryDirectory();
  makeTree(root.path, { new0: "", new1: "" });
  const told: string[] = [];
  const carrier = scriptedCarrier(root.path, async (options, report) => {
    if (carrier.options.holdsDeletions) return await acknowledgeAll(options, report);
    Object.assign(carrier, { options: { ...carrier.options, holdsDeletions: true } });
    throw new RsyncError("CONNECTION_LOST", "cut off");
  });
  const renamed = [0, 1].map((i) => ({
    path: asBytePath(`new${i}`),
    whole: false,
    renamedFrom: asBytePath(`old${i}`),
  }));
  await deliverDepartures(renamed, carrier, listener(told));
  expect(told).toEqual(["delivered new0 file", "held old0", "delivered new1 file", "held old1"]);
});

test("renames are not sent as content to a target that breaks whatever it is sent", async () => {
  using root = temporaryDirectory();
  makeTree(root.path, { "new/f": large });
  const kinds: string[] = [];
  const cut = async ({ kind }: CarryOptions): Promise<void> => {
    kinds.push(kind);
    throw new RsyncError("CONNECTION_LOST", "cut off");
  };
  const carrier = Object.assign(scriptedCarrier(root.path, cut), {
    mayRename: true,
    mayRenameFiles: true,
    mayLink: () => true,
  });
  const renamed = { path: asBytePath("new"), whole: true, renamedFrom: asBytePath("old") };
  await expect(deliver([renamed], carrier, listener([]))).rejects.toThrow("cut off");
  expect(kinds).toEqual(["scan", "scan", "scan", "small"]); // the last one asks for the target itself
  carrier.linkedNames.close();
});

test("of old names that hold what is excluded all the rest goes, also when a session broke", async () => {
  using root = temporaryDirectory();
  makeTree(root.path, { e: "", new: "" });
  const told: string[] = [];
  const gone = new Set<string>();
  let sessions = 0;
  const carry = async (options: CarryOptions, report: CarrierReport): Promise<void> => {
    sessions += 1;
    if (sessions === 1) throw new RsyncError("CONNECTION_LOST", "cut off");
    for (const { path, mode } of options.entries) if (mode === 0) gone.add(path);
    await acknowledgeAll(options, report);
  };
  const atTarget = ["d", "d/f", "d/x.log", "old"];
  const survey: Carrier["sessions"]["push"] = async (_kind, _entries, _tree, { deleted }) => {
    for (const path of atTarget) deleted?.(asBytePath(path), path === "d");
    return undefined as never;
  };
  const carrier = Object.assign(scriptedCarrier(root.path, carry), {
    hasRules: true,
    rules: excluding("*.log"),
    sessions: { push: survey },
  });
  const renamed = [
    { path: asBytePath("e"), whole: true, renamedFrom: asBytePath("d") },
    { path: asBytePath("new"), whole: false, renamedFrom: asBytePath("old") },
  ];
  await deliverDepartures(renamed, carrier, listener(told));
  expect([...gone].sort()).toEqual(["d/f", "old"]);
  expect(told).toEqual([
    "delivered e directory",
    "delivered d delete",
    "delivered new file",
    "delivered old delete",
  ]);
});

test("a directory that is made again while its deletion waits for another session is kept", async () => {
  using root = temporaryDirectory();
  makeTree(root.path, { "d/c": "", new: "" });
  const options = batchOptions(root.path);
  const settings = {
    root: root.path,
    rootIdentity: options.rootIdentity,
    mounts: [],
    transfer: {},
    filter: { builtin: false, expressions: [], patterns: [] },
    deletes: true,
    holdsDeletions: false,
    sessions: 4,
  } as unknown as TargetSettings;
  const carrier = new Carrier(settings, () => {});
  const deleted: string[] = [];
  let release = (): void => {};
  const busy = new Promise<void>((resolve) => {
    release = resolve;
  });
  Object.assign(carrier.sessions, {
    push: async (_kind: string, entries: readonly FileEntry[]) => {
      for (const { path, mode } of entries) if (mode === 0) deleted.push(path);
      if (deleted.length === 0) await busy;
      return { entries: [] };
    },
  });
  const sent = new TreeView(options).withParents(
    ["d/c"].flatMap((name) => options.tree.lstat(asBytePath(name)) ?? []),
  );
  const other = carrier.carry({ kind: "large", entries: sent, reports: () => false }, listener([]));
  rmSync(`${root.path}/d`, { recursive: true });
  const told: string[] = [];
  const renamed = { path: asBytePath("new"), whole: false, renamedFrom: asBytePath("d/a") };
  const departing = deliverDepartures([renamed], carrier, listener(told));
  await new Promise(setImmediate);
  makeTree(root.path, { "d/e": "" });
  release();
  await Promise.all([other, departing]);
  expect([deleted, told]).toEqual([[], ["delivered new file", "again d/a"]]);
  carrier.close();
});
