import type { TargetReport } from "../report.ts";
import { bytes, count, duration, milliseconds } from "./amounts.ts";
import type { Course } from "./course.ts";
import { element, facts, marked, progressBar, table } from "./dom.ts";
import type { Words } from "./words.ts";

/** What is shown of one target. */
export function targetCard(report: TargetReport, course: Course, words: Words): HTMLElement {
  return element(
    "article",
    "",
    element("h3", "", element("span", "", report.name), ...badges(report, words)),
    ...notices(report, words),
    ...comparison(report, words),
    facts(factsOf(report, course, words)),
    sending(report, words),
    course.show(words),
    failures(report, words),
    deliveries(report, words),
  );
}

function badges({ up, paused, halt, pending }: TargetReport, words: Words): HTMLElement[] {
  return [
    element("span", up ? "badge" : "badge bad", up ? words.up : words.backingOff),
    ...(paused ? [element("span", "badge warn", words.paused)] : []),
    ...(halt === undefined ? [] : [element("span", "badge warn", words.halted)]),
    ...(pending.refused === 0
      ? []
      : [element("span", "badge warn", words.refused(count(pending.refused)))]),
  ];
}

function notices({ outage, halt, paused }: TargetReport, words: Words): HTMLElement[] {
  const lines: HTMLElement[] = [];
  if (outage !== undefined) {
    const next = words.nextTry(untilNow(outage.nextAttempt));
    const since = words.since(new Date(outage.since).toLocaleTimeString());
    lines.push(element("p", "notice", `${outage.error} · ${next} · ${since}`));
  }
  if (halt !== undefined) {
    lines.push(element("p", "notice warn", `${halt.reason} · ${words.held(count(halt.held))}`));
  }
  if (paused) lines.push(element("p", "notice warn", words.pausedNotice));
  return lines;
}

function comparison({ comparison: compared }: TargetReport, words: Words): HTMLElement[] {
  const { state, entries, bytes: size, expected, completedAt } = compared;
  if (state === "running") {
    const of = expected === undefined ? "" : ` / ${count(expected)}`;
    const text = words.comparing(`${count(entries)}${of}`, bytes(size));
    return [element("p", "faint", text, progressBar(entries, expected))];
  }
  if (state === "wanted") return [element("p", "faint", words.comparisonWaits)];
  if (completedAt === undefined) return [];
  const of = entries > 0 ? words.comparedEntries(count(entries)) : ""; // another process counted
  const text = `${words.compared(new Date(completedAt).toLocaleString())}${of}`;
  return [element("p", "faint", text)];
}

function factsOf(report: TargetReport, course: Course, words: Words): [string, string][] {
  const { pending, latest, delivered, deliveredBytes, failed, sessions } = report;
  const { lag } = latest ?? {};
  const p = lag && `${milliseconds(lag.p50Ms)} / ${milliseconds(lag.p99Ms)}`;
  return [
    [words.pending, count(pending.paths)],
    [words.oldest, pending.paths === 0 ? "–" : duration(pending.oldestSeconds)],
    [words.lag, p ?? "–"],
    [words.rate, count(course.rate.files)],
    [words.byteRate, bytes(course.rate.bytes)],
    [words.delivered, `${count(delivered)} · ${bytes(deliveredBytes)}`],
    [words.sessions, words.sessionCounts(count(sessions.inFlight), count(sessions.warm))],
    [words.failed, count(failed)],
  ];
}

function sending({ sending: files }: TargetReport, words: Words): HTMLElement {
  const rows = files.map(({ path, bytes: done, size }) =>
    element(
      "li",
      "",
      element("span", "long", path),
      element("span", "number", `${bytes(done)} / ${bytes(size)}`),
      progressBar(done, size),
    ),
  );
  const list = element(
    "div",
    "sending",
    element("h4", "", words.sending),
    element("ul", "", ...rows),
  );
  return marked(list, files.length === 0 ? { hidden: "" } : {});
}

function failures({ latest }: TargetReport, words: Words): HTMLElement {
  const rows = (latest?.failures ?? []).map(({ path, reason, attempts, nextTry }) => [
    path,
    reason,
    String(attempts),
    untilNow(nextTry),
  ]);
  const heads = [words.path, words.reason, words.attempts, words.nextTry("")];
  return marked(table(words.failures, heads, rows), { "data-key": "failures" });
}

function deliveries({ latest }: TargetReport, words: Words): HTMLElement {
  const rows = (latest?.deliveries ?? [])
    .slice(0, 10)
    .map(({ path, kind, bytes: size, ms, at }) => [
      path,
      words.kinds[kind] ?? kind,
      bytes(size),
      milliseconds(ms),
      new Date(at).toLocaleTimeString(),
    ]);
  const heads = [words.path, words.kind, words.size, words.took, words.at];
  return marked(table(words.deliveries, heads, rows), { "data-key": "deliveries" });
}

function untilNow(iso: string): string {
  return duration(Math.max(0, (Date.parse(iso) - Date.now()) / 1000));
}
