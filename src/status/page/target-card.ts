import type { TargetReport } from "../report.ts";
import { bytes, count, duration, milliseconds } from "./amounts.ts";
import { Chart } from "./chart.ts";
import { element, facts, table } from "./dom.ts";
import type { Words } from "./words.ts";

interface Moment {
  readonly ms: number;
  readonly paths: number;
  readonly bytes: number;
}

/** What is shown of one target; keeps the course of its numbers. */
export class TargetCard {
  readonly #watch: string;
  readonly #charts = { rate: new Chart(), lag: new Chart() };
  #report: TargetReport | undefined;
  #last: Moment | undefined;
  #rate = { files: 0, bytes: 0 };
  readonly #open = new Set(["deliveries", "failures"]);

  constructor(watch: string) {
    this.#watch = watch;
  }

  /** @param ms when the report was made, since 1970. */
  take(report: TargetReport, ms: number): void {
    const { delivered, deliveredBytes, latest } = report;
    const now = { ms, paths: delivered, bytes: deliveredBytes };
    const last = this.#last ?? now;
    const seconds = (ms - last.ms) / 1000;
    if (seconds > 0) {
      const [files, size] = [now.paths - last.paths, now.bytes - last.bytes];
      this.#rate = { files: Math.max(0, files / seconds), bytes: Math.max(0, size / seconds) };
    }
    this.#last = now;
    this.#report = report;
    this.#charts.rate.add(ms / 1000, this.#rate.files);
    this.#charts.lag.add(ms / 1000, latest?.lag?.p99Ms);
  }

  show(words: Words): HTMLElement {
    const report = this.#report as TargetReport;
    const title = element("h3", "", report.name, ...badges(report, words));
    title.title = this.#watch;
    return element(
      "article",
      "",
      title,
      ...notices(report, words),
      facts(this.#facts(report, words)),
      element(
        "div",
        "charts",
        element("figure", "", element("figcaption", "", words.rate), this.#charts.rate.element),
        element("figure", "", element("figcaption", "", words.lagChart), this.#charts.lag.element),
      ),
      ...this.#tables(report, words),
    );
  }

  #facts(report: TargetReport, words: Words): [string, string][] {
    const { pending, latest, delivered, deliveredBytes, failed } = report;
    const { lag } = latest ?? {};
    const p = lag && `${milliseconds(lag.p50Ms)} / ${milliseconds(lag.p99Ms)}`;
    return [
      [words.pending, count(pending.paths)],
      [words.oldest, pending.paths === 0 ? "–" : duration(pending.oldestSeconds)],
      [words.lag, p ?? "–"],
      [words.rate, count(this.#rate.files)],
      [words.byteRate, bytes(this.#rate.bytes)],
      [words.delivered, `${count(delivered)} · ${bytes(deliveredBytes)}`],
      [words.inFlight, count(pending.inFlight)],
      [words.failed, count(failed)],
    ];
  }

  #tables({ latest }: TargetReport, words: Words): HTMLElement[] {
    const { deliveries = [], failures = [] } = latest ?? {};
    const recent = deliveries
      .slice(0, 10)
      .map(({ path, kind, bytes: size, ms }) => [path, kind, bytes(size), milliseconds(ms)]);
    const heads = [words.path, words.kind, words.size, words.took];
    const tables = [this.#table("deliveries", words.deliveries, heads, recent)];
    if (failures.length > 0) {
      const rows = failures.map(({ path, reason, attempts, nextTry }) => [
        path,
        reason,
        String(attempts),
        untilNow(nextTry),
      ]);
      const failureHeads = [words.path, words.reason, words.attempts, words.nextTry("")];
      tables.unshift(this.#table("failures", words.failures, failureHeads, rows));
    }
    return tables;
  }

  #table(key: string, title: string, heads: string[], rows: string[][]): HTMLElement {
    const details = table(title, heads, rows, this.#open.has(key)) as HTMLDetailsElement;
    details.addEventListener("toggle", () => {
      if (details.open) this.#open.add(key);
      else this.#open.delete(key);
    });
    return details;
  }
}

function badges({ up, halt }: TargetReport, words: Words): HTMLElement[] {
  const badge = element("span", up ? "badge" : "badge bad", up ? words.up : words.backingOff);
  return halt === undefined ? [badge] : [badge, element("span", "badge warn", words.halted)];
}

function notices({ outage, halt, comparison }: TargetReport, words: Words): HTMLElement[] {
  const lines: HTMLElement[] = [];
  if (outage !== undefined) {
    const next = words.nextTry(untilNow(outage.nextAttempt));
    lines.push(element("p", "notice", `${outage.error} · ${next}`));
  }
  if (halt !== undefined) {
    lines.push(element("p", "notice warn", `${halt.reason} · ${words.held(count(halt.held))}`));
  }
  if (comparison.state === "running") {
    const text = words.comparing(count(comparison.entries), bytes(comparison.bytes));
    lines.push(element("p", "faint", text));
  } else if (comparison.completedAt !== undefined) {
    const time = new Date(comparison.completedAt).toLocaleString();
    lines.push(element("p", "faint", words.compared(time)));
  }
  return lines;
}

function untilNow(iso: string): string {
  return duration(Math.max(0, (Date.parse(iso) - Date.now()) / 1000));
}
