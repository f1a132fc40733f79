import fc from "fast-check";
import { expect, test } from "vitest";
import { Cursor, NeedMoreBytes } from "../../../protocol/wire/cursor.ts";
import {
  FileIndexReader,
  FileIndexWriter,
  indexDeleteStats,
  indexDone,
  indexListEnd,
} from "../../../protocol/wire/file-index.ts";
import { encoded } from "../../../protocol/wire/writer.ts";
import { hex } from "../../support/bytes.ts";
import { expectTotal } from "./decoding.ts";

function encode(indices: readonly number[]): Uint8Array {
  const writer = new FileIndexWriter();
  const bytes = encoded((to) => {
    for (const index of indices) writer.write(to, index);
  });
  return Uint8Array.from(bytes);
}

/** Reads all indices; each is first cut short at every byte, which must change nothing. */
function decode(bytes: Uint8Array): number[] {
  const reader = new FileIndexReader();
  const indices: number[] = [];
  for (let start = 0; start < bytes.length; ) {
    const whole = new Cursor(bytes, start);
    const index = reader.read(whole);
    for (let cut = start; cut < whole.offset; cut += 1) {
      expect(() => reader.read(new Cursor(bytes.subarray(0, cut), start))).toThrow(NeedMoreBytes);
    }
    reader.accept(index);
    indices.push(index);
    start = whole.offset;
  }
  return indices;
}

// Sequences, each in a fresh session (spec 1 §5).
test.each([
  [[0, 1, indexDone, 2, 255], "01 01 00 01 fd"],
  [[509, 1000], "fe01fe fe01eb"],
  [[40_000, 39_999, 39_999], "fe80409c00 fe803f9c00 fe0000"],
  [[40_000, 70_000], "fe80409c00 fe7530"],
  [[indexListEnd, -101], "ff01 ff63"],
  [[-102, -103, indexListEnd], "ff65 ff01 fffe80020000"],
  [[indexDeleteStats, indexDone], "ff02 00"],
  [[0, indexListEnd, 1], "01 ff01 01"],
])("indices %j are %s on the wire", (indices, bytes) => {
  expect(encode(indices)).toEqual(hex(bytes));
  expect(decode(hex(bytes))).toEqual(indices);
});

test("any sequence of indices survives the round trip", () => {
  const near = fc.nat(600);
  const far = fc.nat(0x7fffffff);
  const negative = fc.integer({ min: -0x7fffffff, max: -1 });
  const sequence = fc.array(fc.oneof(near, far, negative), { maxLength: 20 });
  fc.assert(
    fc.property(sequence, (indices) => {
      expect(decode(encode(indices))).toEqual(indices);
    }),
    { seed: 5, numRuns: 300 },
  );
});

test("garbage is a value or too short", () => {
  expectTotal((from) => {
    const reader = new FileIndexReader();
    for (;;) reader.accept(reader.read(from));
  });
});
