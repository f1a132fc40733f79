import type { StrongChecksum } from "../../../protocol/delta/checksum.ts";
import { weakSum } from "../../../protocol/delta/rolling.ts";
import { BlockSums } from "../../../protocol/delta/sums.ts";
import { Cursor } from "../../../protocol/wire/cursor.ts";
import { encoded } from "../../../protocol/wire/writer.ts";

/** One token, as a receiver sees it. */
export type Token = { literal: Buffer } | { block: number };

/** What a generator says about `basis`. */
export function describeBasis(
  basis: Uint8Array,
  strong: StrongChecksum,
  { blockLength = 700, strongLength = strong.length } = {},
): BlockSums {
  const count = Math.ceil(basis.length / blockLength);
  const remainder = basis.length % blockLength;
  const signed = new Int8Array(Uint8Array.from(basis).buffer);
  const bytes = encoded((to) => {
    for (let at = 0; at < basis.length; at += blockLength) {
      const end = Math.min(at + blockLength, basis.length);
      to.int32(weakSum(signed, at, end));
      to.bytes(strong.block(basis.subarray(at, end)).subarray(0, strongLength));
    }
  });
  return sumsOf({ count, blockLength, strongLength, remainder }, bytes);
}

/** Sums a peer may have made up. */
export function sumsOf(
  head: { count: number; blockLength: number; strongLength: number; remainder: number },
  bytes: Uint8Array,
): BlockSums {
  const sums = new BlockSums({ ...head, announcedStrongLength: head.strongLength });
  sums.read(new Cursor(bytes));
  return sums;
}

/** The new file, put together from tokens as a receiver does it. */
export function rebuild(tokens: readonly Token[], basis: Uint8Array, sums: BlockSums): Buffer {
  return Buffer.concat(
    tokens.map((token) => {
      if ("literal" in token) return token.literal;
      const from = token.block * sums.head.blockLength;
      return basis.subarray(from, from + sums.blockLength(token.block));
    }),
  );
}

/** How many bytes of the file travel. */
export function literalLength(tokens: readonly Token[]): number {
  return tokens.reduce((sum, token) => sum + ("literal" in token ? token.literal.length : 0), 0);
}
