import type { TargetStatus } from "./status.ts";

type Counts = Pick<
  TargetStatus,
  "delivered" | "deliveredBytes" | "failed" | "lastDeliveryAt" | "lastError"
>;

/** What one target has come to since the start. */
export class Tally {
  #delivered = 0;
  #bytes = 0;
  #failed = 0;
  #lastDeliveryAt: number | undefined;
  #lastError: TargetStatus["lastError"];

  get status(): Counts {
    return {
      delivered: this.#delivered,
      deliveredBytes: this.#bytes,
      failed: this.#failed,
      lastDeliveryAt: this.#lastDeliveryAt,
      lastError: this.#lastError,
    };
  }

  delivered(bytes: number): void {
    this.#delivered += 1;
    this.#bytes += bytes;
    this.#lastDeliveryAt = Date.now();
  }

  /** A path was refused. */
  failed(reason: string): void {
    this.#failed += 1;
    this.troubled(reason);
  }

  troubled(text: string): void {
    this.#lastError = { text, at: Date.now() };
  }
}
