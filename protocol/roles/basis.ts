import fs from "node:fs";
import { chooseBlockLength, chooseStrongLength, classicStrongLength } from "../delta/block-size.ts";
import type { StrongChecksum } from "../delta/checksum.ts";
import { weakSum } from "../delta/rolling.ts";
import { type SumHead, writeSumHead } from "../delta/sums.ts";
import type { Output } from "../mux/mux.ts";
import type { Pace } from "./pace.ts";

export interface HeadOptions {
  readonly protocol: number;
  readonly digestLength: number;
  /** `-B`; default by the size. */
  readonly blockSizeBytes?: number | undefined;
  /** Strong sums at full length: short ones were not enough. */
  readonly isRedo: boolean;
}

/** How a basis of `size` bytes, more than 0, is cut into blocks (spec 2 §3.2, 3.3). */
export function describeBasis(size: number, options: HeadOptions): SumHead {
  const { protocol, digestLength, blockSizeBytes, isRedo } = options;
  const blockLength = blockSizeBytes ?? chooseBlockLength(size, protocol);
  const strongLength = isRedo
    ? Math.min(classicStrongLength, digestLength)
    : chooseStrongLength(size, blockLength, digestLength);
  const count = Math.ceil(size / blockLength);
  return { count, blockLength, strongLength, remainder: size % blockLength };
}

/**
 * Writes the sums of all blocks of an open basis. A file that has become shorter meanwhile has
 * zeros at its end: the whole file's sum will tell.
 */
export async function writeBasisSums(
  output: Output,
  descriptor: number,
  head: SumHead,
  strong: StrongChecksum,
  pace: Pace,
): Promise<void> {
  const { count, blockLength, remainder } = head;
  const block = Buffer.alloc(blockLength);
  const signed = new Int8Array(block.buffer, block.byteOffset, blockLength);
  writeSumHead(output, head);
  for (let at = 0; at < count; at += 1) {
    const length = at === count - 1 && remainder > 0 ? remainder : blockLength;
    const read = fs.readSync(descriptor, block, 0, length, at * blockLength);
    if (read < length) block.fill(0, read, length);
    output.int32(weakSum(signed, 0, length) | 0);
    output.bytes(strong.block(block.subarray(0, length)).subarray(0, head.strongLength));
    pace.spend(length);
    if (pace.isDue) await pace.take();
  }
}
