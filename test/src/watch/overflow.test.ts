import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { asBytePath } from "../../../protocol/index.ts";
import type { Watcher } from "../../../src/watch/watcher.ts";
import { observeReady, temporaryDirectory } from "./observed.ts";

const queueLength = Number(readFileSync("/proc/sys/fs/inotify/max_queued_events", "latin1"));

// A limit raised to millions would make this a test of patience.
test.skipIf(queueLength > 50_000)(
  "an overflow is counted, told and answered by the whole tree (F-02)",
  async () => {
    const root = temporaryDirectory();
    mkdirSync(join(root, "busy"));
    const then: string[] = [];
    let watcher: Watcher | undefined;
    const seen = await observeReady(root, {
      onState: ({ kind }) => then.push(`${kind}, ${watcher?.status().state}`),
    });
    watcher = seen.watcher;
    // Nobody reads meanwhile: this is the thread that would.
    for (let i = 0; i <= queueLength; i += 1) writeFileSync(join(root, `busy/${i % 100}`), "");
    mkdirSync(join(root, "lost/and/found"), { recursive: true });
    await seen.sees("tree ");
    expect(seen.watcher.status()).toMatchObject({
      state: "watching",
      overflows: 1,
      directories: 5,
    });
    // Who ends it in between knows that not everything was seen.
    expect(then.slice(1)).toEqual(["overflow, starting", "watching, watching"]);
    writeFileSync(join(root, "lost/and/found/again"), "");
    await seen.sees("path lost/and/found/again");
  },
);

test.each(Array.from({ length: 2 }, (_, run) => run))(
  "2,000 files in 200 directories made that instant are all reported (run %i)",
  async () => {
    const root = temporaryDirectory();
    const seen = await observeReady(root);
    const files = Array.from({ length: 2000 }, (_, i) => `a${i % 2}/b${i % 10}/c${i % 200}/f${i}`);
    for (const [i, file] of files.entries()) {
      mkdirSync(join(root, file, ".."), { recursive: true });
      writeFileSync(join(root, file), "");
      // Lets the watcher read in the midst of it, at another point in each directory.
      if (i % 37 === 0) await new Promise(setImmediate);
    }
    const areCovered = (): boolean => {
      const told = new Set(
        seen.changes.map((change) => ("to" in change ? change.to : change.path)),
      );
      const isCovered = (file: string): boolean => {
        const parts = file.split("/");
        return parts.some((_, depth) => told.has(asBytePath(parts.slice(0, depth + 1).join("/"))));
      };
      return files.every(isCovered);
    };
    await seen.until(areCovered, "every file");
    expect(seen.watcher.status().directories).toBe(1 + 2 + 10 + 200);
  },
);
