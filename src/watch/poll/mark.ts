import type { Stats } from "node:fs";

/** A file system's clock ticks this often at least; what is younger may change without a trace. */
const tickMs = 100;
/** FAT, and what passes its times on, counts in two seconds. */
const coarseTickMs = 2_000;

/**
 * A number that stands for what an object was when it was looked at: a hash of the time of its last
 * change, its size, inode and mode. Two of different objects are equal once in 2^52 times.
 *
 * NaN, equal to nothing, for an object changed so recently that it can change again within the same
 * tick of the file system's clock: it counts as changed once more at the next look.
 */
export function markOf(
  { ctimeMs, size, ino, mode }: Pick<Stats, "ctimeMs" | "size" | "ino" | "mode">,
  nowMs: number,
): number {
  const tick = ctimeMs % 1_000 === 0 ? coarseTickMs : tickMs;
  if (Math.abs(nowMs - ctimeMs) < tick) return Number.NaN;
  return hashOf(ctimeMs, size, ino, mode);
}

/** The same for a directory, whose time and size tell of its names, which are compared anyway. */
export function directoryMarkOf({ ino, mode, uid, gid }: Stats): number {
  return hashOf(ino, mode, uid, gid);
}

const doubles = new Float64Array(4);
const words = new Uint32Array(doubles.buffer);

function hashOf(...values: readonly [number, number, number, number]): number {
  doubles.set(values);
  let high = 0x9e3779b1;
  let low = 0x85ebca6b;
  for (const word of words) {
    high = Math.imul(high ^ word, 0xcc9e2d51);
    high ^= high >>> 15;
    low = Math.imul(low + word, 0x1b873593) ^ high;
    low ^= low >>> 13;
  }
  return (high >>> 0) * 0x100000 + (low >>> 12);
}
