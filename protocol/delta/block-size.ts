/** Bytes of a strong sum that rsync announces at most, even where its digest is shorter. */
export const classicStrongLength: number = 16;

/** The longest block that is allowed, in bytes. */
export function longestBlockLength(protocol: number): number {
  return protocol < 30 ? 2 ** 29 : 128 * 1024;
}

/** Smallest block length that is chosen; files up to its square use it. */
const minBlockLength = 700;

/**
 * The block length rsync's generator chooses for a basis of `size` bytes: about the square root,
 * a multiple of 8.
 *
 * Compared with real daemons at protocols 29 and 32 (fixtures/wire/delta-heads.json).
 */
export function chooseBlockLength(size: number, protocol: number): number {
  if (size <= minBlockLength ** 2) return minBlockLength;
  const root = Math.floor(Math.sqrt(size) / 8) * 8;
  return Math.min(longestBlockLength(protocol), Math.max(minBlockLength, root));
}

/**
 * How many bytes of each strong sum rsync's generator sends: enough that a false match is unlikely
 * over all pairs of blocks and offsets, at least two.
 */
export function chooseStrongLength(
  size: number,
  blockLength: number,
  digestLength: number,
): number {
  const bits = 10 + 2 * floorLog2(size) - floorLog2(blockLength);
  const bytes = Math.floor((bits - 24) / 8); // 32 of the bits are the weak sum's
  return Math.min(Math.max(bytes, 2), classicStrongLength, digestLength);
}

function floorLog2(value: number): number {
  let log = 0;
  for (let rest = value; rest >= 2; rest /= 2) log += 1;
  return log;
}
