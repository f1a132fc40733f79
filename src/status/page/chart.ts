import uPlot from "uplot";

const keptSeconds = 300;
const height = 130;

/** A line over the last five minutes. */
export class Chart {
  readonly element: HTMLElement = document.createElement("div");
  readonly #format: (value: number) => string;
  readonly #least: number;
  readonly #times: number[] = [];
  readonly #values: (number | null)[] = [];
  #plot: uPlot | undefined;

  /** `format`: a value as it stands at the axis, which reaches up to `least` at least. */
  constructor(format: (value: number) => string, least: number) {
    this.#format = format;
    this.#least = least;
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
    if (this.#plot === undefined) this.#plot = this.#open(width);
    else this.#plot.setSize({ width, height });
  }

  #open(width: number): uPlot {
    // Looked up at each drawing: day and night may change meanwhile.
    const [accent, faint, line] = ["--accent", "--faint", "--line"].map((name) => {
      return () => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    }) as [() => string, () => string, () => string];
    const axis = { stroke: faint, grid: { stroke: line, width: 1 }, ticks: { show: false } };
    const fill = (): string => `${accent()}22`;
    return new uPlot(
      {
        width,
        height,
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { range: (_, __, latest) => [latest - keptSeconds, latest] },
          y: { range: (_, __, most) => [0, Math.max(most ?? 0, this.#least) * 1.1] },
        },
        axes: [
          { ...axis, size: 24, space: 70, values: (_, times) => times.map(clock) },
          { ...axis, size: 56, space: 28, values: (_, values) => values.map(this.#format) },
        ],
        series: [{}, { stroke: accent, width: 2, fill, points: { show: false } }],
      },
      [this.#times, this.#values],
      this.element,
    );
  }
}

function clock(time: number): string {
  return new Date(time * 1_000).toTimeString().slice(0, 8);
}
