import { readFileSync } from "node:fs";
import { counted } from "../../amount.ts";

/** The kernel's bounds for inotify, per user but for the queue, which is per instance. */
export interface Limits {
  readonly watches: Limit;
  readonly instances: Limit;
}

/** A number, and the sysctl it stands in. */
export interface Limit {
  readonly name: string;
  /** Infinity when it cannot be read. */
  readonly value: number;
}

/**
 * Reads the bounds that count here: those of the machine, or of a user namespace (as in a container)
 * where they are lower. `folder` defaults to the kernel's own.
 */
export function readLimits(folder = "/proc/sys"): Limits {
  const read = (name: string): Limit => {
    try {
      const text = readFileSync(`${folder}/${name.replaceAll(".", "/")}`, "latin1");
      return { name, value: Number(text) };
    } catch {
      return { name, value: Number.POSITIVE_INFINITY };
    }
  };
  const lower = (one: Limit, other: Limit): Limit => (other.value < one.value ? other : one);
  return {
    watches: lower(read("fs.inotify.max_user_watches"), read("user.max_inotify_watches")),
    instances: lower(read("fs.inotify.max_user_instances"), read("user.max_inotify_instances")),
  };
}

/**
 * What is taken of what is allowed: "20001 directories; a user's programs may watch 192536
 * (fs.inotify.max_user_watches) with 128 instances (fs.inotify.max_user_instances), of which this is 1".
 */
export function describeUse(directories: number, { watches, instances }: Limits): string {
  const count = counted(directories, "directory", "directories");
  if (!Number.isFinite(watches.value)) return count;
  return (
    `${count}; a user's programs may watch ${watches.value} (${watches.name}) ` +
    `with ${instances.value} instances (${instances.name}), of which this is 1`
  );
}

/** From this share of the allowed watches on a single tree takes worryingly many. */
const worryingShare = 0.75;

/** True when a tree takes so many watches that the next growth may fail. */
export function isNearLimit(directories: number, { watches }: Limits): boolean {
  return directories >= watches.value * worryingShare;
}

/** What {@link isNearLimit} means, for people. */
export function warnOfUse(directories: number, { watches }: Limits): string {
  return (
    `${watches.name} may be too small: ${directories} of ${watches.value} are ` +
    "taken by this tree; directories beyond it are looked at from time to time instead"
  );
}

/** How many watches are needed, of how many there are, and what can be done about it. */
export function explainNeed(needed: number, { watches: { name, value } }: Limits): string {
  // Room for growth and for the user's other programs, in the round numbers people use.
  const wanted = 2 ** Math.ceil(Math.log2(needed * 1.5));
  // Others may have taken what would have been enough.
  const advised = Math.max(wanted, Number.isFinite(value) && value >= wanted ? value * 2 : 0);
  return (
    `${needed} directories need a watch each; ${name} allows ${value} to all programs of a user: ` +
    `sysctl ${name}=${advised} would do`
  );
}
