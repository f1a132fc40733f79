import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { BlockIndex, indexSize } from "../../../protocol/delta/block-index.ts";
import { PlainKernel, type ScanKernel } from "../../../protocol/delta/kernel.ts";
import { BlockSums } from "../../../protocol/delta/sums.ts";
import { openKernel } from "../../../protocol/delta/wasm-kernel.ts";
import { Cursor } from "../../../protocol/wire/cursor.ts";
import { encoded } from "../../../protocol/wire/writer.ts";
import { random } from "../../support/random.ts";
import { kernelFile, kernelModule, kernels } from "./build-kernel.mjs";

const blockLength = 16;
const windowBytes = 4000;

function sumsWith(weak: readonly number[]): BlockSums {
  const head = { count: weak.length, blockLength, strongLength: 1, remainder: 0 };
  const sums = new BlockSums({ ...head, announcedStrongLength: 1 });
  const bytes = encoded((to) => {
    for (const sum of weak) {
      to.int32(sum);
      to.uint8(sum & 0xff);
    }
  });
  sums.read(new Cursor(bytes));
  return sums;
}

/** Both kernels over the same window and the same blocks. */
function bothKernels(window: Uint8Array, weak: readonly number[]): [ScanKernel, ScanKernel] {
  const size = { windowBytes, blockLength, index: indexSize(weak.length) };
  const kernels: [ScanKernel, ScanKernel] = [new PlainKernel(size), openKernel(size)];
  for (const kernel of kernels) {
    new BlockIndex(sumsWith(weak), kernel.tables, { keepLast: false });
    kernel.window.set(window);
  }
  return kernels;
}

afterEach(() => vi.unstubAllGlobals());

test.each(kernels)("%s-wasm.ts is what its text compiles to", async (name) => {
  expect(readFileSync(kernelFile(`${name}-wasm.ts`), "utf8")).toBe(await kernelModule(name));
});

test("this Node runs the WebAssembly kernel", () => {
  expect(openKernel({ windowBytes, blockLength, index: indexSize(1) })).not.toBeInstanceOf(
    PlainKernel,
  );
});

test("without WebAssembly the search runs in TypeScript", async () => {
  vi.stubGlobal("WebAssembly", undefined);
  vi.resetModules();
  const fresh = await import("../../../protocol/delta/wasm-kernel.ts");
  const kernel = fresh.openKernel({ windowBytes, blockLength, index: indexSize(1) });
  expect(kernel.constructor.name).toBe("PlainKernel");
});

describe("both kernels agree", () => {
  const window = random(40).bytes(windowBytes);
  const [plain, wasm] = bothKernels(window, [0]);

  test("on the sum of any part of the window", () => {
    fc.assert(
      fc.property(fc.nat(windowBytes), fc.nat(windowBytes), (a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        expect(wasm.sum(from, to - from)).toBe(plain.sum(from, to - from));
      }),
      { seed: 41, numRuns: 500 },
    );
  });

  test("on where blocks may begin, and on the sum there", () => {
    const last = windowBytes - 1 - blockLength;
    const offsets = fc.array(fc.nat(last), { minLength: 1, maxLength: 20 });
    const filler = fc.array(fc.integer(), { maxLength: 300 });
    fc.assert(
      fc.property(offsets, filler, fc.nat(last), (places, others, from) => {
        const weak = [...places.map((place) => plain.sum(place, blockLength)), ...others];
        const [first, second] = bothKernels(window, weak);
        const start = first.sum(from, blockLength);
        const found = first.scan(from, last, start);
        expect(second.scan(from, last, start)).toBe(found);
        expect(second.weak).toBe(first.weak);
        expect(first.weak).toBe(first.sum(found, blockLength));
        const nearest = places.filter((place) => place >= from).sort((a, b) => a - b)[0];
        expect(found).toBeLessThanOrEqual(nearest ?? last);
        second.release();
      }),
      { seed: 42, numRuns: 200 },
    );
  });
});

test("an instance that was used before knows nothing of its last search", () => {
  const window = Buffer.alloc(windowBytes, 7);
  const [plain] = bothKernels(window, [0]);
  const [, used] = bothKernels(window, [plain.sum(0, blockLength)]);
  expect(used.scan(0, 100, used.sum(0, blockLength))).toBe(0);
  used.release();
  const [, again] = bothKernels(window, [12345]);
  expect(again.scan(0, 100, again.sum(0, blockLength))).toBe(100);
});

describe("the index", () => {
  const tablesFor = (count: number) =>
    new PlainKernel({ windowBytes: 1, blockLength, index: indexSize(count) }).tables;

  test("gives all blocks with a sum, in order, and no others", () => {
    const weak = [5, 6, 5 + 0x100, 5, 6];
    const sums = sumsWith(weak);
    sums.strong.set([1, 1, 1, 2, 1]); // block 4 is the same as block 1
    const index = new BlockIndex(sums, tablesFor(5), { keepLast: false });
    expect([index.first(5), index.after(0), index.after(3)]).toEqual([0, 3, -1]);
    expect([index.first(6), index.after(1)]).toEqual([1, -1]);
    expect(index.first(7)).toBe(-1);
  });

  test("keeps the last of equal blocks where that is wanted", () => {
    const index = new BlockIndex(sumsWith([6, 6, 6]), tablesFor(3), { keepLast: true });
    expect([index.first(6), index.after(2)]).toEqual([2, -1]);
  });

  test("keeps 64 blocks of a bucket at most, whatever a peer sends", () => {
    const count = 50_000;
    const sums = sumsWith(Array.from({ length: count }, () => 9));
    for (let block = 0; block < count; block += 1) sums.strong[block] = block & 0xff;
    const index = new BlockIndex(sums, tablesFor(count), { keepLast: false });
    let found = 0;
    for (let block = index.first(9); block >= 0; block = index.after(block)) found += 1;
    expect(found).toBe(64);
  });
});
