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
  let i = from;
  // The sums may wrap at 2^32: only their low halves are kept, and 2^16 divides 2^32. Four bytes
  // at a time, each sum waits for itself once instead of four times.
  for (; i + 4 <= to; i += 4) {
    const a = window[i] as number;
    const ab = a + (window[i + 1] as number);
    const abc = ab + (window[i + 2] as number);
    const abcd = abc + (window[i + 3] as number);
    s2 = (s2 + 4 * s1 + a + ab + abc + abcd) | 0;
    s1 = (s1 + abcd) | 0;
  }
  for (; i < to; i += 1) {
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
