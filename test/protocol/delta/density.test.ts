import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isDense } from "../../../protocol/delta/density.ts";
import { random } from "../../support/random.ts";

const noise = random(30).bytes(200_000);
const text = Buffer.from(noise.map((byte) => "etaoin shrdlu\n".charCodeAt(byte % 14)));

test("noise and what has been compressed is dense", () => {
  expect(isDense(noise)).toBe(true);
  expect(isDense(deflateRawSync(text))).toBe(true);
});

test.each([
  ["text", text],
  ["zeros", Buffer.alloc(100_000)],
  ["16-bit values, of which one half says little", noise.map((byte, i) => (i % 2 ? byte : 7))],
  ["noise that repeats", Buffer.concat([noise.subarray(0, 30_000), noise.subarray(0, 30_000)])],
  ["half noise, half zeros", Buffer.concat([noise.subarray(0, 50_000), Buffer.alloc(50_000)])],
  ["what is too short to tell", noise.subarray(0, 4095)],
])("%s is not", (_, bytes) => {
  expect(isDense(bytes)).toBe(false);
});

test("what is taken for dense would not have become five per cent shorter", () => {
  const byte = fc.tuple(fc.integer({ min: 1, max: 256 }), fc.integer({ min: 4096, max: 60_000 }));
  fc.assert(
    fc.property(byte, fc.nat(100_000), ([values, length], from) => {
      const bytes = noise.subarray(from, from + length).map((value) => value % values);
      return !isDense(bytes) || deflateRawSync(bytes).length > bytes.length * 0.95;
    }),
    { seed: 31, numRuns: 200 },
  );
});
