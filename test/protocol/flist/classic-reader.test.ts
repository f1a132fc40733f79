import { expect, test } from "vitest";
import { RsyncError } from "../../../protocol/errors.ts";
import { ClassicEntryReader } from "../../../protocol/flist/classic-reader.ts";
import { listFormat } from "../../../protocol/flist/format.ts";
import { Cursor, NeedMoreBytes } from "../../../protocol/wire/cursor.ts";
import { hex } from "../../support/bytes.ts";

const formatOf = (protocol: number, hardLinks = false, recursive = true) =>
  listFormat({ protocol, compat: 0 }, { links: true, hardLinks, recursive });

function readAll(reader: ClassicEntryReader, bytes: Uint8Array) {
  const from = new Cursor(bytes);
  const entries = [];
  for (;;) {
    const entry = reader.read(from);
    if (entry === undefined) return entries;
    entries.push(entry);
  }
}

// Sent by rsync 3.5.0 (spec 1 §7.2): names of one file at protocol 29.
const twins = "9c02 0162 06000000 a4810000 01fe0000 ff8c2a00 9e06 0161 06000000 ff8c2a00 00";

test("names of one file that a real daemon sent belong together", () => {
  const entries = readAll(new ClassicEntryReader(formatOf(29, true)), hex(twins));
  expect(entries).toMatchObject([
    { path: "b", mode: 0o100644, size: 6, linkGroup: 0 },
    { path: "a", mode: 0o100644, size: 6, linkGroup: 0 },
  ]);
});

test("an entry that is cut anywhere is read whole when the rest has come", () => {
  const bytes = hex(twins);
  const whole = readAll(new ClassicEntryReader(formatOf(29, true)), bytes);
  for (let cut = 0; cut < bytes.length; cut += 1) {
    const reader = new ClassicEntryReader(formatOf(29, true));
    const from = new Cursor(bytes.subarray(0, cut));
    const entries = [];
    let at = 0;
    expect(() => {
      for (;;) {
        at = from.offset;
        entries.push(reader.read(from));
      }
    }).toThrow(NeedMoreBytes);
    entries.push(...readAll(reader, bytes.subarray(at)));
    expect(entries).toEqual(whole);
  }
});

const rest = "00100000 257d9365 ed410000"; // size, time, mode of a directory
const same = "00100000"; // of one that is like it

test("below a directory that is listed with its content all are, beside it none", () => {
  const bytes = hex(`19 0161 ${rest} 9a 03612f62 ${same} 9a 0163 ${same} 9a 03612f64 ${same} 00`);
  const entries = readAll(new ClassicEntryReader(formatOf(29)), bytes);
  expect(entries.map(({ path, hasContent }) => [path, hasContent])).toEqual([
    ["a", true],
    ["a/b", true],
    ["c", false],
    ["a/d", false],
  ]);
});

test("without recursion only what is marked is listed with its content", () => {
  const bytes = hex(`19 012e ${rest} 9a 0162 ${same} 00`);
  const entries = readAll(new ClassicEntryReader(formatOf(29, false, false)), bytes);
  expect(entries.map(({ path, hasContent }) => [path, hasContent])).toEqual([
    ["", true],
    ["b", false],
  ]);
});

const attributes = "06000000 257d9365 a4810000";

test.each([
  ["a name above the root", `18 02 2e2e ${attributes}`],
  ["an absolute name", `18 02 2f61 ${attributes}`],
  ["a name of 2 GB", "58 ffffff7f"],
  ["a name of less than nothing", "58 ffffffff"],
  ["a size below nothing", "18 01 61 fffffffe 257d9365 a4810000"],
  ["a mode without a type", "18 01 61 06000000 257d9365 a4010000"],
  ["a link target of 2 GB", "18 01 61 06000000 257d9365 ffa10000 ffffff7f"],
])("%s ends the session", (_, bytes) => {
  expect(() => new ClassicEntryReader(formatOf(29)).read(new Cursor(hex(bytes)))).toThrow(
    RsyncError,
  );
});
