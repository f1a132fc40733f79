import fc from "fast-check";
import { expect, test } from "vitest";
import { readInt32, readUint16, readUint32 } from "../../../protocol/wire/int.ts";
import { encoded } from "../../../protocol/wire/writer.ts";
import { expectDecodes, hex } from "../../support/bytes.ts";

test("integers are little-endian, plain ones signed", () => {
  expectDecodes(readUint16, hex("0c80"), 0x800c);
  expectDecodes(readInt32, hex("39300000"), 12_345);
  expectDecodes(readInt32, hex("ffffffff"), -1);
  expectDecodes(readInt32, hex("00000080"), -2_147_483_648);
  expectDecodes(readUint32, hex("00000080"), 2_147_483_648);
});

test("what is written is read back", () => {
  fc.assert(
    fc.property(fc.integer(), fc.nat(0xffff), (int, short) => {
      expectDecodes(readInt32, Uint8Array.from(encoded((to) => to.int32(int))), int);
      expectDecodes(readUint16, Uint8Array.from(encoded((to) => to.uint16(short))), short);
    }),
    { seed: 3 },
  );
});

test("a writer grows with what it gets and starts anew when it is taken", () => {
  const long = Buffer.alloc(100_000, 7);
  const bytes = encoded((to) => {
    to.latin1("\xff\x00a");
    expect(Buffer.from(to.take()).toString("latin1")).toBe("\xff\x00a");
    to.bytes(long);
    to.uint8(1);
  });
  expect(Buffer.compare(bytes, Buffer.concat([long, Buffer.from([1])]))).toBe(0);
});
