import { type BytePath, deletion, isDirectory, isWithin } from "../../protocol/index.ts";
import { TreeView } from "./batch.ts";
import type { Carrier, CarrierReport, CarryOptions } from "./carrier.ts";
import type { PathFailure } from "./message.ts";
import { deletable, type Extraneous, surveyEntries } from "./survey.ts";

/** Carries entries over one session, and reports what became of them. */
export type CarryNow = (options: CarryOptions, report: CarrierReport) => Promise<void>;

/**
 * Carries entries where rules exclude objects. No session may clear a directory that is in the way of
 * something else, for what is excluded may be in it (design law 5); only deletions, of which the
 * daemon has been asked before, take whole directories. Of an entry that a directory is in the way
 * of, all goes but what is excluded: then that stays, and the entry fails.
 *
 * @throws what ended a session.
 */
export async function carrySparing(
  options: CarryOptions,
  report: CarrierReport,
  carrier: Carrier,
  carryNow: CarryNow,
): Promise<void> {
  const failures = new Map<BytePath, PathFailure>();
  const told = withFailed(report, (failure) => void failures.set(failure.path, failure));
  try {
    for (const each of apart(options)) await carryNow(each, told);
  } catch (error) {
    for (const failure of failures.values()) report.failed(failure);
    throw error;
  }
  if (failures.size > 0) await makeWay(failures, report, carrier, carryNow);
}

/** Deletions in a session of their own, before the others. */
function apart(options: CarryOptions): readonly CarryOptions[] {
  const { entries } = options;
  if (!entries.some(({ mode }) => mode === 0)) return [options];
  const removed = entries.filter((entry) => entry.mode === 0 || isDirectory(entry));
  const removal: CarryOptions = { ...options, kind: "removal", entries: removed };
  if (removed.length === entries.length) return [removal];
  const reports = (path: BytePath): boolean => options.reports(path) && gone.has(path);
  const gone = new Set(entries.filter(({ mode }) => mode === 0).map(({ path }) => path));
  const rest = entries.filter(({ mode }) => mode !== 0);
  return [
    { ...removal, reports },
    { ...options, entries: rest },
  ];
}

/** Deletes what may go of the directories in the way, and reports every entry that failed. */
async function makeWay(
  failures: ReadonlyMap<BytePath, PathFailure>,
  report: CarrierReport,
  carrier: Carrier,
  carryNow: CarryNow,
): Promise<void> {
  const { options, sessions, rules } = carrier;
  const view = new TreeView(options);
  const others = [...failures.keys()].filter((path) => isOther(path, carrier));
  const asked = view.withParents(others.map(deletion));
  const found = asked.length === 0 ? [] : await surveyEntries(asked, options, sessions);
  const directories = new Set(found.filter((each) => each.isDirectory).map(({ path }) => path));
  const inTheWay = others.filter((path) => directories.has(path));
  const isInTheWay = ({ path }: Extraneous): boolean =>
    inTheWay.some((top) => isWithin(path, top));
  const gone = deletable(found.filter(isInTheWay), rules);
  if (gone.length > 0) {
    // What is below a name that is no directory here has nothing above it to be listed but that.
    const entries = [...gone.map(deletion), ...asked.filter(isDirectory)];
    await carryNow({ kind: "removal", entries, reports: () => false }, report);
  }
  const cleared = new Set(gone);
  for (const [path, failure] of failures) {
    if (cleared.has(path)) report.again(path);
    else if (inTheWay.includes(path)) report.failed({ path, reason: excludedIsThere });
    else report.failed(failure);
  }
}

const excludedIsThere = "a directory is there, and what the filter excludes is in it";

/** True for what a directory can be in the way of. */
function isOther(path: BytePath, { options }: Carrier): boolean {
  try {
    const entry = options.tree.lstat(path);
    return entry !== undefined && !isDirectory(entry);
  } catch {
    return false;
  }
}

/** A report may be an object with state of its own. */
function withFailed(report: CarrierReport, failed: CarrierReport["failed"]): CarrierReport {
  return {
    failed,
    delivered: (delivery) => report.delivered(delivery),
    again: (path) => report.again(path),
    held: (path) => report.held(path),
  };
}
