import fc from "fast-check";
import { expect, test } from "vitest";
import { Cursor } from "../../../protocol/wire/cursor.ts";
import { readVarint, writeVarint } from "../../../protocol/wire/varint.ts";
import { encoded } from "../../../protocol/wire/writer.ts";
import { expectDecodes, hex } from "../../support/bytes.ts";
import { expectTotal } from "./decoding.ts";

const encode = (value: number) => Uint8Array.from(encoded((to) => writeVarint(to, value)));

// The bytes of rsync 3.5.0's own encoder (spec 1 §5).
const table = [
  [0, "00"],
  [127, "7f"],
  [128, "8080"],
  [255, "80ff"],
  [256, "8100"],
  [511, "81ff"],
  [1000, "83e8"],
  [16_383, "bfff"],
  [16_384, "c00040"],
  [65_535, "c0ffff"],
  [2_097_151, "dfffff"],
  [2_097_152, "e0000020"],
  [0x10000000, "f000000010"],
  [-1, "f0ffffffff"],
] as const;

test.each(table)("varint %i is %s on the wire", (value, bytes) => {
  expect(encode(value)).toEqual(hex(bytes));
  expectDecodes(readVarint, hex(bytes), value);
});

test("every 32-bit integer survives the round trip", () => {
  fc.assert(
    fc.property(fc.integer(), (value) => expectDecodes(readVarint, encode(value), value)),
    { seed: 1 },
  );
});

test.each(["f8", "fc", "ff"])("lead byte %s is refused", (lead) => {
  expect(() => readVarint(new Cursor(hex(lead)))).toThrowError(
    expect.objectContaining({ code: "BAD_STREAM", exitCode: 12, offset: 0 }),
  );
});

test("garbage is a value, too short, or refused", () => {
  expectTotal(readVarint);
});
