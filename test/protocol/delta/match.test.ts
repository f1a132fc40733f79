import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { StrongChecksum } from "../../../protocol/delta/checksum.ts";
import { type KernelSize, PlainKernel } from "../../../protocol/delta/kernel.ts";
import { BlockMatcher, type BlockMatcherOptions } from "../../../protocol/delta/match.ts";
import { loadStrongChecksum } from "../../../protocol/delta/strong.ts";
import type { BlockSums } from "../../../protocol/delta/sums.ts";
import { openKernel } from "../../../protocol/delta/wasm-kernel.ts";
import { encoded } from "../../../protocol/wire/writer.ts";
import { random } from "../../support/random.ts";
import { describeBasis, literalLength, rebuild, sumsOf, type Token } from "./basis.ts";

const strong = await loadStrongChecksum("xxh64", 4711, { seedFix: true });

interface Search extends BlockMatcherOptions {
  readonly chunkBytes?: number;
  readonly with?: StrongChecksum;
}

const kernels = [
  ["WebAssembly", openKernel],
  ["TypeScript", (size: KernelSize) => new PlainKernel(size)],
] as const;

/** All tokens of `file`, which must be the same from both kernels. */
function search(file: Uint8Array, sums: BlockSums, options: Search = {}): Token[] {
  const [tokens, others] = kernels.map(([, kernel]) =>
    searchWith(file, sums, { ...options, kernel }),
  ) as [Token[], Token[]];
  expect(sameTokens(tokens, others)).toBe(true);
  return tokens;
}

/** The tokens from one kernel; literals that follow each other are joined. */
function searchWith(file: Uint8Array, sums: BlockSums, options: Search): Token[] {
  const { chunkBytes = 256 * 1024 } = options;
  const tokens: Token[] = [];
  const literal = (bytes: Uint8Array) => {
    const last = tokens.at(-1);
    if (last === undefined || "block" in last) tokens.push({ literal: Buffer.from(bytes) });
    else last.literal = Buffer.concat([last.literal, bytes]);
  };
  const match = (block: number) => void tokens.push({ block });
  const matcher = new BlockMatcher(sums, options.with ?? strong, { literal, match }, options);
  for (let at = 0; at < file.length; at += chunkBytes) {
    matcher.feed(file.subarray(at, at + chunkBytes));
  }
  matcher.finish();
  return tokens;
}

function blocksOf(tokens: readonly Token[]): number[] {
  return tokens.flatMap((token) => ("block" in token ? [token.block] : []));
}

/** Faster on long literals than a deep comparison. */
function sameTokens(a: readonly Token[], b: readonly Token[]): boolean {
  return a.length === b.length && a.every((token, i) => tokenText(token) === tokenText(b[i]));
}

function tokenText(token: Token | undefined): string {
  return token === undefined || "block" in token
    ? `${token?.block}`
    : token.literal.toString("latin1");
}

/** The strong checksum, counting the bytes it is asked for. */
function counting(): StrongChecksum & { summed: number } {
  const counter = {
    name: strong.name,
    length: strong.length,
    summed: 0,
    wholeFile: (data: Uint8Array) => strong.wholeFile(data),
    start: () => strong.start(),
    block(data: Uint8Array) {
      counter.summed += data.length;
      return strong.block(data);
    },
  };
  return counter;
}

