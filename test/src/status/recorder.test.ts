import { expect, test } from "vitest";
import { asBytePath } from "../../../protocol/index.ts";
import { Recorder } from "../../../src/status/recorder.ts";

const delivery = (path: string) => ({ path: asBytePath(path), kind: "file", bytes: 5 }) as const;

test("the last twenty deliveries are told, latest first, and how long they took", () => {
  const recorder = new Recorder();
  for (let i = 0; i < 25; i += 1) recorder.delivered(delivery(`f${i}`), 10, true);
  const { deliveries, lag } = recorder.report;
  expect(deliveries.map(({ path }) => path)).toEqual(
    Array.from({ length: 20 }, (_, i) => `f${24 - i}`),
  );
  expect(lag?.p50Ms).toBeCloseTo(10, -1);
});

test("what a comparison finds says nothing about how late changes are", () => {
  const recorder = new Recorder();
  recorder.delivered(delivery("f"), 60_000, false);
  expect(recorder.report.lag).toBeUndefined();
});

test("a path that was refused is told until it is delivered", () => {
  const recorder = new Recorder();
  recorder.failed({ path: asBytePath("a\nb"), reason: "denied \xff" }, 1_000, 2);
  const [failure] = recorder.report.failures;
  expect(failure).toMatchObject({ path: "a\\#012b", attempts: 2 });
  expect(failure?.reason).not.toContain("\xff");
  recorder.delivered(delivery("a\nb"), 3, true);
  expect(recorder.report.failures).toEqual([]);
});

test("a storm of refusals keeps the last twenty", () => {
  const recorder = new Recorder();
  for (let i = 0; i < 1_000; i += 1) {
    recorder.failed({ path: asBytePath(`f${i}`), reason: "denied" }, 1_000, 1);
  }
  expect(recorder.report.failures.length).toBe(20);
  expect(recorder.report.failures[0]?.path).toBe("f999");
});
