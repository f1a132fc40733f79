import { type BytePath, type FileEntry, objectKey, rootPath } from "../../protocol/index.ts";
import { TreeView } from "./batch.ts";
import type { Carrier, CarrierReport, CarryOptions } from "./carrier.ts";
import { isBreak } from "./failure.ts";

/** A session may break by chance: so often in a row, and it is what it carries. */
export const mostByChance: number = 3;
/** A line on which more sessions break than it takes to find one of a thousand is a bad line. */
const mostBreaks = 64;

/** What one session carries: what is to be reported, and with it the directories above. */
interface Part {
  readonly own: readonly FileEntry[];
  readonly entries: readonly FileEntry[];
}

/**
 * Carries entries, and finds the one that breaks every session it is in, so that the others do not
 * suffer with it: what was not through when a session broke goes in halves, until that one is alone,
 * and fails.
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
  const parts: Part[] = [{ own, entries: options.entries }];
  let alone = 0;
  let breaks = 0;
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const { entries } = part;
    const open = new Set(part.own.map(({ path }) => path));
    try {
      await carrier.carry({ ...options, entries }, closing(open, report));
      alone = 0;
    } catch (error) {
      breaks += 1;
      const rest = part.own.filter(({ path }) => open.has(path));
      if (!isBreak(error) || breaks > mostBreaks || rest.length === 0) throw error;
      const half = halfOf(rest);
      if (half < rest.length) {
        for (const each of [rest.slice(half), rest.slice(0, half)]) {
          parts.push({ own: each, entries: sound(each, report, carrier) });
        }
        continue;
      }
      alone += 1;
      if (alone < mostByChance) parts.push(part);
      else await blame(rest, error as Error, report, carrier);
      alone %= mostByChance;
    }
  }
}

/** It fails, if the target takes what is always there. @throws why it does not. */
async function blame(
  entries: readonly FileEntry[],
  { message }: Error,
  report: CarrierReport,
  carrier: Carrier,
): Promise<void> {
  const root = carrier.options.tree.lstat(rootPath);
  const witness = root === undefined ? [] : [{ ...root, hasContent: false }];
  await carrier.carry({ kind: "small", entries: witness, reports: () => false }, report);
  const [found] = message.split("\n");
  for (const { path } of entries) {
    report.failed({ path, reason: `sessions break with it: ${found}`, isBreak: true });
  }
}

/** Tells on what it is told, and takes out of `open` what that is about. */
function closing(open: Set<BytePath>, report: CarrierReport): CarrierReport {
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

/** Where to part a list: the names of one object stay together. Its length: it cannot be parted. */
function halfOf(entries: readonly FileEntry[]): number {
  const { length } = entries;
  const isInside = (at: number): boolean => {
    const [before, after] = [entries[at - 1], entries[at]].map((each) => each && objectKey(each));
    return before !== undefined && before === after;
  };
  let half = length >> 1;
  while (half < length && isInside(half)) half += 1;
  return half === 0 ? length : half;
}

/** With the directories above, as they are now. */
function sound(
  entries: readonly FileEntry[],
  report: CarrierReport,
  { options }: Carrier,
): FileEntry[] {
  return new TreeView(options).withParents(entries, (path) => report.again(path));
}
