import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openTokens } from "../../../protocol/delta/compression.ts";
import type { TokenOutput, TokenWriter } from "../../../protocol/delta/tokens.ts";
import { encoded } from "../../../protocol/wire/writer.ts";
import { hex } from "../../support/bytes.ts";
import { random } from "../../support/random.ts";
import { inflateFiles, readFrames } from "./frames.ts";

const kinds = [
  ["zlibx", false, (to: TokenOutput) => openTokens("zlibx", to, undefined)],
  ["zlib", true, (to: TokenOutput) => openTokens("zlib", to, undefined)],
] as const;

/** Text-like bytes: compressible, not trivial. */
const words = Buffer.from(
  random(20)
    .bytes(200_000)
    .map((byte) => "etaoin shrdlu\n".charCodeAt(byte % 14)),
);
const blockLength = 700;
const basis = random(21).bytes(50 * blockLength);
const blockOf = (block: number) => basis.subarray(block * blockLength, (block + 1) * blockLength);

type Part = number | Uint8Array;

function write(tokens: TokenWriter, parts: readonly Part[]): void {
  for (const part of parts) {
    if (typeof part === "number") tokens.match(part, blockOf(part));
    else tokens.literal(part);
  }
  tokens.end();
}

function fileOf(parts: readonly Part[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === "number" ? blockOf(part) : part)));
}

describe.each(kinds)("%s", (_name, feedsMatches, tokensTo) => {
  // Written by the sender of rsync 3.5.0.
  test("compresses as rsync does", () => {
    const parts = [0, 1, Buffer.from("XYZ"), 2, 3, 4];
    expect(Uint8Array.from(encoded((to) => write(tokensTo(to), parts)))).toEqual(
      hex("c0 01 00 | 40 05 8a 88 8c 02 00 | c1 02 00 | 00".replaceAll("|", "")),
    );
    const hello = encoded((to) => write(tokensTo(to), [Buffer.from("hello world\n")]));
    expect(Uint8Array.from(hello)).toEqual(
      hex("40 0e ca 48 cd c9 c9 57 28 cf 2f ca 49 e1 02 00 00"),
    );
  });

  test("an empty file is its end", () => {
    expect(Uint8Array.from(encoded((to) => write(tokensTo(to), [])))).toEqual(hex("00"));
  });

  test("any files are rebuilt by a receiver, one after the other", () => {
    const literal = fc
      .tuple(fc.nat(100_000), fc.nat(3000))
      .map(([from, length]) => words.subarray(from, from + length));
    const part = fc.oneof(fc.nat(49), literal);
    fc.assert(
      fc.property(fc.array(fc.array(part, { maxLength: 12 }), { maxLength: 3 }), (files) => {
        const bytes = encoded((to) => {
          const tokens = tokensTo(to);
          for (const parts of files) write(tokens, parts);
        });
        const rebuilt = inflateFiles(bytes, blockOf, { feedsMatches });
        expect(rebuilt.length).toBe(files.length);
        rebuilt.forEach((file, i) => {
          expect(file.equals(fileOf(files[i] ?? []))).toBe(true);
        });
      }),
      { seed: 22, numRuns: 60 },
    );
  });

  test("a literal of many pieces is one stream that reaches back across them", () => {
    const part = random(23).bytes(30_000);
    const file = Buffer.concat(Array.from({ length: 20 }, () => part)); // 600 KB
    const bytes = encoded((to) => write(tokensTo(to), [file]));
    expect(inflateFiles(bytes, blockOf, { feedsMatches })[0]?.equals(file)).toBe(true);
    expect(bytes.length).toBeLessThan(40_000);
  });

  test("a literal refers to the literals before it", () => {
    const text = words.subarray(0, 5000);
    const once = encoded((to) => write(tokensTo(to), [text, 7])).length;
    const twice = encoded((to) => write(tokensTo(to), [text, 7, text])).length;
    expect(twice - once).toBeLessThan(100);
  });
});

test("zlib literals refer to matched blocks, zlibx literals cannot", () => {
  const length = (name: string) =>
    encoded((to) => write(openTokens(name, to, undefined), [0, blockOf(0)])).length;
  expect(length("zlib")).toBeLessThan(50);
  expect(length("zlibx")).toBeGreaterThan(blockLength);
});

test("nothing refers to blocks so long that old receivers remember them wrongly", () => {
  const lengthAfter = (matched: number) =>
    encoded((to) => {
      const tokens = openTokens("zlib", to, undefined);
      const block = random(24).bytes(matched);
      tokens.match(0, block);
      tokens.literal(block.subarray(-1000));
      tokens.end();
    }).length;
  expect(lengthAfter(65_535)).toBeLessThan(100);
  expect(lengthAfter(65_536)).toBeGreaterThan(1000);
});

test("a faster level gives larger output, level 0 plain tokens", () => {
  const lengthAt = (level: number) =>
    encoded((to) => write(openTokens("zlibx", to, level), [words])).length;
  expect(lengthAt(1)).toBeGreaterThan(lengthAt(9));
  expect(lengthAt(0)).toBe(words.length + 4 * Math.ceil(words.length / 32_768) + 4);
});

test("what cannot become shorter is stored, and text behind it compressed", () => {
  const noise = random(26).bytes(300_000);
  const length = (file: Uint8Array) =>
    encoded((to) => write(openTokens("zlibx", to, undefined), [file])).length;
  expect(length(noise)).toBeLessThan(noise.length + 200);
  const mixed = Buffer.concat([noise, words]);
  expect(length(mixed)).toBeLessThan(noise.length + words.length / 1.5);
  const bytes = encoded((to) => write(openTokens("zlib", to, undefined), [mixed, 3, mixed]));
  const [file] = inflateFiles(bytes, blockOf, { feedsMatches: true });
  expect(file?.equals(Buffer.concat([mixed, blockOf(3), mixed]))).toBe(true);
});

test("no frame is longer than its length field allows", () => {
  const noise = random(25).bytes(600_000);
  const bytes = encoded((to) => write(openTokens("zlibx", to, undefined), [noise]));
  const lengths = readFrames(bytes).map((frame) => ("data" in frame ? frame.data.length : 0));
  expect(Math.max(...lengths)).toBe(16_383);
  expect(inflateFiles(bytes, blockOf, { feedsMatches: false })[0]?.equals(noise)).toBe(true);
});
