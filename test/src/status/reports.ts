import type { StatusReport, TargetReport } from "../../../src/status/report.ts";

/** A target to which everything is delivered. */
export const goodTarget: TargetReport = {
  name: "127.0.0.1:873::backup",
  up: true,
  paused: false,
  sessions: { warm: 3, inFlight: 0 },
  sending: [],
  pending: { paths: 0, inFlight: 0, refused: 0, oldestSeconds: 0 },
  comparison: { state: "none", entries: 12, bytes: 3400, completedAt: "2026-11-22T10:00:00.000Z" },
  delivered: 7,
  deliveredBytes: 70_000,
  failed: 1,
};

/** A target that is down. */
export const badTarget: TargetReport = {
  ...goodTarget,
  name: "192.0.2.1:873::backup",
  up: false,
  outage: {
    code: "CONNECT_FAILED",
    error: "Cannot connect to 192.0.2.1:873: refused",
    since: "2026-11-22T10:00:00.000Z",
    nextAttempt: "2026-11-22T10:01:00.000Z",
  },
};

export function reportWith(...targets: TargetReport[]): StatusReport {
  return {
    version: "1.2.3",
    pid: 4711,
    state: "running",
    startedAt: "2026-11-22T09:00:00.000Z",
    file: "confxml.xml",
    healthy: true,
    problems: [],
    sources: [
      {
        directory: "/srv/www",
        watcher: {
          backend: "inotify",
          state: "watching",
          directories: 40,
          events: 900,
          overflows: 2,
          rescans: 2,
          watchLimit: 8192,
          unwatched: [],
          missingMounts: [],
        },
        targets,
      },
    ],
  };
}
