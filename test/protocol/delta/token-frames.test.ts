import fc from "fast-check";
import { expect, test } from "vitest";
import { TokenFrames } from "../../../protocol/delta/token-frames.ts";
import { encoded } from "../../../protocol/wire/writer.ts";
import { hex } from "../../support/bytes.ts";
import { readFrames } from "./frames.ts";

function framesOf(blocks: readonly number[]): Uint8Array {
  return encoded((to) => {
    const frames = new TokenFrames(to);
    for (const block of blocks) frames.block(block);
    frames.end();
  });
}

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}

test.each([
  ["the first block", [0], "80 00"],
  ["a block near the start", [63], "bf 00"],
  ["a block far from the start", [64], "20 40 00 00 00 00"],
  ["a run", [0, 1], "c0 01 00 00"],
  ["a run far away", range(1000, 3), "21 e8 03 00 00 02 00 00"],
  ["a block before the last one", [5, 4], "85 20 04 00 00 00 00"],
  ["the same block again", [5, 5], "85 80 00"],
  ["two runs", [0, 1, 3, 4], "c0 01 00 c2 01 00 00"],
  ["a run longer than 65536", range(0, 65_537), "c0 ff ff 81 00"],
] as const)("%s is told by %#", (_what, blocks, bytes) => {
  expect(Uint8Array.from(framesOf(blocks))).toEqual(hex(bytes));
});

test("numbers start anew in the next file", () => {
  const bytes = encoded((to) => {
    const frames = new TokenFrames(to);
    for (let file = 0; file < 2; file += 1) {
      frames.block(7);
      frames.end();
    }
  });
  expect(Uint8Array.from(bytes)).toEqual(hex("87 00 87 00"));
});

test("data longer than a frame is cut at 16383 bytes", () => {
  const bytes = encoded((to) => new TokenFrames(to).data(Buffer.alloc(40_000, 7)));
  const lengths = readFrames(bytes).map((frame) => ("data" in frame ? frame.data.length : -1));
  expect(lengths).toEqual([16_383, 16_383, 7234]);
});

test("any blocks come back in their order", () => {
  const block = fc.oneof(fc.nat(200), fc.nat(0x7ffffff0));
  const runs = fc.array(fc.tuple(block, fc.integer({ min: 1, max: 5 })));
  fc.assert(
    fc.property(runs, (parts) => {
      const blocks = parts.flatMap(([from, count]) => range(from, count));
      const read = readFrames(framesOf(blocks));
      expect(read).toEqual([...blocks.map((number) => ({ block: number })), { end: true }]);
    }),
    { seed: 64 },
  );
});
