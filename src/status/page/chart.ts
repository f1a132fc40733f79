import uPlot from "uplot";

const keptSeconds = 300;

/** A line over the last five minutes. */
export class Chart {
  readonly element: HTMLElement = document.createElement("div");
  readonly #times: number[] = [];
  readonly #values: (number | null)[] = [];
  #plot: uPlot | undefined;

  constructor() {
    this.element.className = "chart";
    new ResizeObserver(() => this.#fit()).observe(this.element);
  }

  /** @param time in seconds since 1970. */
  add(time: number, value: number | undefined): void {
    this.#times.push(time);
    this.#values.push(value ?? null);
    while ((this.#times[0] ?? time) < time - keptSeconds) {
      this.#times.shift();
      this.#values.shift();
    }
    this.#plot?.setData([this.#times, this.#values]);
  }

  #fit(): void {
    const width = this.element.clientWidth;
    if (width === 0) return;
    if (this.#plot !== undefined) {
      this.#plot.setSize({ width, height: 130 });
      return;
    }
    const style = getComputedStyle(document.documentElement);
    const [accent, faint, line] = ["--accent", "--faint", "--line"].map((name) =>
      style.getPropertyValue(name).trim(),
    ) as [string, string, string];
    const axis = { stroke: faint, grid: { stroke: line, width: 1 }, ticks: { show: false } };
    this.#plot = new uPlot(
      {
        width,
        height: 130,
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { range: (_, __, latest) => [latest - keptSeconds, latest] },
          y: { range: (_, __, most) => [0, Math.max(most ?? 0, 1) * 1.1] },
        },
        axes: [
          { ...axis, size: 24, space: 70, values: (_, times) => times.map(clock) },
          { ...axis, size: 46 },
        ],
        series: [{}, { stroke: accent, width: 2, fill: `${accent}22`, points: { show: false } }],
      },
      [this.#times, this.#values],
      this.element,
    );
  }
}

function clock(time: number): string {
  return new Date(time * 1_000).toTimeString().slice(0, 8);
}
