import { readFileSync } from "node:fs";

/** USER_HZ: what the kernel counts in for user programs, on every Linux. */
const ticksPerSecond = 100;

/**
 * When a process began, in the kernel's ticks since its own start: with the pid it tells a process
 * from a later one of the same number. Undefined when there is no such process, or no `/proc`.
 */
export function startTicks(pid: number): number | undefined {
  const fields = statFields(pid);
  return fields && Number(fields[19]);
}

/** When a process began, in ms since 1970, exact to a second; undefined as {@link startTicks}. */
export function startTimeMs(pid: number): number | undefined {
  const ticks = startTicks(pid);
  if (ticks === undefined) return undefined;
  const bootTime = /^btime (\d+)$/m.exec(readFileSync("/proc/stat", "latin1"))?.[1];
  return (Number(bootTime) + ticks / ticksPerSecond) * 1_000;
}

/** True when there is a living process of this number, whoever's it is. */
export function isProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  // One that has ended keeps its number until its parent asks about it.
  return !/^[ZX]/.test(statFields(pid)?.[0] ?? "");
}

/** What `/proc/PID/stat` says from the third field, the state, on. */
function statFields(pid: number): readonly string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The program's name, in parentheses, may hold anything.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}
