import fc from "fast-check";
import { expect, test } from "vitest";
import { deletion, type FileEntry, isDirectory } from "../../../protocol/flist/entry.ts";
import { inWireOrder, sortKey } from "../../../protocol/flist/order.ts";
import { asBytePath } from "../../../protocol/path.ts";

/** A file, or a directory when the name ends in "/". */
function entryOf(name: string): FileEntry {
  const isDir = name.endsWith("/") || name === ".";
  const path = name === "." ? "" : name.replace(/\/$/, "");
  return { ...deletion(asBytePath(path)), mode: isDir ? 0o40755 : 0o100644 };
}

const nameOf = (entry: FileEntry) =>
  entry.path === "" ? "." : `${entry.path}${isDirectory(entry) ? "/" : ""}`;

const sorted = (names: readonly string[]) => inWireOrder(names.map(entryOf)).map(nameOf);

type Component = readonly [rank: number, bytes: Buffer];

/** The rule in the words of spec 1 §7.11: pairs of a number and bytes, level by level. */
function components(entry: FileEntry): Component[] {
  const parts = (entry.path === "" ? "." : entry.path).split("/");
  const last = parts.pop() as string;
  const pairs: Component[] = parts.map((part) => [1, Buffer.from(`${part}/`, "latin1")]);
  if (entry.path === "") pairs.push([0, Buffer.alloc(0)]);
  else if (isDirectory(entry)) pairs.push([1, Buffer.from(`${last}/`, "latin1")]);
  else pairs.push([0, Buffer.from(last, "latin1")]);
  return pairs;
}

function compareByRule(a: FileEntry, b: FileEntry): number {
  const [left, right] = [components(a), components(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i += 1) {
    const [leftRank, leftBytes] = left[i] as Component;
    const [rightRank, rightBytes] = right[i] as Component;
    const order = leftRank - rightRank || Buffer.compare(leftBytes, rightBytes);
    if (order !== 0) return Math.sign(order);
  }
  return Math.sign(left.length - right.length);
}

// The numbering of a real daemon (spec 1 §7.11).
test("files come before directories, a directory compares as if it ended in a slash", () => {
  const daemonOrder = ". -x a.txt b zz a-b/ a-b/q a/ a/0 a/B a/a a/sub/ a/sub/f b0/".split(" ");
  expect(sorted(daemonOrder)).toEqual(daemonOrder);
  expect(sorted([...daemonOrder].reverse())).toEqual(daemonOrder);
  expect(sorted(["a0/", "a/", "a-b/"])).toEqual(["a-b/", "a/", "a0/"]);
});

test("keys order any two entries as the rule does, whatever bytes are in their names", () => {
  const byte = fc.constantFrom("\x01", "\x02", "-", ".", "0", "a", "b", "\x7f", "\x80", "\xff");
  const name = fc.string({ unit: byte, minLength: 1, maxLength: 3 });
  const path = fc
    .array(name, { minLength: 1, maxLength: 3 })
    .map((parts) => parts.map((part) => (/^\.{1,2}$/.test(part) ? "dots" : part)).join("/"));
  const entry = fc.tuple(path, fc.boolean()).map(([at, dir]) => entryOf(dir ? `${at}/` : at));
  const any = fc.oneof({ weight: 20, arbitrary: entry }, fc.constant(entryOf(".")));
  fc.assert(
    fc.property(any, any, (a, b) => {
      const [left, right] = [sortKey(a), sortKey(b)];
      expect(left < right ? -1 : Number(left > right)).toBe(compareByRule(a, b));
    }),
    { seed: 32, numRuns: 3000 },
  );
});

test("of several entries with one name the first of the order is kept", () => {
  expect(sorted(["b", "a", "b", "a"])).toEqual(["a", "b"]);
  const [first, second] = [entryOf("a"), { ...entryOf("a"), size: 2 }];
  expect(inWireOrder([first, second])).toEqual([first]);
  expect(inWireOrder([second, first])).toEqual([second]);
});

test("a name is one object: of a file and a directory the directory is kept, as daemons do", () => {
  expect(sorted(["a/", "a", "b"])).toEqual(["b", "a/"]);
});

test("a deletion sorts as what is no directory", () => {
  const gone = deletion(asBytePath("a"));
  expect(inWireOrder([entryOf("b"), entryOf("0/"), gone]).map(nameOf)).toEqual(["a", "b", "0/"]);
});
