import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { expect, test } from "vitest";
import { inProject } from "./support/command.mjs";
import { addCounts, countTests, formatCount } from "./support/report.mjs";
import { makeTree, temporaryDirectory } from "./support/tree.ts";

/** Runs vitest itself on the given test files, as test/run.mjs does. */
function countOf(files: Readonly<Record<string, string>>) {
  using directory = temporaryDirectory();
  makeTree(directory.path, files);
  const report = `${directory.path}/report.json`;
  const argv = ["run", "--globals", "--root", directory.path, "--reporter=json"];
  const { status } = spawnSync(
    process.execPath,
    [inProject("node_modules/vitest/vitest.mjs"), ...argv, `--outputFile=${report}`],
    { cwd: directory.path, stdio: "ignore" },
  );
  const found = fs.existsSync(report) ? JSON.parse(fs.readFileSync(report, "utf8")) : undefined;
  return countTests(found, status === 0);
}

test("passed, failed and skipped tests are counted, and a file that does not load fails", () => {
  const count = countOf({
    "a.test.js": "test('a', () => {}); test.skip('b', () => {}); test('c', () => { throw 1; });",
    "b.test.js": "import './missing.js';",
    "c.test.js": "test.todo('later'); test('d', () => {});",
  });
  expect(count).toEqual({ passed: 2, failed: 2, skipped: 2 });
});

test("an error outside the tests is a failure though every test passed", () => {
  const source = "test('a', () => { void Promise.reject(new Error('lost')); });";
  expect(countOf({ "a.test.js": source })).toEqual({ passed: 1, failed: 1, skipped: 0 });
});

test("a run that wrote no report is a failure", () => {
  expect(countTests(undefined, false)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

test("the last line names what was skipped only when something was", () => {
  const counts = [
    { passed: 1, failed: 0, skipped: 0 },
    { passed: 2, failed: 1, skipped: 0 },
  ];
  expect(formatCount(addCounts(counts))).toBe("3 passed, 1 failed");
  expect(formatCount({ passed: 3, failed: 0, skipped: 2 })).toBe("3 passed, 0 failed, 2 skipped");
});
