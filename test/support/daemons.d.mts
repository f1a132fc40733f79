/** A release line of rsync: the folder below `.daemons`, and the releases that fit in it. */
export interface DaemonLine {
  readonly version: string;
  readonly fits: RegExp;
}
export const daemonLines: readonly DaemonLine[];
export function daemonProgram(version: string): string;
export function releaseOf(program: string): string | undefined;
export function installedProgram(): string | undefined;
