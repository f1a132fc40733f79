import * as zlib from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openTokens, tokenCompressions } from "../../../protocol/delta/compression.ts";
import { hasZstd } from "../../../protocol/delta/zstd.ts";
import { encoded } from "../../../protocol/wire/writer.ts";
import { hex } from "../../support/bytes.ts";
import { random } from "../../support/random.ts";
import { readFrames } from "./frames.ts";

const none = new Uint8Array(0);

describe.runIf(hasZstd)("where Node has zstd", () => {
  const { zstdDecompressSync } = zlib as unknown as {
    zstdDecompressSync: (bytes: Uint8Array) => Buffer;
  };
  /** Node's decoder stops after one frame, so each literal is decoded by itself. */
  const decode = (bytes: Uint8Array) => {
    const literals: Buffer[][] = [[]];
    for (const frame of readFrames(bytes)) {
      if ("data" in frame) literals.at(-1)?.push(frame.data);
      else literals.push([]);
    }
    const written = literals.filter((chunks) => chunks.length > 0);
    return Buffer.concat(written.map((chunks) => zstdDecompressSync(Buffer.concat(chunks))));
  };

  test("it is preferred", () => {
    expect(tokenCompressions[0]).toBe("zstd");
  });

  test("literals of any length come back", () => {
    const piece = fc.tuple(fc.nat(1000), fc.nat(262_144));
    fc.assert(
      fc.property(piece, ([seed, length]) => {
        const file = random(seed).bytes(length);
        const bytes = encoded((to) => {
          const tokens = openTokens("zstd", to, 1);
          tokens.literal(file);
          tokens.match(9, none);
          tokens.literal(file.subarray(0, 100));
          tokens.end();
        });
        const expected = Buffer.concat([file, file.subarray(0, 100)]);
        expect(decode(bytes).equals(expected)).toBe(true);
      }),
      { seed: 31, numRuns: 20 },
    );
  });

  test("matches stand between the literals as rsync has them", () => {
    const bytes = encoded((to) => {
      const tokens = openTokens("zstd", to, undefined);
      for (const block of [0, 1]) tokens.match(block, none);
      tokens.literal(Buffer.from("XYZ"));
      for (const block of [2, 3, 4]) tokens.match(block, none);
      tokens.end();
    });
    expect(Uint8Array.from(bytes.subarray(0, 3))).toEqual(hex("c0 01 00"));
    expect(Uint8Array.from(bytes.subarray(-4))).toEqual(hex("c1 02 00 00"));
  });
});

test.runIf(!hasZstd)("where Node has no zstd, it is not offered", () => {
  expect(tokenCompressions).toEqual(["zlibx", "zlib", "lz4"]);
});

test("a compression nobody has is refused", () => {
  encoded((to) => {
    expect(() => openTokens("brotli", to, undefined)).toThrowError(
      expect.objectContaining({ code: "PROTOCOL_MISMATCH" }),
    );
  });
});
