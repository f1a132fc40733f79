import * as prometheus from "prom-client";
import { expect, test } from "vitest";
import { Metrics, refusalClass } from "../../../src/status/metrics.ts";
import { badTarget, goodTarget, reportWith } from "./reports.ts";

const labels = 'watch="/srv/www",target="127.0.0.1:873::backup"';

test("the numbers of a report are told in Prometheus' format", async () => {
  const text = await new Metrics(prometheus).text([reportWith(goodTarget, badTarget)]);
  expect(text).toContain(`sersync_delivered_paths_total{${labels}} 7\n`);
  expect(text).toContain(`sersync_target_up{${labels}} 1\n`);
  expect(text).toContain('sersync_target_up{watch="/srv/www",target="192.0.2.1:873::backup"} 0\n');
  expect(text).toContain('sersync_watched_directories{watch="/srv/www"} 40\n');
  expect(text).toMatch(/# TYPE sersync_watch_overflows_total counter/);
});

test("a second scrape tells the state of its own moment", async () => {
  const metrics = new Metrics(prometheus);
  await metrics.text([reportWith(goodTarget, badTarget)]);
  const text = await metrics.text([reportWith({ ...goodTarget, delivered: 9 })]);
  expect(text).toContain(`sersync_delivered_paths_total{${labels}} 9\n`);
  expect(text).not.toContain("192.0.2.1");
});

test("lags are counted in a histogram of seconds", async () => {
  const metrics = new Metrics(prometheus);
  metrics.delivered("/srv/www", "t", 30);
  const text = await metrics.text([]);
  const place = 'watch="/srv/www",target="t"';
  expect(text).toContain(`sersync_delivery_lag_seconds_bucket{le="0.025",${place}} 0\n`);
  expect(text).toContain(`sersync_delivery_lag_seconds_bucket{le="0.05",${place}} 1\n`);
  expect(text).toContain(`sersync_delivery_lag_seconds_sum{${place}} 0.03\n`);
});

test("failures are counted by their class, comparisons when they are complete", async () => {
  const metrics = new Metrics(prometheus);
  metrics.failed("/srv/www", "t", "CONNECTION_LOST");
  metrics.failed("/srv/www", "t", "CONNECTION_LOST");
  metrics.reconciled("/srv/www", "t");
  const text = await metrics.text([]);
  const place = 'watch="/srv/www",target="t"';
  expect(text).toContain(`sersync_failures_total{${place},class="CONNECTION_LOST"} 2\n`);
  expect(text).toContain(`sersync_reconciles_total{${place}} 1\n`);
});

test.each([
  ["rsync: mkstemp failed: Permission denied (13)", "PERMISSION_DENIED"],
  ["EACCES: permission denied, open", "PERMISSION_DENIED"],
  ["write failed: No space left on device (28)", "NO_SPACE"],
  ["the daemon did not acknowledge it", "NOT_ACKNOWLEDGED"],
  ["something else", "OTHER"],
])("%s is of the class %s", (reason, name) => {
  expect(refusalClass(reason)).toBe(name);
});
