/** Lets what comes through, or makes it wait while a person has paused a target. */
export class Gate {
  #isClosed = false;
  readonly #waiting = new Set<(error?: Error) => void>();

  /** From now on everything waits. */
  close(): void {
    this.#isClosed = true;
  }

  open(): void {
    this.#isClosed = false;
    this.#settle();
  }

  /** Sends away what waits; what comes later still waits. */
  refuse(error: Error): void {
    this.#settle(error);
  }

  /** Resolves when one may go on. @throws what {@link refuse} was given. */
  async passed(): Promise<void> {
    if (!this.#isClosed) return;
    await new Promise<void>((resolve, reject) => {
      this.#waiting.add((error) => (error === undefined ? resolve() : reject(error)));
    });
  }

  #settle(error?: Error): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const settle of waiting) settle(error);
  }
}
