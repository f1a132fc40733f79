import fc from "fast-check";
import { expect, test } from "vitest";
import { LagWindow } from "../../../src/status/lag.ts";

const minute = 60_000;

test("nothing is known before the first delivery, nor five minutes after the last", () => {
  const window = new LagWindow();
  expect(window.percentiles([0.5], 0)).toBeUndefined();
  window.add(20, 0);
  expect(window.percentiles([0.5], 4 * minute)).toBeDefined();
  expect(window.percentiles([0.5], 5 * minute)).toBeUndefined();
});

test("what is old does not count beside what is new", () => {
  const window = new LagWindow();
  for (let i = 0; i < 100; i += 1) window.add(5_000, 0);
  window.add(10, 6 * minute);
  const [p99 = 0] = window.percentiles([0.99], 6 * minute) ?? [];
  expect(p99).toBeLessThan(12);
});

test("percentiles are right to within ten per cent", () => {
  const lag = fc.double({ min: 0.2, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(fc.array(lag, { minLength: 1, maxLength: 300 }), (lags) => {
      const window = new LagWindow();
      for (const each of lags) window.add(each, 1_000);
      const sorted = lags.toSorted((a, b) => a - b);
      for (const share of [0.5, 0.99]) {
        const exact = sorted[Math.ceil(share * lags.length) - 1] as number;
        const [found = 0] = window.percentiles([share], 1_000) ?? [];
        expect(Math.abs(found / exact - 1)).toBeLessThan(0.101);
      }
    }),
    { seed: 41, numRuns: 200 },
  );
});
