/** Buckets grow by a fifth each: a percentile is right to within ten per cent. */
const growth = 1.2;
const firstBucketMs = 0.1;
const bucketCount = 110; // the last one begins at about a day
const slotMs = 10_000;
const slotCount = 30;

/** How long deliveries took, over the last five minutes; of constant size. */
export class LagWindow {
  readonly #slots = Array.from({ length: slotCount }, () => new Uint32Array(bucketCount));
  readonly #stamps = new Float64Array(slotCount).fill(-1);

  /** @param now in ms, from any clock that never goes back. */
  add(lagMs: number, now: number): void {
    const turn = Math.floor(now / slotMs);
    const slot = turn % slotCount;
    const buckets = this.#slots[slot] as Uint32Array;
    if (this.#stamps[slot] !== turn) {
      buckets.fill(0);
      this.#stamps[slot] = turn;
    }
    const bucket = bucketOf(lagMs);
    buckets[bucket] = (buckets[bucket] as number) + 1;
  }

  /** The lags in ms below which `shares` of the deliveries are; undefined when there were none. */
  percentiles(shares: readonly number[], now: number): number[] | undefined {
    const sums = this.#sums(Math.floor(now / slotMs));
    const total = sums.reduce((sum, count) => sum + count, 0);
    if (total === 0) return undefined;
    return shares.map((share) => percentile(sums, share * total));
  }

  #sums(turn: number): Float64Array {
    const sums = new Float64Array(bucketCount);
    for (const [slot, buckets] of this.#slots.entries()) {
      const age = turn - (this.#stamps[slot] as number);
      if (age >= slotCount || this.#stamps[slot] === -1) continue;
      for (let bucket = 0; bucket < bucketCount; bucket += 1) {
        sums[bucket] = (sums[bucket] as number) + (buckets[bucket] as number);
      }
    }
    return sums;
  }
}

function bucketOf(lagMs: number): number {
  if (lagMs <= firstBucketMs) return 0;
  const bucket = Math.ceil(Math.log(lagMs / firstBucketMs) / Math.log(growth));
  return Math.min(bucket, bucketCount - 1);
}

/** The middle of the bucket in which the `rank`-th smallest value lies. */
function percentile(sums: Float64Array, rank: number): number {
  let seen = 0;
  let bucket = 0;
  while (bucket < bucketCount - 1) {
    seen += sums[bucket] as number;
    if (seen >= rank) break;
    bucket += 1;
  }
  return firstBucketMs * growth ** (bucket - 0.5);
}
