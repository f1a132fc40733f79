import {
  type BytePath,
  type FileEntry,
  objectKey,
  RsyncError,
  rootPath,
} from "../../protocol/index.ts";
import { TreeView } from "./batch.ts";
import type { Carrier } from "./carrier.ts";
import type { CarrierReport, CarryOptions } from "./carry.ts";
import { isBreak } from "./failure.ts";

/** A session may break by chance: so often in a row, and it is what it carries. */
export const mostByChance: number = 3;
/** A line on which more sessions break than it takes to find one of a thousand is a bad line. */
const mostBreaks = 64;

/** What one session carries: what is to be reported, and with it the directories above. */
interface Part {
  readonly own: readonly FileEntry[];
  readonly entries: readonly FileEntry[];
  /** So many sessions broke in which there was nothing else that was not through. */
  readonly tries: number;
}

/**
 * Carries entries, and finds the one that breaks every session it is in, so that the others do not
 * suffer with it: what was not through when a session broke goes in halves, until that one is alone,
 * and fails. Those that are sound are through before it is found.
 *
 * @throws what ended a session where that may be the target's doing, or no entry's; what was not
 *   reported by then is undelivered.
 */
export async function carryIsolating(
  options: CarryOptions,
  report: CarrierReport,
  carrier: Carrier,
): Promise<void> {
  const own = options.entries.filter(({ path }) => options.reports(path));
  const parts: Part[] = [{ own, entries: options.entries, tries: 0 }];
  let inRow = 0;
  let breaks = 0;
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    const { entries } = part;
    const open = new Set(part.own.map(({ path }) => path));
    try {
      await carrier.carry({ ...options, entries }, closing(open, report));
      inRow = 0;
    } catch (error) {
      breaks += 1;
      inRow += 1;
      const rest = part.own.filter(({ path }) => open.has(path));
      if (!isBreak(error) || breaks > mostBreaks || rest.length === 0) throw error;
      const half = halfOf(rest);
      const isFound = half === rest.length && part.tries + 1 === mostByChance;
      if (isFound || inRow === mostByChance || isSilence(error)) {
        await witness(report, carrier);
        inRow = 0;
      }
      if (isFound) blame(rest, error as Error, report);
      else {
        const withAbove = (each: readonly FileEntry[]): FileEntry[] =>
          sound(each, options, report, carrier);
        parts.push(...partsOf(rest, half, part.tries, withAbove));
      }
    }
  }
}

/** Halves, or what cannot be parted once more. */
function partsOf(
  rest: readonly FileEntry[],
  half: number,
  tries: number,
  withAbove: (entries: readonly FileEntry[]) => readonly FileEntry[],
): Part[] {
  const isWhole = half === rest.length;
  const owns = isWhole ? [rest] : [rest.slice(0, half), rest.slice(half)];
  return owns.map((own) => ({ own, entries: withAbove(own), tries: isWhole ? tries + 1 : 0 }));
}

/** Each such session takes the whole limit of silence: a target that hangs must show soon. */
export function isSilence(error: unknown): boolean {
  return error instanceof RsyncError && error.code === "TIMED_OUT";
}

/** Sends what is always there. @throws why the target does not take even that. */
export async function witness(report: CarrierReport, carrier: Carrier): Promise<void> {
  new TreeView(carrier.options).checkRoot();
  const root = carrier.options.tree.lstat(rootPath);
  const entries = root === undefined ? [] : [{ ...root, hasContent: false }];
  await carrier.carry({ kind: "small", entries, reports: () => false }, report);
}

function blame(entries: readonly FileEntry[], { message }: Error, report: CarrierReport): void {
  const [found] = message.split("\n");
  for (const { path } of entries) {
    report.failed({ path, reason: `sessions break with it: ${found}`, isBreak: true });
  }
}

/** Tells on what it is told, and takes out of `open` what that is about. */
export function closing(open: Set<BytePath>, report: CarrierReport): CarrierReport {
  return {
    delivered: (delivery) => {
      open.delete(delivery.path);
      report.delivered(delivery);
    },
    failed: (failure) => {
      open.delete(failure.path);
      report.failed(failure);
    },
    again: (path, until) => {
      open.delete(path);
      report.again(path, until);
    },
    held: (path) => {
      open.delete(path);
      report.held(path);
    },
  };
}

/**
 * Where to part a list, near its middle: the names of one object stay together. Its length: it cannot
 * be parted.
 */
function halfOf(entries: readonly FileEntry[]): number {
  const { length } = entries;
  const keyAt = (at: number): string | undefined => {
    const entry = entries[at];
    return entry && objectKey(entry);
  };
  const isBorder = (at: number): boolean => {
    const before = keyAt(at - 1);
    return at > 0 && at < length && (before === undefined || before !== keyAt(at));
  };
  const middle = length >> 1;
  for (let away = 0; away <= middle; away += 1) {
    if (isBorder(middle - away)) return middle - away;
    if (isBorder(middle + away)) return middle + away;
  }
  return length;
}

/** What of it is still so, with the directories above, as they are now. */
function sound(
  entries: readonly FileEntry[],
  { isDue }: CarryOptions,
  report: CarrierReport,
  { options }: Carrier,
): FileEntry[] {
  const view = new TreeView(options);
  const isGone = ({ path }: FileEntry): boolean => view.glance(path)?.mode === 0;
  const again = (path: BytePath): void => report.again(path);
  // Minutes may have passed: what is here again, or held back by now, must not be deleted.
  const due = entries.filter((entry) => {
    if (entry.mode !== 0) return true;
    const isStillDue = (isDue ?? isGone)(entry);
    if (!isStillDue) again(entry.path);
    else if (options.holdsDeletions) report.held(entry.path);
    return isStillDue && !options.holdsDeletions;
  });
  return view.withParents(due, again);
}
