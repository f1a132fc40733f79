import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { observeReady, temporaryDirectory } from "./observed.ts";

test("inotify has caught up when what stood in the kernel's queue has been reported", async () => {
  const root = temporaryDirectory();
  writeFileSync(join(root, "old"), "");
  const seen = await observeReady(root, { backend: "inotify" });
  for (let i = 0; i < 500; i += 1) writeFileSync(join(root, `f${i}`), "");
  renameSync(join(root, "old"), join(root, "new"));
  expect(seen.lines()).toEqual([]);
  await seen.watcher.caughtUp();
  expect(seen.lines()).toContain("path f499");
  expect(seen.lines()).toContain("renamed old -> new");
  await seen.watcher.caughtUp(); // there is nothing to wait for
});

test("a watcher that polls has caught up when it has looked once more", async () => {
  const root = temporaryDirectory();
  const seen = await observeReady(root, { backend: "poll", pollIntervalMs: 3_600_000 });
  writeFileSync(join(root, "f"), "");
  await seen.watcher.caughtUp();
  expect(seen.lines()).toEqual(["path f"]);
});

test("who waits for a watcher that is closed is not left waiting", async () => {
  const root = temporaryDirectory();
  const seen = await observeReady(root, { backend: "inotify" });
  writeFileSync(join(root, "f"), "");
  const caughtUp = seen.watcher.caughtUp();
  await seen.watcher.close();
  await caughtUp;
});
