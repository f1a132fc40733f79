/**
 * What a step came to, in tests.
 *
 * @typedef {{ passed: number, failed: number, skipped: number }} Count
 */

/**
 * Counts the tests of vitest's JSON report.
 *
 * A file that could not be loaded has no tests of its own and counts as one failed test, so does
 * a run that failed though no test did (an error outside any test).
 *
 * @param {object | undefined} report absent: vitest did not come as far as writing it
 * @param {boolean} ok whether vitest's exit code was 0
 * @returns {Count}
 */
export function countTests(report, ok) {
  const {
    numPassedTests: passed = 0,
    numPendingTests: pending = 0,
    numTodoTests: todo = 0,
    numFailedTests = 0,
    testResults = [],
  } = report ?? {};
  const broken = testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  );
  const failed = numFailedTests + broken.length;
  return { passed, failed: ok ? failed : Math.max(failed, 1), skipped: pending + todo };
}

/** @param {readonly Count[]} counts */
export function addCounts(counts) {
  const sum = (key) => counts.reduce((total, count) => total + count[key], 0);
  return { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") };
}

/** The last line of `npm test`. @param {Count} count */
export function formatCount({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
