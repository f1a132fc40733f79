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

/**
 * What is taken of what is allowed: "20001 directories; a user's programs may watch 192536
 * (fs.inotify.max_user_watches) with 128 instances (fs.inotify.max_user_instances), of which this is 1".
 */
export function describeUse(directories: number, limits: Limits): string {
  const { maxUserWatches, maxUserInstances } = limits;
  const count = directories === 1 ? "1 directory" : `${directories} directories`;
  if (!Number.isFinite(maxUserWatches)) return count;
  return (
    `${count}; a user's programs may watch ${maxUserWatches} (fs.inotify.max_user_watches) ` +
    `with ${maxUserInstances} instances (fs.inotify.max_user_instances), of which this is 1`
  );
}

/** From this share of the allowed watches on a single tree takes worryingly many. */
const worryingShare = 0.75;

/** True when a tree takes so many watches that the next growth may fail. */
export function isNearLimit(directories: number, { maxUserWatches }: Limits): boolean {
  return directories >= maxUserWatches * worryingShare;
}

/** What {@link isNearLimit} means, for people. */
export function warnOfUse(directories: number, { maxUserWatches }: Limits): string {
  return (
    `fs.inotify.max_user_watches may be too small: ${directories} of ${maxUserWatches} are ` +
    "taken by this tree; directories beyond it are looked at from time to time instead"
  );
}

/** How many watches are needed, of how many there are, and what can be done about it. */
export function explainNeed(needed: number, { maxUserWatches }: Limits): string {
  // Room for growth and for the other programs of the user, in the round numbers people use.
  const advised = 2 ** Math.ceil(Math.log2(needed * 1.5));
  return (
    `${needed} directories need a watch each; fs.inotify.max_user_watches allows ${maxUserWatches} ` +
    `to all programs of a user: sysctl fs.inotify.max_user_watches=${advised} would do`
  );
}
