import {
  type BytePath,
  deletion,
  type FileEntry,
  isDirectory,
  isRegularFile,
  isWithin,
  type Rename,
  renamedFile,
} from "../../protocol/index.ts";
import { TreeView } from "./batch.ts";
import type { Carrier } from "./carrier.ts";
import type { CarrierReport, CarryOptions } from "./carry.ts";
import { Comparison } from "./comparison.ts";
import { formerDirectories } from "./former.ts";
import type { Locked } from "./relock.ts";
import { sparedDeletions } from "./sparing.ts";

/** Something that was renamed, as it is now. */
export interface Renamed extends Rename {
  readonly entry: FileEntry;
}

/**
 * Makes a directory at the target of what it has under the old name: what is equal there becomes a
 * link, the rest is sent, and what differs from here in the end is reported as after any comparison.
 * `locked` takes note of what must be looked at when the old name has gone.
 *
 * @throws what ended a session.
 */
export async function renameDirectory(
  renamed: Renamed,
  carrier: Carrier,
  report: CarrierReport,
  locked: Locked,
): Promise<void> {
  const { to, entry } = renamed;
  const created = await makeDirectory(entry, carrier, report);
  if (!created.has(to)) {
    // What had that name before may be of equal size and time, and still be something else.
    const view = new TreeView(carrier.options);
    const gone = await sparedDeletions([deletion(to)], view.withParents([deletion(to)]), carrier);
    const entries = view.withParents(gone);
    await carrier.carry({ kind: "small", entries, reports: () => false }, report);
    for (const path of await makeDirectory(entry, carrier, report)) created.add(path);
  }
  const carry = carrier.mayLink(renamed) ? carryLinked : carryPairs;
  const comparison = new Comparison(
    [to],
    carrier,
    { deletes: true },
    {
      carry: (options, told) => {
        locked.note(options.entries);
        return carry(renamed, options, carrier, told);
      },
      created,
      mostBytes: Number.POSITIVE_INFINITY,
    },
  );
  await comparison.run(report);
}

/** Makes a directory and those above it at the target; returns the ones that were not there. */
async function makeDirectory(
  entry: FileEntry,
  carrier: Carrier,
  report: CarrierReport,
): Promise<Set<BytePath>> {
  const created = new Set<BytePath>();
  const entries = new TreeView(carrier.options).withParents([{ ...entry, hasContent: false }]);
  const onCreated = (path: BytePath): void => void created.add(path);
  await carrier.carry({ kind: "scan", entries, reports: () => false, onCreated }, report);
  return created;
}

/** What is excluded under the old name is not ours to touch there: that is sent. */
async function carryLinked(
  renamed: Rename,
  options: CarryOptions,
  carrier: Carrier,
  report: CarrierReport,
): Promise<void> {
  const own = options.entries.filter(({ path }) => isWithin(path, renamed.to));
  const isSent = (entry: FileEntry): boolean =>
    !isDirectory(entry) && wasExcluded(entry, renamed, carrier);
  const linked = own.filter((entry) => !isSent(entry));
  await carrier.carry({ ...options, entries: linked, renamed, isWhole: true }, report);
  const sent = own.filter(isSent);
  if (sent.length === 0) return;
  const entries = new TreeView(carrier.options).withParents(sent);
  const reports = (path: BytePath): boolean =>
    options.reports(path) && sent.some((entry) => entry.path === path);
  await carrier.carry({ ...options, entries, reports }, report);
}

function wasExcluded(entry: FileEntry, renamed: Rename, { hasRules, rules }: Carrier): boolean {
  return hasRules && rules.excluded(formerPath(entry.path, renamed), isDirectory(entry));
}

function formerPath(path: BytePath, { from, to }: Rename): BytePath {
  return `${from}${path.slice(to.length)}` as BytePath;
}

/** Where names cannot stand in arguments each file is renamed by itself. */
async function carryPairs(
  renamed: Rename,
  options: CarryOptions,
  carrier: Carrier,
  report: CarrierReport,
): Promise<void> {
  const { to, from } = renamed;
  const above = formerDirectories(carrier).above(from);
  if (above === undefined) return await carrier.carry(options, report);
  const names = options.entries.flatMap((entry) => {
    if (!isWithin(entry.path, to) || wasExcluded(entry, renamed, carrier)) return [];
    const old = formerPath(entry.path, renamed);
    if (isDirectory(entry)) return [{ ...entry, path: old }];
    return isRegularFile(entry) ? renamedFile(entry, old) : [];
  });
  const entries = withFormer([...names, ...above], options.entries);
  const reports = (path: BytePath): boolean => isWithin(path, to) && options.reports(path);
  const { onCreated } = options;
  await carrier.carry(
    {
      ...options,
      kind: "rename",
      entries,
      isWhole: true,
      reports,
      onCreated: (path) => {
        if (isWithin(path, to)) onCreated?.(path);
      },
    },
    report,
  );
}

/** Each path once, as the first list has it. */
export function withFormer(first: readonly FileEntry[], others: readonly FileEntry[]): FileEntry[] {
  const listed = new Map<BytePath, FileEntry>();
  for (const entry of [...first, ...others]) {
    if (!listed.has(entry.path)) listed.set(entry.path, entry);
  }
  return [...listed.values()];
}
