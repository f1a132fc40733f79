import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  BlockSums,
  basisLength,
  maxKeptBlocks,
  type ReadSumHead,
  readSumHead,
  writeSumHead,
} from "../../../protocol/delta/sums.ts";
import { RsyncError } from "../../../protocol/errors.ts";
import { Cursor, NeedMoreBytes } from "../../../protocol/wire/cursor.ts";
import { encoded } from "../../../protocol/wire/writer.ts";
import { expectDecodes, hex } from "../../support/bytes.ts";

// From a request of an rsync 3.5.0 daemon for a 3500-byte basis (md5, --checksum-seed=12345).
const headBytes = hex("05 00 00 00  bc 02 00 00  02 00 00 00  00 00 00 00");
const head: ReadSumHead = {
  count: 5,
  blockLength: 700,
  strongLength: 2,
  remainder: 0,
  announcedStrongLength: 2,
};
const sumBytes = hex(
  "dd fe 08 0d 60 d8 45 fa 81 85 af 68 9c ff ec 79 7c 24 0e f4 4e cb e6 22 a6 fa 2e 74 de 24",
);

function headOf(...values: number[]): Uint8Array {
  return encoded((to) => {
    for (const value of values) to.int32(value);
  });
}

function outcomeOf(read: () => ReadSumHead): unknown {
  try {
    return basisLength(read());
  } catch (error) {
    return error;
  }
}

function isExpected(outcome: unknown): boolean {
  if (typeof outcome === "number") return outcome >= 0;
  return outcome instanceof RsyncError || outcome instanceof NeedMoreBytes;
}

describe("sum head", () => {
  test("is read from a real request, and echoed as it came", () => {
    expectDecodes((from) => readSumHead(from, 16), headBytes, head);
    expect(encoded((to) => writeSumHead(to, head))).toEqual(Buffer.from(headBytes));
  });

  test("sixteen announced bytes of an eight-byte digest are read as 16 and echoed as 8", () => {
    const clamped = readSumHead(new Cursor(headOf(1, 700, 16, 0)), 8);
    expect(clamped).toMatchObject({ strongLength: 8, announcedStrongLength: 16 });
    expect(encoded((to) => writeSumHead(to, clamped))).toEqual(Buffer.from(headOf(1, 700, 8, 0)));
  });

  test.each([
    ["a negative count", [-2147483648, 700, 2, 0], 32],
    ["blocks without length", [1, 0, 2, 0], 32],
    ["a negative block length", [1, -1, 2, 0], 32],
    ["blocks above 128 KiB", [1, 131_073, 2, 0], 30],
    ["blocks above 512 MiB below protocol 30", [1, 2 ** 29 + 1, 2, 0], 29],
    ["no strong sum", [1, 700, 0, 0], 32],
    ["a strong sum longer than any", [1, 700, 17, 0], 32],
    ["a negative strong sum length", [1, 700, -1, 0], 32],
    ["a remainder longer than the block", [1, 700, 2, 701], 32],
    ["a negative remainder", [1, 700, 2, -1], 32],
  ] as const)("%s is refused", (_what, values, protocol) => {
    expect(() => readSumHead(new Cursor(headOf(...values)), 8, protocol)).toThrowError(
      expect.objectContaining({ code: "BAD_STREAM", offset: 0 }),
    );
  });

  test("the empty head means: send everything", () => {
    expect(readSumHead(new Cursor(headOf(0, 0, 0, 0)), 16)).toMatchObject({ count: 0 });
  });

  test("garbage gives a head, NeedMoreBytes or RsyncError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), fc.integer({ min: 27, max: 32 }), (bytes, p) =>
        isExpected(outcomeOf(() => readSumHead(new Cursor(bytes), 8, p))),
      ),
      { seed: 31 },
    );
  });

  test.each([
    [head, 3500],
    [{ ...head, remainder: 1 }, 2801],
    [{ ...head, count: 0, blockLength: 0 }, 0],
  ])("tells how long the basis is", (described, length) => {
    expect(basisLength(described)).toBe(length);
  });
});

describe("block sums", () => {
  test("are read from a real request", () => {
    const sums = new BlockSums(head);
    expect(sums.read(new Cursor(sumBytes))).toBe(true);
    expect([...sums.weak.subarray(0, 2)]).toEqual([0x0d08fedd, 0x8581fa45]);
    expect(sums.strong).toEqual(hex("60d8 af68 7c24 e622 de24"));
  });

  test("arrive in pieces cut anywhere", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 30 }), (pieces) => {
        const sums = new BlockSums(head);
        let [read, arrived, complete] = [0, 0, false];
        for (const piece of pieces) {
          if (complete) break;
          arrived = Math.min(arrived + piece, sumBytes.length);
          const cursor = new Cursor(sumBytes.subarray(0, arrived), read);
          complete = sums.read(cursor);
          read = cursor.offset;
        }
        expect(complete).toBe(true);
        expect(sums.strong).toEqual(hex("60d8 af68 7c24 e622 de24"));
      }),
      { seed: 700 },
    );
  });

  test("only the comparable part of longer sums is kept", () => {
    const sums = new BlockSums({ ...head, count: 2, strongLength: 1, announcedStrongLength: 3 });
    expect(sums.read(new Cursor(hex("01000000 aabbcc 02000000 ddeeff")))).toBe(true);
    expect(sums.strong).toEqual(hex("aa dd"));
  });

  test("a request without blocks has no sums to wait for", () => {
    expect(new BlockSums({ ...head, count: 0 }).read(new Cursor(new Uint8Array(0)))).toBe(true);
  });

  test("memory follows what arrives, not what is announced", () => {
    const sums = new BlockSums({ ...head, count: 0x7fffffff });
    expect(sums.read(new Cursor(sumBytes))).toBe(false);
    expect(sums.kept).toBe(5);
    expect(sums.weak.length).toBeLessThanOrEqual(1024);
  });

  test("sums past the limit are read but not kept", () => {
    const announced = maxKeptBlocks + 100_000;
    const sums = new BlockSums({ ...head, count: announced });
    const piece = new Uint8Array(6 * 100_000);
    for (let left = announced; left > 0; left -= 100_000) {
      const cursor = new Cursor(piece.subarray(0, 6 * Math.min(left, 100_000)));
      expect(sums.read(cursor)).toBe(left <= 100_000);
      expect(cursor.available).toBe(0);
    }
    expect(sums.kept).toBe(maxKeptBlocks);
    expect(sums.weak.length).toBe(maxKeptBlocks);
  });

  test("only the last block is short", () => {
    const sums = new BlockSums({ ...head, remainder: 10 });
    expect([sums.blockLength(3), sums.blockLength(4)]).toEqual([700, 10]);
    expect(new BlockSums(head).blockLength(4)).toBe(700);
  });
});
