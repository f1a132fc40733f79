import fc from "fast-check";
import { expect, test } from "vitest";
import {
  deletion,
  type EntryFormat,
  type FileEntry,
  fileTypes,
} from "../../../protocol/flist/entry.ts";
import { EntryWriter } from "../../../protocol/flist/entry-writer.ts";
import { asBytePath } from "../../../protocol/path.ts";
import { encoded } from "../../../protocol/wire/writer.ts";
import { hex } from "../../support/bytes.ts";
import { readEntries } from "./reader.ts";

const varints: EntryFormat = {
  varintFlags: true,
  nanoseconds: true,
  owner: false,
  group: false,
  links: true,
  devices: true,
  deviceOfSpecials: false,
  digestLength: 0,
  hardLinks: false,
};
const bytes: EntryFormat = { ...varints, varintFlags: false };
const time = 1_704_164_645;

function entry(path: string, mode: number, rest: Partial<FileEntry> = {}): FileEntry {
  return { ...deletion(asBytePath(path)), mode, mtimeSeconds: time, ...rest };
}

const root = entry("", 0o40755, { size: 16, hasContent: true });
const file = (path: string, size: number) => entry(path, 0o100644, { size });

function encode(format: EntryFormat, entries: readonly FileEntry[]): Uint8Array {
  const writer = new EntryWriter(format);
  const written = encoded((to) => {
    for (const each of entries) writer.write(to, each);
  });
  return Uint8Array.from(written);
}

const link = entry("lnk", 0o120777, { size: 1, linkTarget: "a" });
const tty = entry("dtv", 0o60644, { device: { major: 8, minor: 17 } });

// Written by rsync 3.5.0 and 3.1.3 (spec 1 §7.2).
test.each([
  [
    "varint flags",
    varints,
    [root, file("a", 6)],
    "19012e00100065257d93ed410000 80980161000600a4810000",
  ],
  ["byte flags", bytes, [root, file("a", 6)], "19012e00100065257d93ed410000 980161000600a4810000"],
  [
    "a device and a symlink",
    varints,
    [root, tty, link, file("a", 6)],
    `19012e00100065257d93ed410000 809803647476000000a46100000811
     8098036c6e6b000100ffa100000161 80980161000600a4810000`,
  ],
  [
    "directories without content, names that begin alike",
    varints,
    [
      entry("sub1", 0o40755, { size: 16 }),
      entry("sub1/deep", 0o40755, { size: 16 }),
      file("sub1/deep/d.txt", 2),
    ],
    "8118 0473756231 00100065257d93ed410000 81ba04 052f64656570 001000 80b809 062f642e747874 000200a4810000",
  ],
] as const)("%s are rsync's bytes", (_what, format, entries, expected) => {
  expect(encode(format, entries)).toEqual(hex(expected));
});

test("a deletion is a name without mode, size and time", () => {
  // As rsync 3.5.0 sends it (spec 1 §7.5).
  const gone = deletion(asBytePath("gone"));
  expect(encode(varints, [gone])).toEqual(hex("809a 04676f6e65 000000"));
  expect(encode(bytes, [gone])).toEqual(hex("9a 04676f6e65 000000"));
  const first = encode(varints, [file("a", 6)]);
  const second = encode(varints, [file("a", 6), deletion(asBytePath("nofile"))]);
  expect(second.subarray(first.length)).toEqual(hex("18 066e6f66696c65 000000 00000000 00000000"));
});

test("flags that are zero do not look like the end of the list", () => {
  const owners = { ...varints, owner: true, group: true };
  const first = entry("a", 0o100644, { uid: 1, gid: 1 });
  const second = entry("b", 0o100600, { uid: 2, gid: 2, mtimeSeconds: 1 });
  const directory = { ...second, path: asBytePath("d"), mode: 0o40700, hasContent: true };
  const flagsOf = (format: EntryFormat, last: FileEntry) =>
    encode(format, [first, last])[encode(format, [first]).length];
  expect(flagsOf(owners, second)).toBe(0x04);
  expect(flagsOf({ ...owners, varintFlags: false }, second)).toBe(0x01);
  expect(flagsOf({ ...owners, varintFlags: false }, directory)).toBe(0x04);
});

test("a fifo has a device number at protocol 30 only", () => {
  const fifo = entry("p", 0o10644);
  expect(encode(varints, [fifo])).toEqual(hex("18 0170 000000 65257d93 a4110000"));
  const old = { ...varints, nanoseconds: false, deviceOfSpecials: true };
  expect(encode(old, [fifo])).toEqual(hex("8118 0170 000000 65257d93 a4110000 00"));
});

test("a name of 307 bytes has a long length, one byte tells what it shares", () => {
  const long = "n".repeat(307);
  expect(encode(varints, [file(long, 0)]).subarray(0, 4)).toEqual(hex("58 8133 6e"));
  const entries = [file(`${"p".repeat(300)}a`, 0), file(`${"p".repeat(300)}b`, 0)];
  const second = encode(varints, entries).subarray(encode(varints, entries.slice(0, 1)).length);
  expect(second.subarray(0, 4)).toEqual(hex("80ba ff 2e"));
});

test("any list is read back by the layout of the wire notes", () => {
  const name = fc
    .uint8Array({ minLength: 1, maxLength: 300 })
    .map((b) => Buffer.from(b).toString("latin1").replaceAll(/[/\0]/g, "_"));
  const path = fc.tuple(fc.constantFrom("", "dir/", `${"d".repeat(280)}/`), name);
  const anyEntry = fc
    .record({
      path: path.map((parts) => asBytePath(parts.join(""))),
      type: fc.constantFrom(fileTypes.regular, fileTypes.directory, fileTypes.characterDevice),
      size: fc.nat(2 ** 40),
      mtimeSeconds: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
      mtimeNanoseconds: fc.constantFrom(0, 1, 999_999_999),
      uid: fc.constantFrom(0, 1, 4_294_967_294),
      gid: fc.constantFrom(0, 70_000),
    })
    .map(({ type, ...rest }): FileEntry => {
      const device = { major: rest.gid % 300, minor: rest.size % 70_000 };
      return { ...rest, mode: type | 0o640, ...(type === fileTypes.characterDevice && { device }) };
    });
  fc.assert(
    fc.property(fc.array(anyEntry, { maxLength: 12 }), fc.boolean(), (entries, varintFlags) => {
      const format = { ...varints, varintFlags, owner: true, group: true };
      expect(readEntries(encode(format, entries), format)).toEqual(entries);
    }),
    { seed: 31 },
  );
});
