import { expect, test } from "vitest";
import {
  breakDelay,
  pathBackoff,
  refusalDelay,
  retryDelay,
  standingBackoff,
  targetBackoff,
} from "../../../src/target/retry.ts";

function delays(random: number, attempts: readonly number[], backoff = pathBackoff): number[] {
  return attempts.map((attempt) => retryDelay(attempt, { ...backoff, random: () => random }));
}

test("waits twice as long each time, up to the longest", () => {
  expect(delays(0, [1, 2, 3, 6, 7, 8])).toEqual([1_000, 2_000, 4_000, 32_000, 64_000, 128_000]);
  expect(delays(0, [11, 12])).toEqual([600_000, 600_000]);
});

test("jitter adds up to a quarter", () => {
  expect(delays(1, [1, 3])).toEqual([1_250, 5_000]);
});

test("stays finite after any number of attempts", () => {
  expect(delays(0, [31, 1_000, Number.MAX_SAFE_INTEGER])).toEqual([600_000, 600_000, 600_000]);
});

test("what only a person can mend is tried once a minute from the first time on", () => {
  expect(delays(0, [1, 2, 9], standingBackoff)).toEqual([60_000, 60_000, 60_000]);
});

test("a target that returns after 10 s of an outage is found within 2 s, whatever the jitter", () => {
  for (const random of [0, 0.5, 1]) {
    let elapsed = 0;
    let attempt = 0;
    let delay = 0;
    while (elapsed < 10_000) {
      attempt += 1;
      delay = retryDelay(attempt, { ...targetBackoff, random: () => random });
      elapsed += delay;
    }
    expect(elapsed - 10_000).toBeLessThan(2_000);
    expect(delay).toBeLessThan(2_000);
  }
});

test("a path refused too often is tried at the journal's pace, for ever", () => {
  const pace = { patience: 3, retryMs: 3_600_000 };
  const waits = [1, 2, 3, 4, 400].map((attempt) => Math.floor(refusalDelay(attempt, pace) / 1_000));
  expect(waits[0]).toBeLessThan(2);
  expect(waits[1]).toBeLessThan(3);
  for (const wait of waits.slice(2)) {
    expect(wait).toBeGreaterThanOrEqual(3_600);
    expect(wait).toBeLessThanOrEqual(4_500);
  }
});

test("what sessions break with is tried again soon at first, and at the journal's pace at last", () => {
  const waits = [1, 4, 6, 12, 13, 400].map((attempt) =>
    Math.floor(breakDelay(attempt, { retryMs: 3_600_000 }) / 1_000),
  );
  for (const [index, seconds] of [1, 8, 32, 2_048, 3_600, 3_600].entries()) {
    expect(waits[index]).toBeGreaterThanOrEqual(seconds);
    expect(waits[index]).toBeLessThanOrEqual(seconds * 1.25);
  }
});
