import { expect, test } from "vitest";
import { Allowance, Repeats } from "../../../src/target/repeats.ts";

test("the same trouble is told at once, after a minute, ten minutes, and every hour, with its count", () => {
  const repeats = new Repeats();
  const told: [number, number][] = [];
  for (let minute = 0; minute <= 150; minute += 1) {
    const untold = repeats.tell("AUTH_FAILED", minute * 60_000);
    if (untold !== undefined) told.push([minute, untold]);
  }
  expect(told).toEqual([
    [0, 0],
    [1, 0],
    [11, 9],
    [71, 59],
    [131, 59],
  ]);
});

test("another trouble is told at once", () => {
  const repeats = new Repeats();
  expect(repeats.tell("AUTH_FAILED", 0)).toBe(0);
  expect(repeats.tell("AUTH_FAILED", 10)).toBeUndefined();
  expect(repeats.tell("TIMED_OUT", 20)).toBe(0);
});

test("so many lines are granted in so much time, the others are counted", () => {
  const allowance = new Allowance(2, 1_000);
  expect([0, 1, 2, 3].map((now) => allowance.ask(now))).toEqual([0, 0, undefined, undefined]);
  expect(allowance.ask(1_000)).toBe(2);
});
