import type { BytePath } from "./path.ts";
import type { PushReport } from "./report.ts";
import type { PushTotals } from "./totals.ts";

/**
 * How one path ended.
 *
 * - `acknowledged`: it is in place, as the daemon says.
 * - `deleted`: the daemon has deleted it.
 * - `kept`: the daemon left it as it was, as it was told to (`--update` and the like).
 * - `changed`, `vanished`: what was sent is not what is here now; look again.
 * - `failed`: `reason` says why.
 */
export type PathResult =
  | {
      readonly path: BytePath;
      readonly status: "acknowledged" | "deleted" | "kept" | "changed" | "vanished";
    }
  | { readonly path: BytePath; readonly status: "failed"; readonly reason: string };

/** What became of a push. */
export class PushResult {
  readonly report: PushReport;
  readonly totals: PushTotals;
  /** rsync's: 0, or 23, 24, 25 when not everything is as it should be. */
  readonly exitCode: number;
  readonly #deleted: readonly BytePath[];

  constructor(report: PushReport, deleted: readonly BytePath[]) {
    this.report = report;
    this.totals = report.totals;
    this.exitCode = report.exitCode;
    this.#deleted = deleted;
  }

  /** Every path that was listed, in the order of sending, then what was deleted without being listed. */
  *paths(): Generator<PathResult> {
    const named = new Set<BytePath>();
    for (const { path, mode, status } of this.report.paths()) {
      if (mode === 0) named.add(path);
      if (status.kind === "failed") yield { path, status: "failed", reason: status.reason };
      else if (status.kind !== "delivered") yield { path, status: status.kind };
      else yield { path, status: mode === 0 ? "deleted" : "acknowledged" };
    }
    for (const path of this.#deleted) if (!named.has(path)) yield { path, status: "deleted" };
  }

  /** Those that failed. */
  failures(): Extract<PathResult, { readonly status: "failed" }>[] {
    return [...this.paths()].filter((result) => result.status === "failed");
  }
}
