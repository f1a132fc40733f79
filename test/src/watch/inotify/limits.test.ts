import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  describeUse,
  explainNeed,
  isNearLimit,
  readLimits,
  warnOfUse,
} from "../../../../src/watch/inotify/limits.ts";
import { temporaryDirectory } from "../observed.ts";

const limits = { maxUserWatches: 65_536, maxUserInstances: 128, maxQueuedEvents: 16_384 };

test("limits are read from the kernel's folder, an unknown one is none", () => {
  const folder = temporaryDirectory();
  writeFileSync(join(folder, "max_user_watches"), "65536\n");
  writeFileSync(join(folder, "max_user_instances"), "128\n");
  expect(readLimits(folder)).toEqual({ ...limits, maxQueuedEvents: Number.POSITIVE_INFINITY });
});

test("what is taken is said beside both limits", () => {
  expect(describeUse(20_001, limits)).toBe(
    "20001 directories; a user's programs may watch 65536 (fs.inotify.max_user_watches) " +
      "with 128 instances (fs.inotify.max_user_instances), of which this is 1",
  );
  expect(describeUse(1, readLimits("/nowhere"))).toBe("1 directory");
});

test("three quarters of the limit are near it", () => {
  expect([isNearLimit(49_151, limits), isNearLimit(49_152, limits)]).toEqual([false, true]);
  expect(warnOfUse(49_152, limits)).toContain("49152 of 65536 are taken by this tree");
});

test("the advice leaves room for others", () => {
  expect(explainNeed(100_000, limits)).toBe(
    "100000 directories need a watch each; fs.inotify.max_user_watches allows 65536 to all programs of " +
      "a user: sysctl fs.inotify.max_user_watches=262144 would do",
  );
});
