import type { Slot } from "./table.ts";

/** A directory tree to be watched, top first. */
export interface Job {
  readonly top: Slot;
  /**
   * What is reported of what is found:
   * - `tree`: the top, as a tree, once all of it is watched;
   * - `files`: each file, because the directories themselves are not reported;
   * - `nothing`: it is known already;
   * - `strangers`: only directories that were not known before, each as a tree of its own;
   * - `recent`: directories whose entries changed since `sinceMs`, each as a tree;
   * - `recent files`: files that changed since `sinceMs` and before `untilMs`.
   */
  readonly report: "tree" | "files" | "nothing" | "strangers" | "recent" | "recent files";
  /** In ms since 1970; default 0. */
  readonly sinceMs?: number;
  /** In ms since 1970; default never. */
  readonly untilMs?: number;
  /** Also look below directories that have their watch already; default false. */
  readonly isDeep?: boolean;
  /** Directories not looked at yet; default the top. */
  readonly stack?: Slot[];
}

/** True when the job looks at files, so that every directory must be listed. */
export function meetsFiles({ report }: Job): boolean {
  return report === "files" || report === "recent files";
}

/** True when a time lies in the span the job asks about. */
export function isBetween(
  timeMs: number,
  { sinceMs = 0, untilMs = Number.POSITIVE_INFINITY }: Job,
): boolean {
  return timeMs >= sinceMs && timeMs <= untilMs;
}
