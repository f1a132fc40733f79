/** A stream of chances that is the same for the same seed, on every machine. */
export interface Random {
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number;
  /** True once in `times` calls, on average. */
  oneIn(times: number): boolean;
  pick<T>(choices: readonly T[]): T;
  bytes(length: number): Buffer;
}

/** Starts the stream of `seed`, any 32-bit integer (the generator is Marsaglia's xorshift32). */
export function random(seed: number): Random {
  // Zero is the one state that never changes.
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 1;

  function next(): number {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  }

  function below(limit: number): number {
    return Math.floor((next() / 2 ** 32) * limit);
  }

  function bytes(length: number): Buffer {
    const words = new Uint32Array(Math.ceil(length / 4)).map(next);
    return Buffer.from(words.buffer, 0, length);
  }

  return {
    below,
    bytes,
    oneIn: (times) => below(times) === 0,
    pick: (choices) => choices[below(choices.length)] as (typeof choices)[number],
  };
}
