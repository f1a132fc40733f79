import { describe } from "vitest";
import { daemonLines, daemonProgram, releaseOf } from "./daemons.mjs";
import type { DaemonVersion } from "./rsyncd.mjs";

export {
  type Daemon,
  type DaemonOptions,
  type DaemonVersion,
  type Parameters,
  startDaemon,
} from "./rsyncd.mjs";

const allVersions = daemonLines.map(({ version }) => version as DaemonVersion);

/** The releases that `node test/prepare.mjs daemons` could put on this machine. */
export const daemonVersions: readonly DaemonVersion[] = allVersions.filter(
  (version) => releaseOf(daemonProgram(version)) !== undefined,
);

/** The stock rsync program of a release, for tests that need the original client. */
export function rsyncProgram(version: DaemonVersion): string {
  return daemonProgram(version);
}

/** One `describe` per release; those whose daemon is missing are reported as skipped. */
export function describeDaemons(title: string, tests: (version: DaemonVersion) => void): void {
  for (const version of allVersions) {
    describe.skipIf(!daemonVersions.includes(version))(`${title} (rsync ${version})`, () => {
      tests(version);
    });
  }
}
