/** One job that has been begun. */
export interface BegunJob {
  /** Others need not wait for it any longer. */
  release(): void;
  end(): void;
}

/** Counts what is under way at one target. */
export class UnderWay {
  #batches = 0;
  #jobs = 0;
  #onIdle: (() => void) | undefined;

  /** Batches that others wait for. */
  get batches(): number {
    return this.#batches;
  }

  /** Everything, comparisons too. */
  get jobs(): number {
    return this.#jobs;
  }

  /** `isBatch`: others wait for it until it is released. */
  begin({ isBatch }: { readonly isBatch: boolean }): BegunJob {
    let holdsOthers = isBatch;
    if (isBatch) this.#batches += 1;
    this.#jobs += 1;
    const release = (): void => {
      if (holdsOthers) this.#batches -= 1;
      holdsOthers = false;
    };
    const end = (): void => {
      release();
      this.#jobs -= 1;
      if (this.#jobs === 0) this.#onIdle?.();
    };
    return { release, end };
  }

  /** Resolves when everything has ended. */
  async idle(): Promise<void> {
    if (this.#jobs === 0) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
  }
}
