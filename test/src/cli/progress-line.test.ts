import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { asBytePath, type FileEntry } from "../../../protocol/index.ts";
import { formatProgress, ProgressLine } from "../../../src/cli/progress-line.ts";
import { Course } from "../../../src/cli/push/course.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test.each([
  [
    { files: 3, bytes: 5_000_000, share: 0.25, elapsedMs: 10_000 },
    "[#####---------------]  25%  3 files, 5.0 MB, 500 KB/s, 0:00:30 left",
  ],
  [
    { files: 12_345, bytes: 0, share: undefined, elapsedMs: 10 },
    "12,345 files, 0 bytes, 0 bytes/s",
  ],
  [
    { files: 1, bytes: 1, share: 1.2, elapsedMs: 1_000 },
    "[####################] 100%  1 file, 1 byte, 1 byte/s, 0:00:00 left",
  ],
  [
    { files: 0, bytes: 0, share: 0, elapsedMs: 0 },
    "[--------------------]   0%  0 files, 0 bytes, 0 bytes/s",
  ],
  [
    { files: 0, bytes: 9, share: 1e-9, elapsedMs: 9_000 },
    "[--------------------]   0%  0 files, 9 bytes, 1 byte/s, 104167 days left",
  ],
])("%j is shown as %s", (progress, text) => {
  expect(formatProgress(progress)).toBe(text);
});

const progress = () => ({ files: 1, bytes: 2, share: 0.5, elapsedMs: 1_000 });

test("on a terminal one line is written over and over, no wider than the terminal, and goes", () => {
  const written: string[] = [];
  const line = new ProgressLine({ write: (text) => written.push(text), columns: () => 30 });
  line.show(progress);
  expect(written).toEqual([]); // what is over at once is not worth a word
  vi.advanceTimersByTime(250);
  line.show(progress);
  line.show(progress);
  expect(written).toEqual(["\r\u001b[K[##########----------]  50%  "]);
  line.clear();
  line.clear();
  expect(written).toHaveLength(2);
  expect(written[1]).toBe("\r\u001b[K");
});

test("elsewhere there are plain lines every five seconds", () => {
  const written: string[] = [];
  const line = new ProgressLine({ write: (text) => written.push(text), columns: undefined });
  for (let second = 0; second < 12; second += 1) {
    vi.advanceTimersByTime(1_000);
    line.show(progress);
  }
  line.clear();
  expect(written).toHaveLength(2);
  expect(written[0]).toMatch(/^sersync: \[#+-+\] {2}50% .* left\n$/);
});

function file(name: string, size: number): FileEntry {
  const times = { mtimeSeconds: 0, mtimeNanoseconds: 0 };
  return { path: asBytePath(name), mode: 0o100644, size, uid: 0, gid: 0, ...times };
}

test("what is in place already counts as done, and is not sent", () => {
  const written: string[] = [];
  const course = new Course({ write: (text) => written.push(text), columns: () => 200 });
  course.listed([file("a", 600), file("b", 200)], false);
  vi.advanceTimersByTime(1_000);
  course.at(1, 100);
  expect(written.at(-1)).toBe("\r\u001b[K0 files, 100 bytes, 100 bytes/s");
  course.listed([file("c", 200)], true);
  vi.advanceTimersByTime(1_000);
  course.sent(1, 200);
  expect(written.at(-1)).toContain(" 80%  0 files, 200 bytes, 100 bytes/s, 0:00:01 left");
  vi.advanceTimersByTime(1_000);
  course.at(2, 0);
  expect(written.at(-1)).toContain(" 80%  1 file, 200 bytes");
});