describe("a file is told in blocks the peer has", () => {
  const basis = random(1).bytes(3500);

  test("an unchanged file is all its blocks in order", () => {
    const tokens = search(basis, describeBasis(basis, strong));
    expect(tokens).toEqual([0, 1, 2, 3, 4].map((block) => ({ block })));
  });

  test("an insertion costs its own bytes", () => {
    const file = Buffer.concat([basis.subarray(0, 1400), Buffer.from("XYZ"), basis.subarray(1400)]);
    expect(search(file, describeBasis(basis, strong))).toEqual([
      { block: 0 },
      { block: 1 },
      { literal: Buffer.from("XYZ") },
      { block: 2 },
      { block: 3 },
      { block: 4 },
    ]);
  });

  test("the short last block is found at the very end only", () => {
    const short = basis.subarray(0, 1500);
    const sums = describeBasis(short, strong);
    const tail = short.subarray(1400);
    const file = Buffer.concat([tail, basis.subarray(2000, 3000), tail]);
    expect(blocksOf(search(file, sums))).toEqual([2]);
    expect(rebuild(search(file, sums), short, sums)).toEqual(file);
    expect(blocksOf(search(Buffer.concat([file, file.subarray(0, 1)]), sums))).toEqual([]);
  });

  test("a file shorter than any block can still be the short last block", () => {
    const short = basis.subarray(0, 750);
    expect(search(short.subarray(700), describeBasis(short, strong))).toEqual([{ block: 1 }]);
  });

  test("a basis shorter than a block is found at the end of a longer file", () => {
    const file = basis.subarray(0, 2000);
    const tokens = search(file, describeBasis(basis.subarray(1900, 2000), strong));
    expect(tokens).toEqual([{ literal: file.subarray(0, 1900) }, { block: 0 }]);
  });

  test("an empty file has no tokens", () => {
    expect(search(new Uint8Array(0), describeBasis(basis, strong))).toEqual([]);
  });

  test("without blocks everything is literal", () => {
    const sums = describeBasis(new Uint8Array(0), strong);
    expect(search(basis, sums)).toEqual([{ literal: basis }]);
  });

  test("of equal blocks, the one after the last match is taken", () => {
    const [a, b] = [basis.subarray(0, 700), basis.subarray(700, 1400)];
    const repeated = Buffer.concat([a, b, a, b, a]);
    const sums = describeBasis(repeated, strong);
    expect(blocksOf(search(repeated, sums))).toEqual([0, 1, 2, 3, 4]);
    expect(blocksOf(search(Buffer.concat([b, a, b]), sums))).toEqual([1, 2, 3]);
  });

  test("matches come with the bytes they stand for", () => {
    const seen: Buffer[] = [];
    const keep = (bytes: Uint8Array) => void seen.push(Buffer.from(bytes));
    const emit = { literal: keep, match: (_block: number, bytes: Uint8Array) => keep(bytes) };
    const matcher = new BlockMatcher(describeBasis(basis, strong), strong, emit);
    matcher.feed(basis.subarray(100));
    matcher.finish();
    expect(Buffer.concat(seen)).toEqual(basis.subarray(100));
  });
});

/** A file made from pieces of the basis and new bytes. */
const edits = fc.array(
  fc.oneof(
    fc.record({ from: fc.nat(20_000), length: fc.nat(9_000) }),
    fc.uint8Array({ maxLength: 300 }),
  ),
  { maxLength: 8 },
);

function edited(basis: Buffer, parts: (Uint8Array | { from: number; length: number })[]): Buffer {
  const cut = (part: Uint8Array | { from: number; length: number }) =>
    part instanceof Uint8Array ? part : basis.subarray(part.from, part.from + part.length);
  return Buffer.concat(parts.map(cut));
}

test("whatever was edited, the peer rebuilds the file, and little but the edits travels", () => {
  const basis = random(2).bytes(20_123);
  fc.assert(
    fc.property(edits, fc.constantFrom(700, 704, 1000), (parts, blockLength) => {
      const sums = describeBasis(basis, strong, { blockLength, strongLength: 2 });
      const file = edited(basis, parts);
      const tokens = search(file, sums);
      expect(rebuild(tokens, basis, sums).equals(file)).toBe(true);
      const fresh = parts.reduce(
        (sum, part) => sum + (part instanceof Uint8Array ? part.length : 0),
        0,
      );
      expect(literalLength(tokens)).toBeLessThanOrEqual(fresh + 2 * blockLength * parts.length);
    }),
    { seed: 3, numRuns: 300 },
  );
});

test("the tokens do not depend on how the file is cut into chunks", () => {
  const basis = random(4).bytes(20_123);
  const sums = describeBasis(basis, strong);
  fc.assert(
    fc.property(edits, fc.integer({ min: 1, max: 3000 }), (parts, chunkBytes) => {
      const file = edited(basis, parts);
      expect(sameTokens(search(file, sums, { chunkBytes }), search(file, sums))).toBe(true);
    }),
    { seed: 5, numRuns: 60 },
  );
});

