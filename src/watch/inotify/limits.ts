import { readFileSync } from "node:fs";

/** The kernel's bounds for inotify, per user but for the queue, which is per instance. */
export interface Limits {
  readonly maxUserWatches: number;
  readonly maxUserInstances: number;
  readonly maxQueuedEvents: number;
}

/** Reads the bounds; an unknown one is Infinity. `folder` defaults to the kernel's own. */
export function readLimits(folder = "/proc/sys/fs/inotify"): Limits {
  const read = (name: string): number => {
    try {
      return Number(readFileSync(`${folder}/${name}`, "latin1"));
    } catch {
      return Number.POSITIVE_INFINITY;
    }
  };
  return {
    maxUserWatches: read("max_user_watches"),
    maxUserInstances: read("max_user_instances"),
    maxQueuedEvents: read("max_queued_events"),
  };
}

/** How many watches are taken, and of how many: "20001 directories, of 192536 watches allowed". */
export function describeUse(directories: number, { maxUserWatches }: Limits): string {
  const count = directories === 1 ? "1 directory" : `${directories} directories`;
  return Number.isFinite(maxUserWatches)
    ? `${count}, of ${maxUserWatches} watches allowed (fs.inotify.max_user_watches)`
    : count;
}

/** A warning when a tree takes so many watches that the next growth may fail; otherwise undefined. */
export function warnOfUse(directories: number, { maxUserWatches }: Limits): string | undefined {
  if (directories < maxUserWatches * 0.75) return undefined;
  return (
    `fs.inotify.max_user_watches will be too small soon: ${directories} of ${maxUserWatches} are ` +
    "taken by this tree; directories beyond it are compared from time to time instead"
  );
}
