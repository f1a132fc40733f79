import { expect, test } from "vitest";
import { retryDelay, standingBackoff, targetBackoff } from "../../../src/push/retry.ts";

function delays(random: number, attempts: readonly number[], backoff = targetBackoff): number[] {
  return attempts.map((attempt) => retryDelay(attempt, { ...backoff, random: () => random }));
}

test("waits twice as long each time, up to the longest", () => {
  expect(delays(0, [1, 2, 3, 6, 7, 8])).toEqual([1_000, 2_000, 4_000, 32_000, 60_000, 60_000]);
});

test("jitter adds up to a quarter", () => {
  expect(delays(1, [1, 3])).toEqual([1_250, 5_000]);
});

test("stays finite after any number of attempts", () => {
  expect(delays(0, [31, 1_000, Number.MAX_SAFE_INTEGER])).toEqual([60_000, 60_000, 60_000]);
});

test("what only a person can mend is tried once a minute from the first time on", () => {
  expect(delays(0, [1, 2, 9], standingBackoff)).toEqual([60_000, 60_000, 60_000]);
});
