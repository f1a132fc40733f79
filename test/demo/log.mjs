// The one place that knows the program's log: a JSON object per line when it is not on a terminal.

const problems = ["warn", "error", "fatal"];

/**
 * @typedef {{ path: string, target: string, kind: string, bytes: number, ms: number }} Delivery
 *   a path that a target has acknowledged
 */

/**
 * Reads one line of the program's log.
 *
 * @param {string} line
 * @returns {{ delivery?: Delivery, pushed?: true, text?: string, isProblem: boolean }} `pushed`:
 *   the first full push is complete; `text`: what any other line says
 */
export function parseLogLine(line) {
  let record;
  try {
    record = JSON.parse(line);
  } catch {
    return { text: line, isProblem: false };
  }
  if (record.msg === "delivered") return { delivery: record, isProblem: false };
  if (record.msg === "full push complete") return { pushed: true, isProblem: false };
  const about = [record.err?.message, record.path].filter((part) => part !== undefined);
  return { text: [record.msg, ...about].join(": "), isProblem: problems.includes(record.level) };
}
