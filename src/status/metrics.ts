import type { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { StatusReport } from "./report.ts";
import { countedSeries, lagMetric, type Series, targetSeries, watchSeries } from "./series.ts";

const lagBucketSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600];

type Labels = Readonly<Record<string, string>>;

/** What a refused path counts as. */
const refusalClasses: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/permission denied|operation not permitted|EACCES|EPERM/i, "PERMISSION_DENIED"],
  [/no space left|quota exceeded|ENOSPC|EDQUOT/i, "NO_SPACE"],
  [/read-only file system|EROFS/i, "READ_ONLY"],
  [/did not acknowledge|nothing was heard/, "NOT_ACKNOWLEDGED"],
];

/** The class of a refusal, from the daemon's or the system's words. */
export function refusalClass(reason: string): string {
  return refusalClasses.find(([pattern]) => pattern.test(reason))?.[1] ?? "OTHER";
}

type Prometheus = typeof import("prom-client");

/** What a scrape of `/metrics` gets. */
export class Metrics {
  readonly #registry: Registry;
  readonly #lag: Histogram;
  readonly #metrics = new Map<string, Counter | Gauge>();
  readonly #counted = new Map<string, Counter>();

  constructor(prometheus: Prometheus) {
    this.#registry = new prometheus.Registry();
    const registers = [this.#registry];
    this.#lag = new prometheus.Histogram({
      name: lagMetric,
      help: "From a change to its acknowledgement",
      labelNames: ["watch", "target"],
      buckets: lagBucketSeconds,
      registers,
    });
    for (const [list, labelNames] of [
      [targetSeries, ["watch", "target"]],
      [watchSeries, ["watch"]],
    ] as const) {
      for (const { name, help, kind } of list) {
        const settings = { name, help, labelNames: [...labelNames], registers };
        const Kind = kind === "counter" ? prometheus.Counter : prometheus.Gauge;
        this.#metrics.set(name, new Kind(settings));
      }
    }
    for (const { name, help, label } of countedSeries) {
      const labelNames = ["watch", "target", ...(label === undefined ? [] : [label])];
      this.#counted.set(name, new prometheus.Counter({ name, help, labelNames, registers }));
    }
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  delivered(watch: string, target: string, lagMs: number): void {
    this.#lag.observe({ watch, target }, lagMs / 1_000);
  }

  /** A target could not be used, or refused a path. */
  failed(watch: string, target: string, kind: string): void {
    this.#counted.get("sersync_failures_total")?.inc({ watch, target, class: kind });
  }

  /** A comparison is complete. */
  reconciled(watch: string, target: string): void {
    this.#counted.get("sersync_reconciles_total")?.inc({ watch, target });
  }

  /** The text format, of this moment. */
  async text(reports: readonly StatusReport[]): Promise<string> {
    for (const metric of this.#metrics.values()) metric.reset();
    for (const source of reports.flatMap(({ sources }) => sources)) {
      this.#set(watchSeries, source, { watch: source.directory });
      for (const target of source.targets) {
        this.#set(targetSeries, target, { watch: source.directory, target: target.name });
      }
    }
    return this.#registry.metrics();
  }

  #set<From>(list: readonly Series<From>[], from: From, labels: Labels): void {
    for (const { name, value } of list) {
      const number = value(from);
      // After a reset a counter's value is what is added; so it is for a gauge.
      if (number !== undefined) this.#metrics.get(name)?.inc(labels, number);
    }
  }
}
