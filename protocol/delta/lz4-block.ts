import { RsyncError } from "../errors.ts";

const minMatch = 4;
const longLength = 15;

/**
 * Decompresses one LZ4 block of at most `limit` bytes.
 *
 * @throws {RsyncError} BAD_STREAM for what is no such block.
 *
 * Wire: protocol 31 and later, `--compress-choice=lz4` (spec 2 §4.5).
 */
export function decompressLz4(block: Uint8Array, limit: number): Uint8Array {
  const out = new Uint8Array(limit);
  let at = 0;
  let length = 0;
  const lengthFrom = (low: number): number => {
    let total = low;
    if (low < longLength) return total;
    for (let byte = 255; byte === 255; ) {
      byte = byteAt(block, at++);
      total += byte;
    }
    return total;
  };
  while (at < block.length) {
    const token = byteAt(block, at++);
    const literals = lengthFrom(token >>> 4);
    if (at + literals > block.length || length + literals > limit) throw badBlock();
    out.set(block.subarray(at, at + literals), length);
    at += literals;
    length += literals;
    if (at === block.length) break; // the last sequence has literals only
    const distance = byteAt(block, at) | (byteAt(block, at + 1) << 8);
    at += 2;
    const copied = lengthFrom(token & longLength) + minMatch;
    if (distance === 0 || distance > length || length + copied > limit) throw badBlock();
    // byte by byte: a copy may run into what it has just written
    for (let end = length + copied; length < end; length += 1) {
      out[length] = out[length - distance] as number;
    }
  }
  return out.subarray(0, length);
}

function byteAt(block: Uint8Array, at: number): number {
  const byte = block[at];
  if (byte === undefined) throw badBlock();
  return byte;
}

function badBlock(): RsyncError {
  return new RsyncError(
    "BAD_STREAM",
    "Cannot decompress what the other side sent: it is no LZ4 block",
  );
}
