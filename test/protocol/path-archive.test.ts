import fc from "fast-check";
import { expect, test } from "vitest";
import { EntryStates } from "../../protocol/entry-states.ts";
import { deletion, isDirectory } from "../../protocol/flist/entry.ts";
import { asBytePath, joinPath } from "../../protocol/path.ts";
import { PathArchive } from "../../protocol/path-archive.ts";
import { GrowingBytes } from "../../protocol/roles/growing-bytes.ts";

const name = fc
  .string({ unit: "binary", minLength: 1, maxLength: 12 })
  .map((text) => Buffer.from(text, "utf8").toString("latin1").replaceAll(/[/\0]/g, "_"));
const list = fc.record({
  directory: fc.constantFrom("", "a", "a/b c"),
  children: fc.array(fc.tuple(name, fc.boolean()), { maxLength: 6 }),
});

test("an archive gives back every name and whether it is a directory, in order", () => {
  fc.assert(
    fc.property(fc.array(list, { maxLength: 6 }), (lists) => {
      const archive = new PathArchive();
      const all = lists.map(({ directory, children }) =>
        children.map(([child, isDir]) => ({
          ...deletion(joinPath(asBytePath(directory), child)),
          mode: isDir ? 0o40700 : 0o100600,
        })),
      );
      for (const entries of all) archive.add(entries);
      const told = [...archive].map((entry) => [entry.path, isDirectory(entry)]);
      expect(told).toEqual(all.flat().map((entry) => [entry.path, isDirectory(entry)]));
    }),
    { seed: 3, numRuns: 200 },
  );
});

test("the root is named as itself", () => {
  const archive = new PathArchive();
  archive.add(["", "a"].map((path) => ({ ...deletion(asBytePath(path)), mode: 0o40755 })));
  expect([...archive].map(({ path }) => path)).toEqual(["", "a"]);
});

test("bytes grow as they are needed, and are 0 until then", () => {
  const bytes = new GrowingBytes();
  bytes.set(5_000, 3);
  bytes.set(7, 1);
  expect([0, 7, 5_000, 5_001, 1e9].map((place) => bytes.get(place))).toEqual([0, 1, 3, 0, 0]);
});

test("the last outcome of an entry counts, and being acknowledged stays", () => {
  const states = new EntryStates();
  const cause = Object.assign(new Error("EIO: i/o error"), { code: "EIO" });
  states.acknowledge(4);
  states.finish(4, { kind: "unreadable", cause });
  expect([states.outcome(4), states.reason(4), states.has("unreadable")]).toEqual([
    "unreadable",
    "EIO: i/o error",
    true,
  ]);
  states.finish(4, { kind: "sent", bytes: 1 });
  expect([states.outcome(4), states.isAcknowledged(4)]).toEqual(["sent", true]);
  expect([states.has("unreadable"), states.has("sent"), states.has("vanished")]).toEqual([
    false,
    true,
    false,
  ]);
});
