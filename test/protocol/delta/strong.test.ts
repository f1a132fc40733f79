import { createHash } from "node:crypto";
import fc from "fast-check";
import { createXXHash64 } from "hash-wasm";
import { describe, expect, test } from "vitest";
import type { ChecksumName, LentMemory } from "../../../protocol/delta/checksum.ts";
import { md4 } from "../../../protocol/delta/md4.ts";
import { loadStrongChecksum } from "../../../protocol/delta/strong.ts";
import { hex } from "../../support/bytes.ts";

const names = ["xxh64", "xxh3", "xxh128", "md5", "md4", "sha1", "none", "old-md4"] as const;
const hello = Buffer.from("hello\n");
const seed = hex("39300000"); // 12345
const md5 = (...parts: Uint8Array[]) =>
  createHash("md5").update(Buffer.concat(parts)).digest("hex");

function load(name: ChecksumName, seedNumber = 12345, seedFix = true) {
  return loadStrongChecksum(name, seedNumber, { seedFix });
}

// What rsync 3.5.0 lists with --checksum for a file that holds "hello\n".
test.each([
  ["xxh64", "5388bd91d091c1e4"],
  ["xxh3", "2a46a2ab9a81fc99"],
  ["xxh128", "9ce4c8f135b4105a6df569e0c786ba6b"],
  ["md5", "b1946ac92492d2347c6235b4d2611184"],
  ["md4", "63481c78ae04c201fa01ea9d2b1db56d"],
  ["none", "00"],
] as const)("%s of a file is what rsync lists", async (name, digest) => {
  const strong = await load(name);
  expect(Uint8Array.from(strong.wholeFile(hello))).toEqual(hex(digest));
  expect(strong.length).toBe(hex(digest).length);
});

test.each(["xxh3", "xxh128"] as const)("%s: sums in the making do not mix", async (name) => {
  const strong = await load(name, -7);
  const parts = ["a".repeat(700), "b".repeat(3_000), "c"].map((text) => Buffer.from(text));
  const [one, two] = [strong.start(), strong.start()];
  for (const part of parts) {
    one.update(part);
    strong.block(part);
    two.update(hello);
    strong.wholeFile(part);
  }
  expect(one.digest()).toEqual(strong.wholeFile(Buffer.concat(parts)));
  expect(two.digest()).toEqual(strong.wholeFile(Buffer.concat([hello, hello, hello])));
  expect(strong.block(hello)).not.toEqual(strong.wholeFile(hello));
});

test("old-md4 puts the seed before a file and after a block", async () => {
  const strong = await load("old-md4");
  expect(strong.wholeFile(hello)).toEqual(md4(Buffer.concat([seed, hello])));
  expect(strong.block(hello)).toEqual(md4(Buffer.concat([hello, seed])));
});

test("md5 blocks begin with the seed where the order is fixed, and end with it elsewhere", async () => {
  const fixed = await load("md5", 12345, true);
  const older = await load("md5", 12345, false);
  expect(Buffer.from(fixed.block(hello)).toString("hex")).toBe(md5(seed, hello));
  expect(Buffer.from(older.block(hello)).toString("hex")).toBe(md5(hello, seed));
});

test("a seed of zero leaves md5 blocks as they are", async () => {
  const strong = await load("md5", 0);
  expect(Buffer.from(strong.block(hello)).toString("hex")).toBe(md5(hello));
});

test("blocks too long to be joined with the seed have the same kind of sum", async () => {
  const long = Buffer.alloc(300_000, "rsync");
  const strong = await load("md5");
  expect(Buffer.from(strong.block(long)).toString("hex")).toBe(md5(seed, long));
});

const seeded = { 0: await createXXHash64(0, 0), 12345: await createXXHash64(12345, 0) };
const reference = (data: Uint8Array, by: keyof typeof seeded) =>
  seeded[by].init().update(data).digest();
const shown = (sum: Uint8Array) => Buffer.from(sum).reverse().toString("hex");

test("a negative seed is widened with its sign", async () => {
  const negative = await load("xxh64", -5);
  const widened = await createXXHash64(0xfffffffb, 0xffffffff);
  expect(shown(negative.block(hello))).toBe(widened.update(hello).digest());
});

test("xxh64 is the same in whatever chunks, with others in between", async () => {
  const strong = await load("xxh64");
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.uint8Array({ minLength: 60_000, maxLength: 150_000, size: "max" }),
  );
  const lengths = fc.array(fc.integer({ min: 0, max: 70_000 }));
  fc.assert(
    fc.property(bytes, lengths, (data, chunks) => {
      const digest = strong.start();
      let at = 0;
      for (const length of [...chunks, data.length]) {
        digest.update(data.subarray(at, at + length));
        at = Math.min(at + length, data.length);
        expect(shown(strong.block(data))).toBe(reference(data, 12345));
      }
      const expected = reference(data, 0);
      expect([digest.digest(), strong.wholeFile(data)].map(shown)).toEqual([expected, expected]);
    }),
    { numRuns: 60, seed: 4 },
  );
});

test("xxh64 lends memory, each part of it to one at a time, and sums what lies there", async () => {
  const strong = await load("xxh64");
  const lent: LentMemory[] = [];
  for (let one = strong.lend?.(); one !== undefined; one = strong.lend?.()) lent.push(one);
  expect(lent).toHaveLength(16);
  for (const [at, { bytes }] of lent.entries()) bytes.fill(at + 1);
  const digest = (lent[0] as LentMemory).start();
  const parts = lent.map(({ bytes }, at) => bytes.subarray(at, bytes.length - 3 * at));
  for (const part of parts) digest.update(part);
  const copies = parts.map((part) => Buffer.from(part));
  for (const [at, copy] of copies.entries()) expect(new Set(copy)).toEqual(new Set([at + 1]));
  expect(shown(digest.digest())).toBe(reference(Buffer.concat(copies), 0));
  for (const [at, part] of parts.entries()) {
    expect(shown(strong.wholeFile(part))).toBe(reference(copies[at] as Buffer, 0));
  }
  lent[0]?.release();
  lent[0]?.release();
  const again = strong.lend?.();
  expect(again?.bytes.byteOffset).toBe(lent[0]?.bytes.byteOffset);
  expect(strong.lend?.()).toBeUndefined();
  for (const one of [...lent.slice(1), again]) one?.release();
});

describe.each(names)("%s", (name) => {
  test("a file in chunks has the sum of the whole", async () => {
    const strong = await load(name);
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (chunks) => {
        const digest = strong.start();
        for (const chunk of chunks) digest.update(chunk);
        expect(digest.digest()).toEqual(strong.wholeFile(Buffer.concat(chunks)));
      }),
      { seed: 64, numRuns: 50 },
    );
  });

  test("files larger than any piece have the sum of their chunks", async () => {
    const strong = await load(name);
    const file = Buffer.alloc(600_001, "0123456789abcdef!");
    const digest = strong.start();
    digest.update(file.subarray(0, 7));
    digest.update(file.subarray(7));
    expect(digest.digest()).toEqual(strong.wholeFile(file));
  });

  test("results are the caller's: later sums do not change them", async () => {
    const strong = await load(name);
    const first = strong.block(hello);
    const copy = Uint8Array.from(first);
    strong.block(Buffer.from("other"));
    strong.wholeFile(Buffer.from("another"));
    expect(Uint8Array.from(first)).toEqual(copy);
  });
});
