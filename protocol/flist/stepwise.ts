/** Work in steps: between two of them others may run. */
export type Stepwise<T> = Generator<undefined, T>;

/** So many entries are looked at in one step: some milliseconds. */
const perStep = 4_096;

/** Does it all at once. */
export function atOnce<T>(work: Stepwise<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/** Awaits `pace` between two steps. */
export async function paced<T>(work: Stepwise<T>, pace: () => Promise<void>): Promise<T> {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    await pace();
  }
}

/** Calls `use` with each item. */
export function* eachOf<T>(items: readonly T[], use: (item: T) => void): Stepwise<void> {
  for (const [at, item] of items.entries()) {
    if (at % perStep === perStep - 1) yield;
    use(item);
  }
}

/** Sorts by `key`; items with equal keys stay in their order. */
export function* sortedByKey<T extends { readonly key: string }>(
  items: readonly T[],
): Stepwise<T[]> {
  let from: T[] = [];
  for (let at = 0; at < items.length; at += perStep) {
    if (at > 0) yield;
    const run = items.slice(at, at + perStep).sort(byKey);
    for (const item of run) from.push(item);
  }
  let to: T[] = [];
  for (let length = perStep; length < from.length; length *= 2) {
    for (let at = 0; at < from.length; at += 2 * length) yield* mergeRuns(from, to, at, length);
    [from, to] = [to, from];
  }
  return from;
}

/** Here, and not where it is used: V8 would optimize it anew for every list. */
function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  return a.key < b.key ? -1 : Number(a.key > b.key);
}

/** Sorts names as bytes. */
export function* sortedNames(names: string[]): Stepwise<string[]> {
  if (names.length <= perStep) return names.sort();
  const sorted = yield* sortedByKey(names.map((key) => ({ key })));
  return sorted.map(({ key }) => key);
}

/** Merges two runs that stand side by side; of equal items that of the first comes first. */
function* mergeRuns<T extends { readonly key: string }>(
  from: readonly T[],
  to: T[],
  start: number,
  length: number,
): Stepwise<void> {
  const middle = Math.min(start + length, from.length);
  const end = Math.min(middle + length, from.length);
  let left = start;
  let right = middle;
  for (let at = start; at < end; at += 1) {
    if ((at - start) % perStep === perStep - 1) yield;
    const isLeft =
      left < middle && (right >= end || (from[left] as T).key <= (from[right] as T).key);
    to[at] = from[isLeft ? left : right] as T;
    if (isLeft) left += 1;
    else right += 1;
  }
}
