import type { TargetReport } from "../report.ts";
import { bytes, milliseconds } from "./amounts.ts";
import { Chart } from "./chart.ts";
import { element, marked } from "./dom.ts";
import type { Words } from "./words.ts";

interface Moment {
  readonly ms: number;
  readonly paths: number;
  readonly bytes: number;
}

/** The course of one target's numbers. */
export class Course {
  readonly #charts = {
    rate: new Chart((value) => value.toLocaleString("en", { maximumFractionDigits: 1 }), 1),
    byteRate: new Chart(bytes, 1_000),
    lag: new Chart(milliseconds, 10),
  };
  #last: Moment | undefined;
  #rate = { files: 0, bytes: 0 };

  /** Per second, since the report before. */
  get rate(): { readonly files: number; readonly bytes: number } {
    return this.#rate;
  }

  /** @param ms when the report was made, since 1970. */
  take({ delivered, deliveredBytes, sending, latest }: TargetReport, ms: number): void {
    const onTheWay = sending.reduce((sum, file) => sum + file.bytes, 0);
    const now = { ms, paths: delivered, bytes: deliveredBytes + onTheWay };
    const last = this.#last ?? now;
    const seconds = (ms - last.ms) / 1000;
    if (seconds > 0) {
      const [files, size] = [now.paths - last.paths, now.bytes - last.bytes];
      this.#rate = { files: Math.max(0, files / seconds), bytes: Math.max(0, size / seconds) };
    }
    this.#last = now;
    this.#charts.rate.add(ms / 1000, this.#rate.files);
    this.#charts.byteRate.add(ms / 1000, this.#rate.bytes);
    this.#charts.lag.add(ms / 1000, latest?.lag?.p99Ms);
  }

  /** Where the charts will be; {@link settle} puts them there. */
  show(words: Words): HTMLElement {
    const titles = { rate: words.rate, byteRate: words.byteRate, lag: words.lagChart };
    const figures = Object.entries(titles).map(([name, title]) => {
      const place = marked(element("div"), { "data-kept": name });
      return element("figure", "", element("figcaption", "", title), place);
    });
    return element("div", "charts", ...figures);
  }

  /** Puts the charts into their places below `shown`. */
  settle(shown: Element): void {
    for (const [name, chart] of Object.entries(this.#charts)) {
      const place = shown.querySelector(`[data-kept="${name}"]`);
      if (chart.element.parentNode !== place) place?.replaceChildren(chart.element);
    }
  }
}
