import { describe, expect, test } from "vitest";
import { chooseBlockLength, chooseStrongLength } from "../../../protocol/delta/block-size.ts";

describe("the generator's choice", () => {
  test.each([
    [500_000, 704],
    [1_000_000, 1000],
    [16_777_216, 4096],
    [1_000_000_000, 31_616],
  ])("%i bytes are cut into blocks of %i", (size, blockLength) => {
    expect(chooseBlockLength(size, 32)).toBe(blockLength);
  });

  test("blocks are at most 128 KiB long, below protocol 30 more", () => {
    expect(chooseBlockLength(2 ** 40, 30)).toBe(131_072);
    expect(chooseBlockLength(2 ** 40, 29)).toBe(2 ** 20);
  });

  test.each([
    [1, 16, 2],
    [16_000_000, 16, 2],
    [50_000_000, 16, 3],
    [1_500_000_000, 16, 3],
    [2 ** 62, 2, 2],
  ])("for %i bytes and digests of %i, %i bytes of each are sent", (size, digestLength, length) => {
    expect(chooseStrongLength(size, chooseBlockLength(size, 32), digestLength)).toBe(length);
  });
});
