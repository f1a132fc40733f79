import { expect, test } from "vitest";
import { parsePointInTime } from "../../../src/cli/push/stop-flags.ts";

const now = new Date(2026, 10, 23, 13, 30, 5).getTime();

// As rsync(1) explains them; the local time of now is 2026-11-23 13:30:05.
test.each([
  ["2030-12-31T23:59", new Date(2030, 11, 31, 23, 59)],
  ["30/12/31T23:59", new Date(2030, 11, 31, 23, 59)],
  ["1-30", new Date(2027, 0, 30)],
  ["14:00", new Date(2026, 10, 23, 14)],
  ["13:30", new Date(2026, 10, 24, 13, 30)],
  ["1", new Date(2026, 11, 1)],
  ["31", new Date(2026, 11, 31)],
  [":59", new Date(2026, 10, 23, 13, 59)],
  [":10", new Date(2026, 10, 23, 14, 10)],
  ["2-29", new Date(2028, 1, 29)],
])("%s is the next such time", (text, expected) => {
  expect(new Date(parsePointInTime(text, now) ?? 0)).toEqual(expected);
});

test.each(["", "x", "2001-01-01", "2-30", "25:00", "12:60", "2026-11-23T13:30"])(
  "%j is no time to come",
  (text) => {
    expect(parsePointInTime(text, now)).toBeUndefined();
  },
);
