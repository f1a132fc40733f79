import { mkdirSync, writeFileSync } from "node:fs";
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

const limits = {
  watches: { name: "fs.inotify.max_user_watches", value: 65_536 },
  instances: { name: "fs.inotify.max_user_instances", value: 128 },
};

test("the limits that count are the machine's, or a container's where they are lower", () => {
  const folder = temporaryDirectory();
  mkdirSync(join(folder, "fs/inotify"), { recursive: true });
  mkdirSync(join(folder, "user"));
  writeFileSync(join(folder, "fs/inotify/max_user_watches"), "65536\n");
  writeFileSync(join(folder, "fs/inotify/max_user_instances"), "128\n");
  writeFileSync(join(folder, "user/max_inotify_watches"), "2147483647\n");
  expect(readLimits(folder)).toEqual(limits);
  writeFileSync(join(folder, "user/max_inotify_watches"), "50\n");
  expect(readLimits(folder).watches).toEqual({ name: "user.max_inotify_watches", value: 50 });
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

test.each([
  [100_000, 262_144],
  [7, 131_072],
])("for %i directories %i watches leave room for others", (needed, advised) => {
  expect(explainNeed(needed, limits)).toBe(
    `${needed} directories need a watch each; fs.inotify.max_user_watches allows 65536 to all programs ` +
      `of a user: sysctl fs.inotify.max_user_watches=${advised} would do`,
  );
});
