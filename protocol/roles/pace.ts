import type { Steps } from "../destination/location.ts";

/** Work is done in steps of this size; between two of them other sessions get their turn. */
export const stepBytes: number = 256 * 1024;

const longestStepMs = 20;

/** Counts work in bytes, and lets others run when a step of it is done. */
export class Pace {
  readonly #wait: () => Promise<void>;
  #bytes = 0;
  #began = performance.now();

  /** @param wait lets other work run, and waits while the peer is slower than we are. */
  constructor(wait: () => Promise<void>) {
    this.#wait = wait;
  }

  spend(bytes: number): void {
    this.#bytes += bytes;
  }

  /** A step is so many bytes, or what has taken long all the same: deep directories, a slow disk. */
  get isDue(): boolean {
    return this.#bytes >= stepBytes || performance.now() - this.#began > longestStepMs;
  }

  async take(): Promise<void> {
    this.#bytes = 0;
    await this.#wait();
    this.#began = performance.now();
  }
}

/** Looking at one entry counts for so much in a step. */
export const bytesPerEntry: number = 2 * 1024;

/** Does work that comes in steps. */
export async function drain<T>(steps: Steps<T>, pace: Pace): Promise<T> {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    pace.spend(value ?? bytesPerEntry);
    if (pace.isDue) await pace.take();
  }
}
