import { linkSync, lstatSync, renameSync, rmSync } from "node:fs";

/** A competitor may come in between as often; more often is no coincidence. */
const mostAttempts = 10;

/**
 * Gives the file `made` (a socket that listens, a pid file that is written) the name `name` as well,
 * unless what bears that name belongs to a living process. Both are in one directory.
 *
 * What is left of a process that was killed is taken out of the way, in such a manner that of
 * several that come at the same time only one gets the name.
 *
 * @returns false when `isAlive` says that the name is taken.
 * @throws {Error} of the system when the directory does not let us.
 */
export async function claimName(
  made: string,
  name: string,
  isAlive: (name: string) => Promise<boolean>,
): Promise<boolean> {
  for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
    if (link(made, name)) return true;
    const known = identityOf(name);
    if (known === undefined) continue; // gone meanwhile
    if (await isAlive(name)) return false;
    removeStale(name, known, `${made}.old`);
  }
  return false;
}

/** Removes `name` if it is still the file that `made` was linked to. */
export function releaseName(name: string, identity: string | undefined): void {
  if (identity !== undefined && identityOf(name) === identity) rmSync(name, { force: true });
}

/** What tells a file from another of its name; undefined when there is none. */
export function identityOf(name: string): string | undefined {
  const stats = lstatSync(name, { bigint: true, throwIfNoEntry: false });
  return stats && `${stats.dev}:${stats.ino}:${stats.birthtimeNs}`;
}

/** A removal by name alone could hit the file of a competitor who came first. */
function removeStale(name: string, known: string, aside: string): void {
  try {
    renameSync(name, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if (identityOf(aside) !== known) link(aside, name);
  rmSync(aside, { force: true });
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}
