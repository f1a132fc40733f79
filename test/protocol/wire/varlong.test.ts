import fc from "fast-check";
import { expect, test } from "vitest";
import { Cursor } from "../../../protocol/wire/cursor.ts";
import { readVarlong, writeVarlong } from "../../../protocol/wire/varint.ts";
import { encoded } from "../../../protocol/wire/writer.ts";
import { expectDecodes, hex } from "../../support/bytes.ts";
import { expectTotal } from "./decoding.ts";

const sizeBytes = 3;
const timeBytes = 4;

function encode(value: number, minimum: number): Uint8Array {
  return Uint8Array.from(encoded((to) => writeVarlong(to, value, minimum)));
}

function expectCoded(value: number, minimum: number, bytes: Uint8Array): void {
  expect(encode(value, minimum)).toEqual(bytes);
  expectDecodes((from) => readVarlong(from, minimum), bytes, value);
}

// The bytes of rsync 3.5.0's own encoder (spec 1 §5).
test.each([
  [0, sizeBytes, "000000"],
  [6, sizeBytes, "000600"],
  [4096, sizeBytes, "000010"],
  [65_536, sizeBytes, "010000"],
  [0x7fffff, sizeBytes, "7fffff"],
  [0x800000, sizeBytes, "80000080"],
  [2 ** 32 - 1, sizeBytes, "c0ffffffff"],
  [2 ** 32, sizeBytes, "c100000000"],
  [2 ** 40, sizeBytes, "e10000000000"],
  [1_704_164_645, timeBytes, "65257d93"],
  [2 ** 31, timeBytes, "8000000080"],
  [-60, timeBytes, "f8c4ffffffffffffff"],
])("varlong %i of at least %i bytes is %s on the wire", (value, minimum, bytes) => {
  expectCoded(value, minimum, hex(bytes));
});

test("every size and time survives the round trip", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.constantFrom(sizeBytes, timeBytes), (value, minimum) => {
      expectDecodes((from) => readVarlong(from, minimum), encode(value, minimum), value);
    }),
    { seed: 2 },
  );
});

test("a number beyond 2^53 is refused, not rounded", () => {
  expect(() => readVarlong(new Cursor(hex("f8ffffffffffffff7f")), timeBytes)).toThrowError(
    expect.objectContaining({ code: "BAD_STREAM", offset: 0 }),
  );
});

test.each([sizeBytes, timeBytes])("garbage is a value, too short, or refused (%i)", (minimum) => {
  expectTotal((from) => readVarlong(from, minimum));
});
