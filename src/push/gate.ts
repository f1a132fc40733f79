/** Lets what comes through, or makes it wait while a person has paused a target. */
export class Gate {
  #isClosed = false;
  #refusal: Error | undefined;
  readonly #waiting = new Set<(error?: Error) => void>();

  /** From now on everything waits. */
  close(): void {
    this.#isClosed = true;
    this.#refusal = undefined;
  }

  open(): void {
    this.#isClosed = false;
    this.#refusal = undefined;
    this.#settle();
  }

  /** Sends away what waits, and what comes, until the gate is closed or opened anew. */
  refuse(error: Error): void {
    if (!this.#isClosed) return;
    this.#refusal = error;
    this.#settle(error);
  }

  /** Resolves when one may go on. @throws what {@link refuse} was given. */
  async passed(): Promise<void> {
    if (!this.#isClosed) return;
    if (this.#refusal !== undefined) throw this.#refusal;
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
