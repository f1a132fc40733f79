import {
  type BytePath,
  deletion,
  type FileEntry,
  isDirectory,
  isWithin,
  parentPath,
} from "../../protocol/index.ts";
import { TreeView } from "./batch.ts";
import type { CarrierReport, CarryOptions, EntryCarrier } from "./carry.ts";
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
  carrier: EntryCarrier,
  carryNow: CarryNow,
): Promise<void> {
  const failures = new Map<BytePath, PathFailure>();
  const told = withFailed(report, (failure) => void failures.set(failure.path, failure));
  try {
    await carryApart(options, told, carryNow);
  } catch (error) {
    for (const failure of failures.values()) report.failed(failure);
    throw error;
  }
  if (failures.size === 0) return;
  for (const entry of options.entries) {
    const failure = failures.get(entry.path);
    if (failure === undefined || (entry.mode !== 0 && !isDirectory(entry))) continue;
    failures.delete(entry.path);
    report.failed(failure);
  }
  await makeWay(failures, report, carrier, carryNow);
}

/** Carries deletions in sessions of their own, before the others. */
async function carryApart(
  options: CarryOptions,
  report: CarrierReport,
  carryNow: CarryNow,
): Promise<void> {
  const { entries } = options;
  const directories = entries.filter(isDirectory);
  const listed = new Set(directories.map(({ path }) => path));
  const deletions = entries.filter(({ mode }) => mode === 0);
  const isListed = ({ path }: FileEntry): boolean => listed.has(parentPath(path));
  const groups = [
    // A daemon ends a session that lists a directory, and a name below another that is not listed.
    deletions.filter((entry) => !isListed(entry)),
    [...deletions.filter(isListed), ...directories],
  ];
  for (const group of groups) {
    const gone = new Set(group.filter(({ mode }) => mode === 0).map(({ path }) => path));
    if (gone.size === 0) continue;
    const reports = (path: BytePath): boolean => gone.has(path) && options.reports(path);
    await carryNow({ ...options, kind: "removal", entries: group, reports }, report);
  }
  const rest = entries.filter(({ mode }) => mode !== 0);
  if (rest.length > 0) await carryNow({ ...options, entries: rest }, report);
}

/** Deletes what may go of the directories in the way, and reports every entry that failed. */
async function makeWay(
  failures: ReadonlyMap<BytePath, PathFailure>,
  report: CarrierReport,
  carrier: EntryCarrier,
  carryNow: CarryNow,
): Promise<void> {
  const others = [...failures.keys()].filter((path) => isOther(path, carrier));
  const asked = new TreeView(carrier.options).withParents(others.map(deletion));
  const found =
    asked.length === 0 ? [] : await surveyEntries(asked, carrier.options, carrier.sessions);
  const directories = new Set(found.filter((each) => each.isDirectory).map(({ path }) => path));
  const inTheWay = new Set(others.filter((path) => directories.has(path)));
  const isInTheWay = ({ path }: Extraneous): boolean =>
    [...inTheWay].some((top) => isWithin(path, top));
  const gone = deletable(found.filter(isInTheWay), carrier.rules);
  if (gone.length > 0) {
    const entries = [...gone.map(deletion), ...asked.filter(isDirectory)];
    await carryApart({ kind: "scan", entries, reports: () => false }, report, carryNow);
  }
  const cleared = new Set(gone);
  for (const [path, failure] of failures) {
    if (inTheWay.has(path) && !cleared.has(path)) report.failed({ path, reason: excludedIsThere });
    else if (cleared.has(path) || isBlocked(failure)) report.again(path);
    else report.failed(failure);
  }
}

const excludedIsThere = "a directory is there, and what the filter excludes is in it";

/** True when a directory was in the way, which has gone since, or is wanted by now. */
function isBlocked({ reason }: PathFailure): boolean {
  return /non-empty directory|make way/.test(reason);
}

/** True for what a directory can be in the way of. */
function isOther(path: BytePath, { options }: EntryCarrier): boolean {
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
    again: (...again) => report.again(...again),
    held: (path) => report.held(path),
  };
}
