import { asBytePath, displayPath } from "../../protocol/index.ts";
import type { Delivery } from "../push/delivery.ts";
import type { PathFailure } from "../push/message.ts";
import { LagWindow } from "./lag.ts";
import type { LatestReport, RecentDelivery, RecentFailure } from "./report.ts";

const keptDeliveries = 20;
const keptFailures = 20;

/** What a status page tells of one target beside its {@link TargetStatus}: the latest, and the lag. */
export class Recorder {
  readonly #lag = new LagWindow();
  readonly #deliveries: {
    readonly delivery: Delivery;
    readonly ms: number;
    readonly at: number;
  }[] = [];
  readonly #failures = new Map<string, RecentFailure>();

  /** How late it is counts only for a change: what a comparison finds may be of any age. */
  delivered(delivery: Delivery, ms: number, isChange: boolean): void {
    if (isChange) this.#lag.add(ms, performance.now());
    this.#deliveries.push({ delivery, ms, at: Date.now() });
    if (this.#deliveries.length > keptDeliveries) this.#deliveries.shift();
    if (this.#failures.size > 0) this.#failures.delete(displayPath(delivery.path));
  }

  failed({ path, reason }: PathFailure, retryMs: number, attempts: number): void {
    const shown = displayPath(path);
    this.#failures.delete(shown); // the latest stands last
    const nextTry = new Date(Date.now() + retryMs).toISOString();
    this.#failures.set(shown, {
      path: shown,
      reason: displayPath(asBytePath(reason)), // a daemon's text may hold any bytes
      attempts,
      nextTry,
    });
    const oldest = this.#failures.keys().next().value;
    if (this.#failures.size > keptFailures && oldest !== undefined) this.#failures.delete(oldest);
  }

  /** Everything that is told of it. */
  get report(): LatestReport {
    const lag = this.#lagReport();
    const failures = [...this.#failures.values()].toReversed();
    return { ...(lag && { lag }), deliveries: this.#deliveryReports(), failures };
  }

  #lagReport(): LatestReport["lag"] {
    const found = this.#lag.percentiles([0.5, 0.99], performance.now());
    if (found === undefined) return undefined;
    const [p50 = 0, p99 = 0] = found.map(rounded);
    return { p50Ms: p50, p99Ms: p99 };
  }

  #deliveryReports(): RecentDelivery[] {
    return this.#deliveries.toReversed().map(({ delivery, ms, at }) => ({
      path: displayPath(delivery.path),
      kind: delivery.kind,
      bytes: delivery.bytes,
      ms: rounded(ms),
      at: new Date(at).toISOString(),
    }));
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
