import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cronProblem } from "../../../src/config/cron.ts";
import { Schedule } from "../../../src/target/schedule.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-11-22T10:00:30") });
});

afterEach(() => {
  vi.useRealTimers();
});

function runsOf(crontab: { readonly everyMinutes: number; readonly cron?: string }) {
  const runs: number[] = [];
  const startedAt = Date.now();
  const task = () => void runs.push(Date.now() - startedAt);
  return { runs, schedule: new Schedule({ ...crontab, excludes: [] }, task) };
}

test("every so many minutes, counted from the start, as sersync did", () => {
  const { runs, schedule } = runsOf({ everyMinutes: 10 });
  vi.advanceTimersByTime(30 * 60_000);
  expect(runs).toEqual([600_000, 1_200_000, 1_800_000]);
  schedule.close();
  vi.advanceTimersByTime(30 * 60_000);
  expect(runs).toHaveLength(3);
});

test("by a cron expression, which goes before the minutes", () => {
  const { runs, schedule } = runsOf({ everyMinutes: 1, cron: "*/5 * * * *" });
  vi.advanceTimersByTime(11 * 60_000);
  expect(runs).toEqual([270_000, 570_000]);
  schedule.close();
});

test("a year is no longer than a timer can be", () => {
  const { runs, schedule } = runsOf({ everyMinutes: 525_600 });
  vi.advanceTimersByTime(525_599 * 60_000);
  expect(runs).toEqual([]);
  vi.advanceTimersByTime(60_000);
  expect(runs).toHaveLength(1);
  schedule.close();
});

test.each([
  ["30 4 * * *", true],
  ["* * * * * *", true],
  ["61 * * * *", false],
  ["0 0 31 2 *", false],
])("the expression %s can be used: %s", (expression, usable) => {
  expect(cronProblem(expression) === undefined).toBe(usable);
});
