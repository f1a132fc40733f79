import { asBytePath, displayPath } from "../../protocol/index.ts";
import { counted } from "../amount.ts";
import type { SourceReport, StatusReport, TargetReport } from "../status/report.ts";
import { replacedRoot } from "../target/address.ts";
import type { MirrorStatus, SourceStatus } from "../target/mirror-status.ts";
import type { TargetStatus } from "../target/status.ts";
import { readLimits } from "../watch/inotify/limits.ts";

/** What the process knows besides its mirrors. */
export type ProcessFacts = Pick<
  StatusReport,
  "version" | "pid" | "state" | "startedAt" | "lastReload"
>;

/** Everything at a glance, in one line: for the service manager. */
export function summarize(reports: readonly StatusReport[]): string {
  const problems = reports.flatMap((report) => report.problems);
  const targets = reports.flatMap(({ sources }) => sources.flatMap((source) => source.targets));
  const waiting = targets.reduce((sum, { pending }) => sum + pending.paths, 0);
  const [first = "everything is well", ...more] = problems;
  const others = more.length === 0 ? "" : ` (one of ${problems.length} problems)`;
  const what = counted(waiting, "path");
  return `${what} to deliver to ${counted(targets.length, "target")}; ${first}${others}`;
}

/** A mirror's status as people and programs read it. */
export function reportOf(
  facts: ProcessFacts,
  file: string,
  status: MirrorStatus | undefined,
): StatusReport {
  const sources = (status?.sources ?? []).map(sourceReport);
  const { lastReload } = facts;
  const problems = [
    ...(facts.state === "starting" ? ["not everything is watched yet"] : []),
    ...(lastReload && lastReload.mistakes.length > 0
      ? ["the configuration could not be reloaded; an older one is carried out"]
      : []),
    ...(status?.sources ?? [])
      .filter(({ isReplaced }) => isReplaced)
      .map(({ root }) => `${shown(root)}: ${replacedRoot}`),
    ...sources.flatMap(sourceProblems),
  ];
  const plugin = status?.plugin && { plugin: status.plugin };
  return { ...facts, file, healthy: problems.length === 0, problems, sources, ...plugin };
}

function sourceReport({ root, watcher, rescans, targets }: SourceStatus): SourceReport {
  return {
    directory: shown(root),
    watcher: {
      backend: watcher?.backend ?? "none",
      state: watcher?.state ?? "starting",
      directories: watcher?.directories ?? 0,
      events: watcher?.events ?? 0,
      overflows: watcher?.overflows ?? 0,
      rescans,
      ...(watcher?.backend === "inotify" && watchLimit()),
      unwatched: (watcher?.unwatched ?? []).map(shown),
      missingMounts: (watcher?.missingMounts ?? []).map(shown),
    },
    targets: targets.map((target) => targetReport(target.name, target)),
  };
}

function watchLimit(): { readonly watchLimit?: number } {
  const { value } = readLimits().watches;
  return Number.isFinite(value) ? { watchLimit: value } : {};
}

function targetReport(name: string, status: TargetStatus): TargetReport {
  const { pending, outage, halt, reconcile, delivered, deliveredBytes, failed } = status;
  const { lastDeliveryAt, lastError, paused, activity } = status;
  const { paths, inFlight, refused, oldest } = pending;
  const { state, entries, bytes, expected, completedAt } = reconcile;
  return {
    name,
    up: outage === undefined,
    ...(outage && { outage: outageReport(outage) }),
    paused,
    sessions: { warm: activity.warm, inFlight: activity.inFlight },
    sending: activity.sending.map((file) => ({ ...file, path: shown(file.path) })),
    ...(halt && { halt: { ...halt, since: isoTime(halt.since) } }),
    pending: { paths, inFlight, refused, oldestSeconds: ageSeconds(oldest) },
    comparison: {
      state,
      entries,
      bytes,
      ...(expected !== undefined && { expected }),
      ...(completedAt !== undefined && { completedAt: isoTime(completedAt) }),
    },
    delivered,
    deliveredBytes,
    failed,
    ...(lastDeliveryAt !== undefined && { lastDeliveryAt: isoTime(lastDeliveryAt) }),
    ...(lastError && { lastError: { text: shown(lastError.text), at: isoTime(lastError.at) } }),
  };
}

function outageReport(outage: NonNullable<TargetStatus["outage"]>): TargetReport["outage"] & {} {
  const { failure, since, until } = outage;
  return {
    code: failure.code,
    error: shown(failure.message),
    since: isoTime(wallClock(since)),
    nextAttempt: isoTime(wallClock(until)),
  };
}

function sourceProblems({ directory, watcher, targets }: SourceReport): readonly string[] {
  const { state, unwatched, missingMounts } = watcher;
  return [
    ...(state === "watching" ? [] : [`${directory}: ${state}`]),
    ...(unwatched.length === 0
      ? []
      : [
          `${directory}: ${counted(unwatched.length, "directory is", "directories are")} not watched, with all below`,
        ]),
    ...missingMounts.map((mount) => `${directory}: what was mounted at ${mount} has gone`),
    ...targets.flatMap(targetProblems),
  ];
}

function targetProblems({ name, outage, paused, halt, pending }: TargetReport): readonly string[] {
  return [
    ...(paused ? [`${name}: it is paused; "sersync resume" lets it go on`] : []),
    ...(outage ? [`${name}: ${outage.error}`] : []),
    ...(halt ? [`${name}: nothing is deleted: ${halt.reason}`] : []),
    ...(pending.refused === 0
      ? []
      : [`${name}: ${counted(pending.refused, "path was", "paths were")} refused`]),
  ];
}

/** A byte string, which a path or a daemon's text is. */
function shown(bytes: string): string {
  return displayPath(asBytePath(bytes));
}

function ageSeconds(since: number | undefined): number {
  return since === undefined ? 0 : Math.max(0, Math.round(performance.now() - since) / 1_000);
}

/** `performance.now()` as ms since 1970. */
function wallClock(time: number): number {
  return performance.timeOrigin + time;
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
