import fc from "fast-check";
import { expect, test } from "vitest";
import { visitRecords } from "../../../../src/watch/inotify/record.ts";
import { hex } from "../../../support/bytes.ts";

type Seen = [wd: number, mask: number, cookie: number, name: string];

function seenIn(bytes: Uint8Array): Seen[] {
  const seen: Seen[] = [];
  visitRecords(Buffer.from(bytes), (...record) => seen.push(record));
  return seen;
}

// Read from a Linux 6.18 kernel: mv of a directory "a" to "z", then an overflow.
const recorded = hex(`
  01000000 40000040 96c80c00 10000000 61000000 00000000 00000000 00000000
  01000000 80000040 96c80c00 10000000 7a000000 00000000 00000000 00000000
  ffffffff 00400000 00000000 00000000
`);

test("reads the two halves of a move and an overflow", () => {
  expect(seenIn(recorded)).toEqual([
    [1, 0x40000040, 837782, "a"],
    [1, 0x40000080, 837782, "z"],
    [-1, 0x4000, 0, ""],
  ]);
});

const anyName = fc
  .uint8Array({ min: 1, minLength: 1, maxLength: 255 })
  .map((bytes) => Buffer.from(bytes).toString("latin1"));

function encodeRecord([wd, mask, cookie, name]: Seen): Buffer {
  // The kernel fills names up to a multiple of 16 bytes, at least one NUL included.
  const length = Math.ceil((name.length + 1) / 16) * 16;
  const bytes = Buffer.alloc(16 + length);
  bytes.writeInt32LE(wd, 0);
  bytes.writeUInt32LE(mask, 4);
  bytes.writeUInt32LE(cookie, 8);
  bytes.writeUInt32LE(length, 12);
  bytes.write(name, 16, "latin1");
  return bytes;
}

test("every name of bytes survives", () => {
  const record = fc.tuple(fc.integer(), fc.nat(), fc.nat(), anyName);
  fc.assert(
    fc.property(fc.array(record, { maxLength: 20 }), (records) => {
      expect(seenIn(Buffer.concat(records.map(encodeRecord)))).toEqual(records);
    }),
    { seed: 20261122 },
  );
});
