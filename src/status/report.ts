import type { PluginReport } from "../target/mirror-status.ts";

/**
 * What is told of one configuration by `sersync status --json` and `GET /api/status`. Plain data: times
 * are ISO 8601 in UTC, paths are text with control characters and what is not UTF-8 escaped; fields
 * are only ever added.
 */
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
  readonly plugin?: PluginReport;
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
    /** How often everything was looked at again. */
    readonly rescans: number;
    /** How many directories a user's programs may watch; absent where nothing limits that. */
    readonly watchLimit?: number;
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
  /** A person has paused it: nothing is sent there, what changes is remembered. */
  readonly paused: boolean;
  readonly sessions: {
    /** Connected, authenticated, and waiting for something to do. */
    readonly warm: number;
    readonly inFlight: number;
  };
  /** Files whose content is on its way now, ten at most. */
  readonly sending: readonly {
    readonly path: string;
    readonly bytes: number;
    readonly size: number;
  }[];
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
    readonly state: "none" | "wanted" | "running";
    readonly entries: number;
    readonly bytes: number;
    /** How many entries the last one had that was complete. */
    readonly expected?: number;
    readonly completedAt?: string;
  };
  /** Since the start. */
  readonly delivered: number;
  readonly deliveredBytes: number;
  readonly failed: number;
  readonly lastDeliveryAt?: string;
  readonly lastError?: { readonly text: string; readonly at: string };
  /** Absent where nobody has kept it. */
  readonly latest?: LatestReport;
}

/** The course of one target's deliveries. */
export interface LatestReport {
  /** Of the last five minutes; absent when nothing was delivered. */
  readonly lag?: { readonly p50Ms: number; readonly p99Ms: number };
  /** Latest first, at most 20. */
  readonly deliveries: readonly RecentDelivery[];
  /** Paths that wait for their next try, latest first, at most 20. */
  readonly failures: readonly RecentFailure[];
}

export interface RecentDelivery {
  readonly path: string;
  readonly kind: string;
  readonly bytes: number;
  /** From the change to its acknowledgement. */
  readonly ms: number;
  readonly at: string;
}

export interface RecentFailure {
  readonly path: string;
  readonly reason: string;
  readonly attempts: number;
  readonly nextTry: string;
}
