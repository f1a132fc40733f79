import { expect, test } from "vitest";
import { healthOf } from "../../../src/status/health.ts";
import { badTarget, goodTarget, reportWith } from "./reports.ts";

test("ready is who watches and reaches every target", () => {
  expect(healthOf([reportWith(goodTarget)])).toEqual({ ready: true, reasons: [] });
});

test("a target that is down is named with its reason", () => {
  const { ready, reasons } = healthOf([reportWith(goodTarget, badTarget)]);
  expect(ready).toBe(false);
  expect(reasons).toEqual([`${badTarget.name}: Cannot connect to 192.0.2.1:873: refused`]);
});

test("a share of the targets can be enough", () => {
  expect(healthOf([reportWith(goodTarget, badTarget)], 0.5).ready).toBe(true);
  expect(healthOf([reportWith(badTarget, badTarget, goodTarget)], 0.5).ready).toBe(false);
});

test("who has not begun, or lost what it watches, is not ready", () => {
  const report = reportWith(goodTarget);
  expect(healthOf([{ ...report, state: "starting" }]).ready).toBe(false);
  const [source] = report.sources;
  const gone = { ...source, watcher: { ...source?.watcher, state: "source gone" } };
  const sources = [gone] as typeof report.sources;
  expect(healthOf([{ ...report, sources }])).toEqual({
    ready: false,
    reasons: ["/srv/www: source gone"],
  });
});
