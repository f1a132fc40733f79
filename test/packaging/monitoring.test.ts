import fs from "node:fs";
import { describe, expect, test } from "vitest";
import { countedSeries, lagMetric, targetSeries, watchSeries } from "../../src/status/series.ts";
import { inProject } from "../support/command.mjs";

const known: readonly string[] = [
  ...[...targetSeries, ...watchSeries, ...countedSeries].map(({ name }) => name),
  ...["_bucket", "_count", "_sum"].map((ending) => lagMetric + ending),
];

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: Readonly<Record<"x" | "y" | "w" | "h", number>>;
  readonly targets: readonly { readonly expr: string }[];
}

function read(file: string): string {
  return fs.readFileSync(inProject("packaging", file), "utf8");
}

function metricsIn(text: string): string[] {
  return [...new Set(text.match(/\bsersync_\w+/g) ?? [])];
}

/** The labels that an expression or a legend takes from a series of this kind. */
function labelsOf(name = ""): readonly string[] {
  const isOfTarget = name.startsWith(lagMetric) || targetSeries.some((each) => each.name === name);
  return ["job", "instance", "le", "watch", ...(isOfTarget ? ["target"] : [])];
}

function isBalanced(expression: string): boolean {
  const open: string[] = [];
  const pairs: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };
  for (const char of expression.replaceAll(/"[^"]*"/g, "")) {
    if ("([{".includes(char)) open.push(char);
    else if (char in pairs && open.pop() !== pairs[char]) return false;
  }
  return open.length === 0;
}

describe("the Grafana dashboard", () => {
  const dashboard = JSON.parse(read("grafana/dashboard.json")) as { readonly panels: Panel[] };

  test("asks for no metric that there is not, and for every one that there is", () => {
    const asked = metricsIn(JSON.stringify(dashboard));
    expect(known).toEqual(expect.arrayContaining(asked));
    const shown = known.filter((name) => !/_(count|sum)$/.test(name));
    expect(asked.sort()).toEqual(shown.sort());
  });

  test("has panels of their own numbers that do not overlap, with whole expressions", () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    expect(expressions.filter((expression) => !isBalanced(expression))).toEqual([]);
  });
});

describe("the Prometheus alerts", () => {
  const rules = read("prometheus/alerts.yaml")
    .split(/^ {6}- alert: /m)
    .slice(1);

  test("ask for no metric that there is not", () => {
    expect(rules.length).toBeGreaterThan(5);
    expect(known).toEqual(expect.arrayContaining(metricsIn(rules.join())));
  });

  test.each(rules.map((rule) => [rule.split("\n", 1)[0], rule]))("%s is whole", (_, rule = "") => {
    const expression = /^ {8}expr: (.+)$/m.exec(rule)?.[1] ?? "";
    expect(isBalanced(expression)).toBe(true);
    expect(rule).toMatch(/^ {8}labels: \{ severity: (critical|warning|info) \}$/m);
    expect(rule).toMatch(/^ {10}summary: ".+"$/m);
    const [metric] = metricsIn(expression);
    const labels = [...rule.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label);
    expect(labelsOf(metric)).toEqual(expect.arrayContaining(labels));
  });
});
