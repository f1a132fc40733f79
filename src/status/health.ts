import type { StatusReport } from "./report.ts";

/** Whether the mirrors are doing their work, and if not, one line per reason. */
export interface Health {
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

/**
 * Ready is who watches every directory and has at least `share` of the targets reachable.
 *
 * @param share from 0 to 1; default 1, all of them.
 */
export function healthOf(reports: readonly StatusReport[], share = 1): Health {
  const sources = reports.flatMap((report) => report.sources);
  const starting = reports.filter(({ state }) => state === "starting");
  const unwatched = sources.filter(({ watcher }) => watcher.state !== "watching");
  const targets = sources.flatMap((source) => source.targets);
  const down = targets.filter(({ up }) => !up);
  const enough = targets.length - down.length >= share * targets.length;
  return {
    ready: starting.length + unwatched.length === 0 && enough,
    reasons: [
      ...starting.map(({ file }) => `${file}: starting`),
      ...unwatched.map(({ directory, watcher }) => `${directory}: ${watcher.state}`),
      ...down.map(({ name, outage }) => `${name}: ${outage?.error ?? "not reachable"}`),
    ],
  };
}
