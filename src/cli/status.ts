import { escapeControls } from "../printable.ts";
import type { SourceReport, StatusReport, TargetReport } from "../status/report.ts";

/** A status as a person reads it. */
export function formatStatus(report: StatusReport, now: number = Date.now()): readonly string[] {
  const { file, pid, state, version, startedAt, healthy, problems, lastReload } = report;
  const since = formatAge((now - Date.parse(startedAt)) / 1_000);
  return [
    `${file}: ${state} for ${since} (process ${pid}, sersync ${version}), ${healthy ? "healthy" : "in trouble"}`,
    ...problems.map((problem) => `  ! ${problem}`),
    ...(lastReload?.mistakes ?? []).map((mistake) => `  ! ${mistake}`),
    ...report.sources.flatMap((source) => formatSource(source, now)),
    ...(report.plugin ? [formatPlugin(report.plugin)] : []),
  ].map(escapeControls);
}

function formatSource({ directory, watcher, targets }: SourceReport, now: number): string[] {
  const { backend, state, directories, events, overflows } = watcher;
  const lost = overflows === 0 ? "" : `, ${overflows} overflows made good`;
  return [
    `  ${directory}: ${state} (${backend}), ${counted(directories, "directory", "directories")}, ${counted(events, "event")}${lost}`,
    ...targets.flatMap((target) => formatTarget(target, now)),
  ];
}

function formatPlugin(plugin: NonNullable<StatusReport["plugin"]>): string {
  const { name, isAnswered, done, failed, dropped, waiting, running } = plugin;
  const answer = isAnswered ? "" : ", gets no answer";
  return `  plugin ${name}: ${done} done, ${failed} failed, ${dropped} left out; ${running} under way, ${waiting} waiting${answer}`;
}

function formatTarget(target: TargetReport, now: number): string[] {
  const { name, up, paused, outage, pending, delivered, deliveredBytes, failed, lastDeliveryAt } =
    target;
  const last = lastDeliveryAt === undefined ? "" : `, the last ${formatAgo(lastDeliveryAt, now)}`;
  const refusals = failed === 0 ? "" : `, ${counted(failed, "refusal")}`;
  return [
    `    ${name}: ${paused ? "paused, " : ""}${up ? "up" : "down"}, ${formatPending(pending)}`,
    ...target.sending.map(formatSending),
    ...(outage ? [`      tried again in ${formatUntil(outage.nextAttempt, now)}`] : []),
    `      ${delivered} delivered (${formatBytes(deliveredBytes)})${last}${refusals}`,
    ...formatSessions(target),
    ...formatComparison(target, now),
  ];
}

function formatPending({ paths, inFlight, oldestSeconds }: TargetReport["pending"]): string {
  if (paths === 0) return "nothing waits";
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

function formatComparison({ comparison }: TargetReport, now: number): string[] {
  const { state, entries, bytes, expected, completedAt } = comparison;
  if (state === "running") {
    const of = expected === undefined ? " so far" : ` of about ${expected}`;
    return [`      comparing: ${entries} entries${of}, ${formatBytes(bytes)} looked at`];
  }
  if (state === "wanted") return ["      a comparison of everything waits"];
  return completedAt === undefined ? [] : [`      compared whole ${formatAgo(completedAt, now)}`];
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

function formatAgo(time: string, now: number): string {
  return `${formatAge((now - Date.parse(time)) / 1_000)} ago`;
}

function formatUntil(time: string, now: number): string {
  return formatAge(Math.max(0, (Date.parse(time) - now) / 1_000));
}

const ageUnits = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
] as const;

/** A time span in its largest unit, for instance `3.5 h`. */
export function formatAge(seconds: number): string {
  const [size, unit] = ageUnits.find(([size]) => seconds >= size) ?? [1, "s"];
  const value = seconds / size;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

const byteUnits = ["bytes", "KB", "MB", "GB", "TB"] as const;

/** An amount of data as people say it, in powers of 1000. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < byteUnits.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${byteUnits[unit]}`;
}
