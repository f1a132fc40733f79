import { counted, formatAge, formatBytes, formatNumber } from "../amount.ts";
import { escapeControls } from "../printable.ts";
import type { LatestReport, SourceReport, StatusReport, TargetReport } from "../status/report.ts";

/** What was told before, and when, in ms since 1970. */
export interface Earlier {
  readonly report: StatusReport;
  readonly at: number;
}

/** A few tell how it goes; the page and `--json` have more. */
const shownDeliveries = 3;
const shownFailures = 5;

/** What is to be done at a target where no path waits. */
const idleWords = {
  none: "nothing waits",
  running: "being compared",
  wanted: "a comparison of everything waits",
} as const;

/** A status as a person reads it; with what was told before it also says how fast it goes. */
export function formatStatus(
  report: StatusReport,
  now: number = Date.now(),
  earlier?: Earlier,
): readonly string[] {
  const { file, pid, state, version, startedAt, healthy, problems, lastReload } = report;
  const since = formatAge((now - Date.parse(startedAt)) / 1_000);
  return [
    `${file}: ${state} for ${since} (process ${pid}, sersync ${version}), ${healthy ? "healthy" : "in trouble"}`,
    ...problems.map((problem) => `  ! ${problem}`),
    ...(lastReload?.mistakes ?? []).map((mistake) => `  ! ${mistake}`),
    ...report.sources.flatMap((source) => formatSource(source, now, earlier)),
    ...(report.plugin ? [formatPlugin(report.plugin)] : []),
  ].map(escapeControls);
}

function formatSource(
  { directory, watcher, targets }: SourceReport,
  now: number,
  earlier: Earlier | undefined,
): string[] {
  const { backend, state, directories, events, overflows, rescans, watchLimit } = watcher;
  const limit = watchLimit === undefined ? "" : ` of ${watchLimit} that can be watched`;
  const lost = overflows === 0 ? "" : `, ${counted(overflows, "overflow")} made good`;
  const again = rescans === 0 ? "" : `, ${counted(rescans, "rescan")}`;
  const before = earlier?.report.sources.find((source) => source.directory === directory);
  return [
    `  ${directory}: ${state} (${backend}), ${counted(directories, "directory", "directories")}${limit}, ${counted(events, "event")}${lost}${again}`,
    ...targets.flatMap((target) => {
      const old = before?.targets.find(({ name }) => name === target.name);
      const rate = old && earlier ? formatRate(target, old, (now - earlier.at) / 1_000) : [];
      return formatTarget(target, now, rate);
    }),
  ];
}

function formatRate(target: TargetReport, before: TargetReport, seconds: number): string[] {
  if (seconds <= 0 || target.delivered < before.delivered) return []; // another process by now
  const files = formatNumber((target.delivered - before.delivered) / seconds);
  const bytes = formatBytes((target.deliveredBytes - before.deliveredBytes) / seconds);
  return [`      ${files} paths/s, ${bytes}/s`];
}

function formatPlugin(plugin: NonNullable<StatusReport["plugin"]>): string {
  const { name, isAnswered, done, failed, dropped, waiting, running } = plugin;
  const answer = isAnswered ? "" : ", gets no answer";
  return `  plugin ${name}: ${done} done, ${failed} failed, ${dropped} left out; ${running} under way, ${waiting} waiting${answer}`;
}

function formatTarget(target: TargetReport, now: number, rate: readonly string[]): string[] {
  const { name, up, paused, outage, delivered, deliveredBytes, failed, lastDeliveryAt } = target;
  const last = lastDeliveryAt === undefined ? "" : `, the last ${formatAgo(lastDeliveryAt, now)}`;
  const refusals = failed === 0 ? "" : `, ${counted(failed, "refusal")}`;
  return [
    `    ${name}: ${paused ? "paused, " : ""}${up ? "up" : "down"}, ${formatPending(target)}`,
    ...target.sending.map(formatSending),
    ...(outage ? [`      tried again in ${formatUntil(outage.nextAttempt, now)}`] : []),
    `      ${delivered} delivered (${formatBytes(deliveredBytes)})${last}${refusals}`,
    ...rate,
    ...formatSessions(target),
    ...formatComparison(target, now),
    ...formatLatest(target.latest, now),
  ];
}

function formatLatest(latest: LatestReport | undefined, now: number): string[] {
  if (latest === undefined) return [];
  const { lag, deliveries, failures } = latest;
  const more = failures.length - shownFailures;
  return [
    ...(lag ? [`      lag p50 ${formatMs(lag.p50Ms)}, p99 ${formatMs(lag.p99Ms)}`] : []),
    ...deliveries.slice(0, shownDeliveries).map(({ path, kind, bytes, ms, at }) => {
      const what = kind === "file" ? formatBytes(bytes) : kind;
      return `      - ${path} (${what}) after ${formatMs(ms)}, ${formatAgo(at, now)}`;
    }),
    ...failures.slice(0, shownFailures).map(({ path, reason, attempts, nextTry }) => {
      const next = `tried again in ${formatUntil(nextTry, now)}`;
      return `      ! ${path}: ${reason}; ${counted(attempts, "attempt")}, ${next}`;
    }),
    ...(more > 0 ? [`      ! and ${more} more`] : []),
  ];
}

function formatMs(ms: number): string {
  return ms < 1_000 ? `${formatNumber(ms)} ms` : formatAge(ms / 1_000);
}

function formatPending({ pending, comparison }: TargetReport): string {
  const { paths, inFlight, oldestSeconds } = pending;
  if (paths === 0) return idleWords[comparison.state];
  const oldest = formatAge(oldestSeconds);
  return `${counted(paths, "path")} to deliver (${inFlight} under way), the oldest for ${oldest}`;
}

function formatSending({ path, bytes, size }: TargetReport["sending"][number]): string {
  return `      sending ${path}: ${formatBytes(bytes)} of ${formatBytes(size)}`;
}

function formatSessions({ sessions: { warm, inFlight } }: TargetReport): string[] {
  if (warm + inFlight === 0) return [];
  return [`      ${counted(inFlight, "session")} in flight, ${warm} waiting ready`];
}

function formatComparison({ comparison, pending }: TargetReport, now: number): string[] {
  const { state, entries, bytes, expected, completedAt } = comparison;
  if (state === "running") {
    const of = expected === undefined ? " so far" : ` of about ${expected}`;
    const looked = counted(entries, "entry", "entries");
    return [`      comparing: ${looked}${of}, ${formatBytes(bytes)} looked at`];
  }
  if (state === "wanted") return pending.paths === 0 ? [] : [`      ${idleWords.wanted}`];
  return completedAt === undefined ? [] : [`      compared whole ${formatAgo(completedAt, now)}`];
}

function formatAgo(time: string, now: number): string {
  return `${formatAge((now - Date.parse(time)) / 1_000)} ago`;
}

function formatUntil(time: string, now: number): string {
  return formatAge(Math.max(0, (Date.parse(time) - now) / 1_000));
}
