import fc from "fast-check";
import { expect, test } from "vitest";
import { PlainTokens } from "../../../protocol/delta/tokens.ts";
import { encoded } from "../../../protocol/wire/writer.ts";
import { hex } from "../../support/bytes.ts";

const none = new Uint8Array(0);

test("a changed file is the token stream an rsync 3.5.0 sender gives", () => {
  const bytes = encoded((to) => {
    const tokens = new PlainTokens(to);
    tokens.match(0);
    tokens.match(1);
    tokens.literal(Buffer.from("XYZ"));
    for (const block of [2, 3, 4]) tokens.match(block);
    tokens.end();
  });
  expect(Uint8Array.from(bytes)).toEqual(
    hex(`ff ff ff ff  fe ff ff ff  03 00 00 00  58 59 5a
         fd ff ff ff  fc ff ff ff  fb ff ff ff  00 00 00 00`),
  );
});

test("an empty literal is nothing: a length of zero would end the file", () => {
  expect(encoded((to) => new PlainTokens(to).literal(none))).toHaveLength(0);
});

test("literals are cut into pieces of at most 32768 bytes", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000 }), (length) => {
      const file = Buffer.alloc(length, "abcdefg");
      const bytes = Buffer.from(encoded((to) => new PlainTokens(to).literal(file)));
      const pieces: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += 4 + (pieces.at(-1)?.length ?? 0)) {
        pieces.push(bytes.subarray(at + 4, at + 4 + bytes.readInt32LE(at)));
      }
      expect(Buffer.concat(pieces).equals(file)).toBe(true);
      expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(32_768);
    }),
    { seed: 32_768, numRuns: 20 },
  );
});
