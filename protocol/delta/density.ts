/** Samples are runs of neighbours: a stride would see only one half of 16-bit values. */
const runs = 8;
const runBytes = 512;
const sampleBytes = runs * runBytes;
/** Of 8: what Huffman coding could save at most is then under four per cent. */
const denseBitsPerByte = 7.7;
const counts = new Uint32Array(256);
/** Repetitions are looked for from here on, as far as deflate could refer back to them. */
const anchors = [0, 0.3, 0.6];
const anchorBytes = 8;
const reachBytes = 32 * 1024;

/**
 * True when compressing `bytes` would be of no use: their values are spread as evenly as those of
 * archives, pictures and ciphers, and they do not repeat. Looks at 4 KiB and for the repetition of
 * three places; what is shorter is never taken for dense.
 */
export function isDense(bytes: Uint8Array): boolean {
  if (bytes.length < sampleBytes) return false;
  counts.fill(0);
  const step = Math.floor((bytes.length - runBytes) / (runs - 1));
  for (let run = 0; run < runs; run += 1) {
    const end = run * step + runBytes;
    for (let at = run * step; at < end; at += 1) {
      const value = bytes[at] as number;
      counts[value] = (counts[value] as number) + 1;
    }
  }
  return entropyOf(counts) > denseBitsPerByte && !repeats(bytes);
}

function repeats(bytes: Uint8Array): boolean {
  return anchors.some((share) => {
    const at = Math.floor(bytes.length * share);
    const ahead = Buffer.from(
      bytes.buffer,
      bytes.byteOffset + at,
      Math.min(reachBytes, bytes.length - at),
    );
    return ahead.indexOf(ahead.subarray(0, anchorBytes), anchorBytes) >= 0;
  });
}

/** Shannon's, in bits per byte, of the sample that was counted. */
function entropyOf(histogram: Uint32Array): number {
  let bits = 0;
  for (const count of histogram) if (count > 0) bits += count * Math.log2(sampleBytes / count);
  return bits / sampleBytes;
}
