import fc from "fast-check";
import { expect, test } from "vitest";
import { openTokens } from "../../../protocol/delta/compression.ts";
import { encoded } from "../../../protocol/wire/writer.ts";
import { hex } from "../../support/bytes.ts";
import { random } from "../../support/random.ts";
import { lz4Literal, readFrames } from "./frames.ts";

const none = new Uint8Array(0);

function literals(...parts: Uint8Array[]): Uint8Array {
  return encoded((to) => {
    const tokens = openTokens("lz4", to, undefined);
    for (const part of parts) tokens.literal(part);
    tokens.end();
  });
}

function decode(bytes: Uint8Array): Buffer {
  return Buffer.concat(readFrames(bytes).map((frame) => lz4Literal(frame)));
}

// Written by the sender of rsync 3.5.0.
test("compresses as rsync does", () => {
  const bytes = encoded((to) => {
    const tokens = openTokens("lz4", to, undefined);
    for (const block of [0, 1]) tokens.match(block, none);
    tokens.literal(Buffer.from("XYZ"));
    for (const block of [2, 3, 4]) tokens.match(block, none);
    tokens.end();
  });
  expect(Uint8Array.from(bytes)).toEqual(hex("c0 01 00 40 04 30 58 59 5a c1 02 00 00"));
  expect(Uint8Array.from(literals(Buffer.from("hello world\n")))).toEqual(
    hex("40 0d c0 68 65 6c 6c 6f 20 77 6f 72 6c 64 0a 00"),
  );
});

test("any literals come back", () => {
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc
      .tuple(fc.uint8Array({ minLength: 1, maxLength: 5 }), fc.nat(8000))
      .map(([bytes, length]) => Buffer.alloc(length, bytes)),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      expect(decode(literals(...parts)).equals(Buffer.concat(parts))).toBe(true);
    }),
    { seed: 4, numRuns: 300 },
  );
});

test("the last five bytes are literals and the last match begins twelve before the end", () => {
  // LZ4's own decoders count on both.
  const block = readFrames(literals(Buffer.alloc(100, "a")))[0];
  expect(block).toEqual({ data: Buffer.from(hex("1f 61 01 00 4b 50 61 61 61 61 61")) });
});

test("incompressible pieces are halved until they fit into a chunk", () => {
  const noise = random(30).bytes(50_000);
  const bytes = literals(noise);
  expect(decode(bytes).equals(noise)).toBe(true);
  const lengths = readFrames(bytes).map((frame) => ("data" in frame ? frame.data.length : 0));
  expect(Math.max(...lengths)).toBeLessThanOrEqual(16_383);
});

test("text becomes smaller", () => {
  const text = Buffer.from("a rolling stone gathers no moss, ".repeat(3000));
  expect(literals(text).length).toBeLessThan(text.length / 50);
});
