import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Alarm, firstAfter } from "../../../src/target/alarm.ts";

const day = 86_400_000;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test("rings once, at the moment named last", () => {
  const ring = vi.fn();
  const alarm = new Alarm(ring);
  alarm.set(5_000, 0);
  alarm.set(200, 0);
  vi.advanceTimersByTime(199);
  expect(ring).not.toHaveBeenCalled();
  vi.advanceTimersByTime(day);
  expect(ring).toHaveBeenCalledTimes(1);
});

test("does not ring for what has passed, for never, or when it is cleared", () => {
  const ring = vi.fn();
  const alarm = new Alarm(ring);
  for (const at of [7, Number.POSITIVE_INFINITY]) {
    alarm.set(100, 0);
    alarm.set(at, 8);
  }
  alarm.set(100, 0);
  alarm.clear();
  vi.advanceTimersByTime(60 * day);
  expect(ring).not.toHaveBeenCalled();
});

test("for a moment further away than a timer goes it rings early, not at once, and can be set again", () => {
  const moment = 60 * day;
  const rings: number[] = [];
  const begun = performance.now();
  const alarm = new Alarm(() => {
    const now = performance.now() - begun;
    rings.push(Math.floor(now / day));
    alarm.set(moment, now);
  });
  alarm.set(moment, 0);
  vi.advanceTimersByTime(90 * day);
  expect(rings).toEqual([24, 49, 60]);
});

test("the first moment that has not passed is the next one", () => {
  expect(firstAfter(10, [5, 10, 30, 20])).toBe(20);
  expect(firstAfter(10, [10])).toBe(Number.POSITIVE_INFINITY);
});
