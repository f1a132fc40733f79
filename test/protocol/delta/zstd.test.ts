import * as zlib from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openTokens, tokenCompressions } from "../../../protocol/delta/compression.ts";
import type { TokenWriter } from "../../../protocol/delta/tokens.ts";
import { hasZstd } from "../../../protocol/delta/zstd.ts";
import { encoded } from "../../../protocol/wire/writer.ts";
import { hex } from "../../support/bytes.ts";
import { random } from "../../support/random.ts";
import { readFrames } from "./frames.ts";
import { recordedFiles } from "./recorded.ts";
import { contentOf } from "./vectors.mjs";

const none = new Uint8Array(0);
const { zstdDecompressSync } = zlib as unknown as {
  zstdDecompressSync: ((bytes: Uint8Array) => Buffer) | undefined;
};

/** All literals of a session: its data is one frame, which nobody ends. */
function literalsOf(bytes: Uint8Array): Buffer {
  const data = readFrames(bytes).flatMap((frame) => ("data" in frame ? [frame.data] : []));
  return zstdDecompressSync?.(Buffer.concat([...data, hex("01 00 00")])) ?? Buffer.alloc(0);
}

function session(write: (tokens: TokenWriter) => void, level?: number): Uint8Array {
  return encoded((to) => write(openTokens("zstd", to, level)));
}

test("it is used where Node has it, and preferred", () => {
  expect(hasZstd).toBe("createZstdCompress" in zlib);
  expect(tokenCompressions[0]).toBe(hasZstd ? "zstd" : "zlibx");
  expect(tokenCompressions.includes("zstd")).toBe(hasZstd);
});

test.runIf(!hasZstd)("where Node has no zstd, a session with it is refused", () => {
  expect(() => session(() => undefined)).toThrowError(
    expect.objectContaining({ code: "PROTOCOL_MISMATCH" }),
  );
});

describe.runIf(hasZstd)("where Node has zstd", () => {
  // Written by the sender of rsync 3.5.0.
  test("compresses as rsync does", () => {
    const bytes = session((tokens) => {
      for (const block of [0, 1]) tokens.match(block, none);
      tokens.literal(Buffer.from("XYZ"));
      for (const block of [2, 3, 4]) tokens.match(block, none);
      tokens.end();
    });
    expect(Uint8Array.from(bytes)).toEqual(
      hex("c0 01 00  40 0c 28 b5 2f fd 00 58 18 00 00 58 59 5a  c1 02 00  00"),
    );
  });

  test("rsync's own sessions are one frame, too", () => {
    const bytes = Buffer.concat(recordedFiles.map(({ zstd }) => Buffer.from(zstd, "hex")));
    const literals = literalsOf(bytes).toString("latin1");
    const whole = recordedFiles.find(({ name }) => name === "whole");
    expect(literals.endsWith(contentOf(whole?.file ?? []).toString("latin1"))).toBe(true);
  });

  test("literals of any length come back, file after file", () => {
    const file = fc.tuple(fc.nat(1000), fc.nat(600_000));
    fc.assert(
      fc.property(fc.array(file, { minLength: 1, maxLength: 3 }), fc.boolean(), (files, noisy) => {
        const contents = files.map(([seed, length]) =>
          noisy ? random(seed).bytes(length) : Buffer.alloc(length, `file ${seed}\n`),
        );
        const bytes = session((tokens) => {
          for (const content of contents) {
            tokens.literal(content);
            tokens.match(9, none);
            tokens.literal(content.subarray(0, 100));
            tokens.end();
          }
        }, 1);
        const wanted = contents.flatMap((content) => [content, content.subarray(0, 100)]);
        expect(literalsOf(bytes).equals(Buffer.concat(wanted))).toBe(true);
      }),
      { seed: 31, numRuns: 20 },
    );
  });

  test("a file refers to the files before it", () => {
    const content = random(32).bytes(10_000);
    const send = (tokens: TokenWriter) => {
      tokens.literal(content);
      tokens.end();
    };
    const once = session(send).length;
    const twice = session((tokens) => {
      send(tokens);
      send(tokens);
    }).length;
    expect(twice - once).toBeLessThan(50);
  });
});

test("a compression nobody has is refused", () => {
  encoded((to) => {
    expect(() => openTokens("brotli", to, undefined)).toThrowError(
      expect.objectContaining({ code: "PROTOCOL_MISMATCH" }),
    );
  });
});
