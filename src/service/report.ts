import { asBytePath, displayPath } from "../../protocol/index.ts";
import type { MirrorStatus, PluginStatus, SourceStatus } from "../push/mirror-status.ts";
import type { TargetStatus } from "../push/status.ts";

/** What `sersync status` tells of one configuration; plain data, times as ISO 8601. */
export interface StatusReport {
  readonly version: string;
  readonly pid: number;
  /** `reloading`: a changed configuration takes the place of the old one. */
  readonly state: "starting" | "running" | "reloading" | "stopping";
  readonly startedAt: string;
  readonly file: string;
  /** True when everything is watched and every target takes what it gets. */
  readonly healthy: boolean;
  /** Why it is not, one line each. */
  readonly problems: readonly string[];
  /** The last attempt; absent when there was none. */
  readonly lastReload?: { readonly at: string; readonly mistakes: readonly string[] };
  readonly sources: readonly SourceReport[];
  /** The plugin that follows each delivery, or runs alone; absent when there is none. */
  readonly plugin?: PluginStatus;
}

/** One watched directory. */
export interface SourceReport {
  readonly directory: string;
  readonly watcher: {
    readonly backend: string;
    readonly state: string;
    readonly directories: number;
    readonly events: number;
    readonly overflows: number;
    /** Trees that are compared from time to time instead of being watched. */
    readonly unwatched: readonly string[];
    /** Mount points whose file system has gone. */
    readonly missingMounts: readonly string[];
  };
  readonly targets: readonly TargetReport[];
}

/** One target of a watched directory. */
export interface TargetReport {
  readonly name: string;
  readonly up: boolean;
  /** Why it is not up, and when it is tried again. */
  readonly outage?: {
    readonly code: string;
    readonly error: string;
    readonly since: string;
    readonly nextAttempt: string;
  };
  /** Why nothing is deleted there for now. */
  readonly halt?: { readonly reason: string; readonly since: string; readonly held: number };
  readonly pending: {
    readonly paths: number;
    readonly inFlight: number;
    readonly refused: number;
    /** Age of the oldest undelivered change, in seconds. */
    readonly oldestSeconds: number;
  };
  readonly comparison: {
    readonly state: string;
    readonly entries: number;
    readonly bytes: number;
    readonly completedAt?: string;
  };
  /** Since the start. */
  readonly delivered: number;
  readonly deliveredBytes: number;
  readonly failed: number;
  readonly lastDeliveryAt?: string;
  readonly lastError?: { readonly text: string; readonly at: string };
}

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
  const where = targets.length === 1 ? "1 target" : `${targets.length} targets`;
  return `${waiting} paths to deliver to ${where}; ${first}${others}`;
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
    ...sources.flatMap(sourceProblems),
    ...pluginProblems(status?.plugin),
  ];
  const plugin = status?.plugin && { plugin: status.plugin };
  return { ...facts, file, healthy: problems.length === 0, problems, sources, ...plugin };
}

function sourceReport({ root, watcher, targets }: SourceStatus): SourceReport {
  return {
    directory: shown(root),
    watcher: {
      backend: watcher?.backend ?? "none",
      state: watcher?.state ?? "starting",
      directories: watcher?.directories ?? 0,
      events: watcher?.events ?? 0,
      overflows: watcher?.overflows ?? 0,
      unwatched: (watcher?.unwatched ?? []).map(shown),
      missingMounts: (watcher?.missingMounts ?? []).map(shown),
    },
    targets: targets.map((target) => targetReport(target.name, target)),
  };
}

function targetReport(name: string, status: TargetStatus): TargetReport {
  const { pending, outage, halt, reconcile, delivered, deliveredBytes, failed } = status;
  const { lastDeliveryAt, lastError } = status;
  const { paths, inFlight, refused, oldest } = pending;
  const { state, entries, bytes, completedAt } = reconcile;
  return {
    name,
    up: outage === undefined,
    ...(outage && { outage: outageReport(outage) }),
    ...(halt && { halt: { ...halt, since: isoTime(halt.since) } }),
    pending: { paths, inFlight, refused, oldestSeconds: ageSeconds(oldest) },
    comparison: {
      state,
      entries,
      bytes,
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
      : [`${directory}: ${unwatched.length} directories are not watched, with all below them`]),
    ...missingMounts.map((mount) => `${directory}: what was mounted at ${mount} has gone`),
    ...targets.flatMap(targetProblems),
  ];
}

function pluginProblems(plugin: PluginStatus | undefined): readonly string[] {
  if (plugin === undefined || plugin.isAnswered) return [];
  return [`plugin ${plugin.name}: it gets no answer; ${plugin.waiting} changes wait for it`];
}

function targetProblems({ name, outage, halt, pending }: TargetReport): readonly string[] {
  return [
    ...(outage ? [`${name}: ${outage.error}`] : []),
    ...(halt ? [`${name}: nothing is deleted: ${halt.reason}`] : []),
    ...(pending.refused === 0 ? [] : [`${name}: ${pending.refused} paths were refused`]),
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
