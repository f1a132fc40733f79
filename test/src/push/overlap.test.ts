import { expect, test } from "vitest";
import { asBytePath, deletion, type FileEntry, fileTypes } from "../../../protocol/index.ts";
import { Overlap } from "../../../src/push/overlap.ts";

function file(path: string): FileEntry {
  return { ...deletion(asBytePath(path)), mode: fileTypes.regular | 0o644 };
}

function directory(path: string): FileEntry {
  return { ...deletion(asBytePath(path)), mode: fileTypes.directory | 0o755 };
}

test("sessions one after the other overlap in nothing", () => {
  const overlap = new Overlap();
  for (let session = 0; session < 2; session += 1) {
    overlap.enter([directory(""), file("a")]);
    expect(overlap.leave([directory(""), file("a")])).toEqual({ directories: [], others: [] });
  }
});

test("what two sessions carried at the same time is told when the last of them ends", () => {
  const overlap = new Overlap();
  const first = [directory(""), directory("d"), file("d/a"), file("same")];
  const second = [directory(""), directory("d"), file("d/b"), file("same")];
  overlap.enter(first);
  overlap.enter(second);
  expect(overlap.leave(second)).toEqual({ directories: [], others: [] });
  expect(overlap.leave(first)).toEqual({ directories: ["", "d"], others: ["same"] });
});

test("a session that begins while another still runs keeps the overlap open", () => {
  const overlap = new Overlap();
  for (let session = 0; session < 3; session += 1) overlap.enter([directory("")]);
  expect(overlap.leave([directory("")]).directories).toEqual([]);
  overlap.enter([directory("")]);
  for (let session = 0; session < 2; session += 1) overlap.leave([directory("")]);
  expect(overlap.leave([directory("")]).directories).toEqual([""]);
});

test("an overlap is told once", () => {
  const overlap = new Overlap();
  overlap.enter([file("a")]);
  overlap.enter([file("a")]);
  overlap.leave([file("a")]);
  expect(overlap.leave([file("a")]).others).toEqual(["a"]);
  overlap.enter([file("a")]);
  expect(overlap.leave([file("a")]).others).toEqual([]);
});

const d = directory("d");
const gone = deletion(asBytePath("d"));

test.each([
  ["deletion", "directory", gone, d],
  ["directory", "deletion", d, gone],
  ["file", "directory", file("d"), d],
])("a name carried as %s and as %s at the same time is looked at again", (_, __, first, last) => {
  const overlap = new Overlap();
  overlap.enter([first]);
  overlap.enter([last]);
  overlap.leave([first]);
  expect(overlap.leave([last])).toEqual({ directories: [], others: ["d"] });
});

test("what a session deletes is not made by another, nor deleted twice, before it has ended", async () => {
  const overlap = new Overlap();
  overlap.enter([directory(""), gone]);
  const list = [directory(""), d, file("d/a"), directory("d/e"), file("d/e/b"), file("da")];
  const { clear, blocked } = overlap.part(list);
  expect(clear.map(({ path }) => path)).toEqual(["", "da"]);
  expect(blocked.map(({ path }) => path)).toEqual(["d", "d/a", "d/e", "d/e/b"]);
  expect(overlap.part([gone]).clear).toEqual([]);
  overlap.leave([directory(""), gone]);
  await Promise.all(blocked.map(({ until }) => until));
  expect(overlap.part(list).blocked).toEqual([]);
});

test.each([
  ["deleted", gone],
  ["made a file", file("d")],
])("a directory that a session fills is not %s before it has ended", (_, entry) => {
  const overlap = new Overlap();
  const filling = [file("d/a"), directory(""), d];
  overlap.enter(filling);
  overlap.enter(filling);
  expect(overlap.part([directory(""), entry]).clear).toEqual([directory("")]);
  overlap.leave(filling);
  expect(overlap.part([entry]).blocked).toHaveLength(1);
  overlap.leave(filling);
  expect(overlap.part([entry]).clear).toEqual([entry]);
});

test("files, and directories that are there for those below them, hold nobody up", () => {
  const overlap = new Overlap();
  overlap.enter([directory(""), d, file("d/a")]);
  expect(overlap.part([directory(""), d, file("d/a"), file("d/b")]).blocked).toEqual([]);
});
