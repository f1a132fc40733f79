/**
 * rsync's weak checksum of `window[from … to)`: cheap to move on by one byte.
 *
 * The bytes count as *signed*. The low half is their sum, the high half the sum of all prefix sums,
 * both modulo 2^16. Returns an unsigned 32-bit number.
 *
 * Wire: every protocol (spec: rsync's technical report, "rolling checksum").
 */
export function weakSum(window: Int8Array, from: number, to: number): number {
  let s1 = 0;
  let s2 = 0;
  // The sums may wrap at 2^32: only their low halves are kept, and 2^16 divides 2^32.
  for (let i = from; i < to; i += 1) {
    s1 = (s1 + (window[i] as number)) | 0;
    s2 = (s2 + s1) | 0;
  }
  return joinHalves(s1, s2);
}

/** The weak sum one byte further on: `left` falls out at the front, `entered` comes in. */
export function rollWeakSum(sum: number, length: number, left: number, entered: number): number {
  const s1 = sum + entered - left;
  const s2 = (sum >>> 16) + s1 - Math.imul(length, left);
  return joinHalves(s1, s2);
}

function joinHalves(s1: number, s2: number): number {
  return ((s1 & 0xffff) | (s2 << 16)) >>> 0;
}