test("files of few different bytes are rebuilt too", () => {
  const few = fc.array(fc.constantFrom(0, 1, 128), { maxLength: 4000 }).map((a) => Buffer.from(a));
  fc.assert(
    fc.property(few, few, fc.integer({ min: 64, max: 90 }), (basis, file, blockLength) => {
      const sums = describeBasis(basis, strong, { blockLength });
      expect(rebuild(search(file, sums), basis, sums).equals(file)).toBe(true);
    }),
    { seed: 6, numRuns: 200 },
  );
});

test("a file many windows long is rebuilt, literals and all", () => {
  const basis = random(7).bytes(1_500_000);
  const file = Buffer.concat([
    random(8).bytes(700_000),
    basis.subarray(300_001),
    random(9).bytes(400_000),
    basis.subarray(0, 300_001),
  ]);
  const sums = describeBasis(basis, strong, { blockLength: 1224 });
  const tokens = search(file, sums);
  expect(rebuild(tokens, basis, sums).equals(file)).toBe(true);
  expect(literalLength(tokens)).toBeLessThan(1_100_000 + 4 * 1224);
});

describe("in place", () => {
  const basis = random(10).bytes(7000);

  test("a block is used only where it has not been overwritten yet", () => {
    fc.assert(
      fc.property(edits, (parts) => {
        const sums = describeBasis(basis, strong);
        const file = edited(basis, parts);
        const tokens = search(file, sums, { inplace: true });
        const disk = Buffer.alloc(Math.max(file.length, basis.length));
        basis.copy(disk);
        let at = 0;
        for (const token of tokens) {
          const from = "block" in token ? token.block * 700 : 0;
          const bytes =
            "literal" in token
              ? token.literal
              : Buffer.from(disk.subarray(from, from + sums.blockLength(token.block)));
          bytes.copy(disk, at);
          at += bytes.length;
        }
        expect(disk.subarray(0, at).equals(file)).toBe(true);
      }),
      { seed: 11, numRuns: 200 },
    );
  });

  test("blocks that stay where they are are named by their own place", () => {
    const file = Buffer.alloc(7000);
    basis.copy(file, 700, 0, 700);
    const sums = describeBasis(Buffer.alloc(7000), strong);
    expect(blocksOf(search(file, sums, { inplace: true }))).toEqual([0, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("after an insertion equal blocks further on are still used", () => {
    const file = Buffer.concat([Buffer.from("new"), Buffer.alloc(3500)]);
    const sums = describeBasis(Buffer.alloc(7000), strong);
    const tokens = search(file, sums, { inplace: true });
    expect(literalLength(tokens)).toBe(3);
  });
});

describe.each(kernels)("hostile sums cost no more than linear time in %s", (_name, kernel) => {
  const count = 100_000;

  test("a zero-filled image matches block by block", () => {
    const sums = describeBasis(Buffer.alloc(700 * 2000), strong);
    const counter = counting();
    const file = Buffer.concat([Buffer.from("x"), Buffer.alloc(700 * 2000)]);
    expect(literalLength(searchWith(file, sums, { with: counter, kernel }))).toBe(1);
    expect(counter.summed).toBeLessThanOrEqual(file.length + 700);
  });

  test("blocks of one byte are left alone: the file travels as it is", () => {
    const sums = describeBasis(Buffer.from(Array.from({ length: 256 }, (_, i) => i)), strong, {
      blockLength: 1,
    });
    const counter = counting();
    const file = Buffer.alloc(100_000, "x");
    expect(literalLength(searchWith(file, sums, { with: counter, kernel }))).toBe(file.length);
    expect(counter.summed).toBe(0);
  });

  test.each([
    ["one strong sum", () => 1],
    ["different strong sums", (block: number) => block],
  ])("100,000 equal weak sums with %s", (_what, strongOf) => {
    const bytes = encoded((to) => {
      for (let block = 0; block < count; block += 1) {
        to.int32(0); // the weak sum of zeros
        to.int32(strongOf(block));
      }
    });
    const sums = sumsOf({ count, blockLength: 131_072, strongLength: 4, remainder: 0 }, bytes);
    const counter = counting();
    const file = Buffer.alloc(2_000_000);
    expect(literalLength(searchWith(file, sums, { with: counter, kernel }))).toBe(file.length);
    expect(counter.summed).toBeLessThan(4 * file.length + 5_000_000);
  });
});
