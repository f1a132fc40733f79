import type { SourceReport, TargetReport } from "./report.ts";

/** One number of a report, as Prometheus knows it. */
export interface Series<From> {
  readonly name: string;
  readonly help: string;
  readonly kind: "counter" | "gauge";
  readonly value: (from: From) => number | undefined;
}

/** The numbers of a target, each with the labels `watch` and `target`. */
export const targetSeries: readonly Series<TargetReport>[] = [
  {
    name: "sersync_delivered_paths_total",
    kind: "counter",
    help: "Paths acknowledged by the target",
    value: ({ delivered }) => delivered,
  },
  {
    name: "sersync_delivered_bytes_total",
    kind: "counter",
    help: "Content of acknowledged files",
    value: ({ deliveredBytes }) => deliveredBytes,
  },
  {
    name: "sersync_failed_paths_total",
    kind: "counter",
    help: "Refusals of single paths, repetitions included",
    value: ({ failed }) => failed,
  },
  {
    name: "sersync_target_up",
    kind: "gauge",
    help: "1 while the target can be used",
    value: ({ up }) => Number(up),
  },
  {
    name: "sersync_target_paused",
    kind: "gauge",
    help: "1 while a person has paused the target",
    value: ({ paused }) => Number(paused),
  },
  {
    name: "sersync_sessions_warm",
    kind: "gauge",
    help: "Sessions that wait ready",
    value: ({ sessions }) => sessions.warm,
  },
  {
    name: "sersync_sessions_in_flight",
    kind: "gauge",
    help: "Sessions that carry something",
    value: ({ sessions }) => sessions.inFlight,
  },
  {
    name: "sersync_deletions_halted",
    kind: "gauge",
    help: "1 while deletions wait for a person or for the tree to return",
    value: ({ halt }) => Number(halt !== undefined),
  },
  {
    name: "sersync_pending_paths",
    kind: "gauge",
    help: "Paths that have not been acknowledged",
    value: ({ pending }) => pending.paths,
  },
  {
    name: "sersync_pending_refused_paths",
    kind: "gauge",
    help: "Pending paths that were refused at least once",
    value: ({ pending }) => pending.refused,
  },
  {
    name: "sersync_pending_in_flight_paths",
    kind: "gauge",
    help: "Pending paths being delivered now",
    value: ({ pending }) => pending.inFlight,
  },
  {
    name: "sersync_pending_oldest_seconds",
    kind: "gauge",
    help: "Age of the oldest undelivered change; 0 when all is delivered",
    value: ({ pending }) => pending.oldestSeconds,
  },
  {
    name: "sersync_reconcile_running",
    kind: "gauge",
    help: "1 while the whole tree is compared",
    value: ({ comparison }) => Number(comparison.state === "running"),
  },
  {
    name: "sersync_reconcile_entries",
    kind: "gauge",
    help: "Entries compared by the comparison that runs or ran last",
    value: ({ comparison }) => comparison.entries,
  },
  {
    name: "sersync_reconcile_completed_timestamp_seconds",
    kind: "gauge",
    help: "When the last comparison was complete",
    value: ({ comparison: { completedAt } }) =>
      completedAt === undefined ? undefined : Date.parse(completedAt) / 1_000,
  },
];

/** The numbers of a watched directory, each with the label `watch`. */
export const watchSeries: readonly Series<SourceReport>[] = [
  {
    name: "sersync_watching",
    kind: "gauge",
    help: "1 while every directory is watched",
    value: ({ watcher }) => Number(watcher.state === "watching"),
  },
  {
    name: "sersync_watched_directories",
    kind: "gauge",
    help: "Directories with a watch of their own",
    value: ({ watcher }) => watcher.directories,
  },
  {
    name: "sersync_unwatched_trees",
    kind: "gauge",
    help: "Trees without watches, compared from time to time",
    value: ({ watcher }) => watcher.unwatched.length,
  },
  {
    name: "sersync_watch_events_total",
    kind: "counter",
    help: "Events read from the kernel",
    value: ({ watcher }) => watcher.events,
  },
  {
    name: "sersync_watch_overflows_total",
    kind: "counter",
    help: "How often the kernel dropped events",
    value: ({ watcher }) => watcher.overflows,
  },
  {
    name: "sersync_watch_rescans_total",
    kind: "counter",
    help: "How often everything was looked at again",
    value: ({ watcher }) => watcher.rescans,
  },
  {
    name: "sersync_watch_limit",
    kind: "gauge",
    help: "How many directories the kernel lets a user's programs watch",
    value: ({ watcher }) => watcher.watchLimit,
  },
];

/** The name of the histogram that is filled as deliveries happen. */
export const lagMetric = "sersync_delivery_lag_seconds";

/** What is counted as it happens, with the labels `watch` and `target`, and one of their own. */
export const countedSeries = [
  {
    name: "sersync_failures_total",
    help: "Outages and refusals of single paths, by their class",
    label: "class",
  },
  { name: "sersync_reconciles_total", help: "Comparisons that were complete", label: undefined },
] as const;
