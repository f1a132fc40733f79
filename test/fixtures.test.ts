import fs from "node:fs";
import { expect, test } from "vitest";
import { type FileEntry, isDirectory } from "../protocol/flist/entry.ts";
import { EntryWriter } from "../protocol/flist/entry-writer.ts";
import { asBytePath } from "../protocol/path.ts";
import type { Cursor } from "../protocol/wire/cursor.ts";
import { FileIndexReader, FileIndexWriter } from "../protocol/wire/file-index.ts";
import { readVarint, readVarlong, writeVarint, writeVarlong } from "../protocol/wire/varint.ts";
import { Writer } from "../protocol/wire/writer.ts";
import { expectDecodes, hex } from "./support/bytes.ts";
import { inProject } from "./support/command.mjs";

interface Vector {
  readonly value: number;
  readonly bytes: string;
}

type RecordedEntry = Omit<FileEntry, "path"> & { readonly path: string; readonly bytes: string };

interface RecordedList {
  readonly protocol: number;
  readonly options: readonly string[];
  readonly entries: readonly RecordedEntry[];
}

/** Vectors recorded from rsync 3.5.0; fixtures/README.md says how. */
function recorded<T>(name: string): T {
  return JSON.parse(fs.readFileSync(inProject("fixtures/wire", `${name}.json`), "utf8")) as T;
}

function written(write: (to: Writer) => void): string {
  const writer = new Writer();
  write(writer);
  return Buffer.from(writer.take()).toString("hex");
}

const varints = recorded<{ vectors: Vector[] }>("varint").vectors;
const { sizes, times } = recorded<{ sizes: Vector[]; times: Vector[] }>("varlong");
const { positive, negative } = recorded<Record<"positive" | "negative", Vector[]>>("file-index");
const { lists } = recorded<{ lists: RecordedList[] }>("file-list");

test.each(varints)("user $value is $bytes on rsync's wire", ({ value, bytes }) => {
  expect(written((to) => writeVarint(to, value))).toBe(bytes);
  expectDecodes(readVarint, hex(bytes), value);
});

test.each(sizes)("a size of $value is $bytes on rsync's wire", ({ value, bytes }) => {
  expect(written((to) => writeVarlong(to, value, 3))).toBe(bytes);
  expectDecodes((from) => readVarlong(from, 3), hex(bytes), value);
});

test.each(times)("a time of $value is $bytes on rsync's wire", ({ value, bytes }) => {
  expect(written((to) => writeVarlong(to, value, 4))).toBe(bytes);
  expectDecodes((from) => readVarlong(from, 4), hex(bytes), value);
});

test.each(Object.entries({ positive, negative }))(
  "%s indices are coded as rsync codes them",
  (_, vectors) => {
    const writer = new FileIndexWriter();
    const reader = new FileIndexReader();
    for (const { value, bytes } of vectors) {
      expect(written((to) => writer.write(to, value))).toBe(bytes);
      expectDecodes((from: Cursor) => reader.read(from), hex(bytes), value);
      reader.accept(value);
    }
  },
);

function asEntry(entry: RecordedEntry): FileEntry {
  const path = asBytePath(entry.path === "." ? "" : entry.path);
  return { ...entry, path, hasContent: isDirectory(entry) };
}

test.each(lists)("a list at protocol $protocol is written as rsync writes it", (list) => {
  const archive = list.options.includes("-a");
  const writer = new EntryWriter({
    varintFlags: true,
    nanoseconds: list.protocol >= 31,
    owner: archive || list.options.some((option) => option === "-rltgo"),
    group: archive || list.options.some((option) => option === "-rltgo"),
    links: true,
    devices: archive,
    deviceOfSpecials: archive && list.protocol < 31,
    digestLength: 0,
    hardLinks: false,
  });
  for (const entry of list.entries) {
    expect({ path: entry.path, bytes: written((to) => writer.write(to, asEntry(entry))) }).toEqual({
      path: entry.path,
      bytes: entry.bytes,
    });
  }
});
