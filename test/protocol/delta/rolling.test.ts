import fc from "fast-check";
import { expect, test } from "vitest";
import { rollWeakSum, weakSum } from "../../../protocol/delta/rolling.ts";
import { hex } from "../../support/bytes.ts";

function sumOf(bytes: Uint8Array): number {
  return weakSum(new Int8Array(bytes), 0, bytes.length);
}

test.each([
  ["", 0],
  ["01", 0x0001_0001],
  ["01 02 03", 0x000a_0006],
  ["ff", 0xffff_ffff], // bytes are signed: -1, and both halves are -1
  ["80 80", 0xfe80_ff00],
] as const)("the weak sum of [%s] is %i", (bytes, sum) => {
  expect(sumOf(hex(bytes))).toBe(sum);
});

test("sums of long files wrap without losing their low halves", () => {
  const length = 1_000_000;
  const s1 = (-128n * BigInt(length)) & 0xffffn;
  const s2 = ((-128n * BigInt(length) * BigInt(length + 1)) / 2n) & 0xffffn;
  expect(sumOf(new Uint8Array(length).fill(0x80))).toBe(Number(s1 | (s2 << 16n)));
});

test("rolling on by one byte gives the sum of the moved block", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 2, maxLength: 2000 }), (bytes) => {
      const signed = new Int8Array(bytes);
      const length = bytes.length - 1;
      const rolled = rollWeakSum(
        weakSum(signed, 0, length),
        length,
        signed[0] as number,
        signed[length] as number,
      );
      expect(rolled).toBe(weakSum(signed, 1, length + 1));
    }),
    { seed: 1996 },
  );
});
