import { type BytePath, type FileEntry, isDirectory } from "../../protocol/index.ts";
import { type Batch, buildBatch, TreeView } from "./batch.ts";
import type { Carrier } from "./carrier.ts";
import type { CarrierReport } from "./carry.ts";
import { Comparison } from "./comparison.ts";
import { carryIsolating } from "./isolation.ts";
import type { SessionKind } from "./kinds.ts";
import type { AskedPath } from "./message.ts";
import { type DeliverPlainly, deliverRenames } from "./rename.ts";
import { owing, withOtherNames } from "./same-object.ts";
import type { SentFiles } from "./sent-files.ts";
import { SparedTrees, sparedDeletions } from "./sparing.ts";

/**
 * Brings paths into the target's state. When it resolves, each of them has been reported as
 * delivered, failed or to be looked at again.
 *
 * @throws what ended a session; paths that were not reported by then are undelivered.
 */
export async function deliver(
  paths: readonly AskedPath[],
  carrier: Carrier,
  report: CarrierReport,
): Promise<void> {
  const renamed = paths.filter(({ renamedFrom }) => renamedFrom !== undefined);
  if (renamed.length === 0) return await send(paths, carrier, report);
  const paired = new Set(renamed.flatMap(({ path, renamedFrom = path }) => [path, renamedFrom]));
  const others = send(
    paths.filter(({ path }) => !paired.has(path)),
    carrier,
    report,
  );
  const plainly: DeliverPlainly = (asked, told) => send(asked, carrier, told);
  const renaming = deliverRenames(renamed, carrier, report, plainly);
  const all = settleAll([others, renaming]); // from the start, or an early failure is nobody's
  await Promise.allSettled([others]);
  report.onlyLongLeft?.();
  await all;
}

/** Brings paths into the target's state by sending what is there now. */
async function send(
  paths: readonly AskedPath[],
  carrier: Carrier,
  report: CarrierReport,
): Promise<void> {
  const built = buildBatch(paths, carrier.options);
  for (const changed of [built.small, ...built.large]) carrier.linkedNames.note(changed);
  const { batch: whole, names } = withOtherNames(built, carrier);
  const { batch, spared } = await sparingExcluded(whole, carrier);
  for (const failure of batch.unseen) report.failed(failure);
  for (const path of batch.held) report.held(path);
  for (const path of batch.settled) report.delivered({ path, kind: "nothing", bytes: 0 });
  const askers = askersOf(batch);
  const unasked = [...names].filter((path) => !askers.has(path));
  await owing(unasked, answerAskers(askers, report), (answer) => {
    const remains = new SparedTrees(spared, answer);
    const reports = (path: BytePath): boolean =>
      askers.has(path) || names.has(path) || remains.treeOf(path) !== undefined;
    return sendBatch(batch, carrier, {
      answer,
      remains,
      reports,
      onlyLongLeft: () => report.onlyLongLeft?.(),
    });
  });
}

/** Who is told of what becomes of a batch. */
interface Told {
  readonly answer: CarrierReport;
  readonly remains: SparedTrees;
  readonly reports: (path: BytePath) => boolean;
  readonly onlyLongLeft: () => void;
}

async function sendBatch(batch: Batch, carrier: Carrier, told: Told): Promise<void> {
  const { answer, remains, reports } = told;
  const carried = (
    entries: readonly FileEntry[],
    kind: SessionKind,
    report = answer,
  ): Promise<void>[] =>
    entries.length === 0 ? [] : [carryIsolating({ kind, entries, reports }, report, carrier)];
  const compared = (
    starts: readonly BytePath[],
    kind: SessionKind,
    sentFiles?: SentFiles,
  ): Promise<void>[] =>
    starts.length === 0
      ? []
      : [new Comparison(starts, carrier, { deletes: true }, { kind, sentFiles }).run(answer)];
  const long = [
    ...carried(batch.arrived, carrier.arrivalKind),
    ...batch.large.flatMap((entries) => carried(entries, "large")),
    ...compared(batch.trees, "scan"),
    ...compared(batch.resent, "small", carrier.sentFiles),
  ];
  const small = carried(batch.small, "small", remains.report);
  const all = settleAll([...small, ...long]); // from the start, or an early failure is nobody's
  await Promise.allSettled(small);
  if (long.length > 0) told.onlyLongLeft();
  await all;
  remains.end();
}

/** The paths that asked for each entry: itself, or what lay below a vanished directory. */
function askersOf({ resolved }: Batch): ReadonlyMap<BytePath, readonly BytePath[]> {
  const askers = new Map<BytePath, BytePath[]>();
  for (const [path, sent] of resolved) {
    const already = askers.get(sent);
    if (already === undefined) askers.set(sent, [path]);
    else already.push(path);
  }
  return askers;
}

/** Answers for an entry go to every path that asked for it; others are told as they are. */
function answerAskers(
  askers: ReadonlyMap<BytePath, readonly BytePath[]>,
  report: CarrierReport,
): CarrierReport {
  const each = (path: BytePath): readonly BytePath[] => askers.get(path) ?? [path];
  return {
    delivered: (delivery) => {
      for (const path of each(delivery.path)) report.delivered({ ...delivery, path });
    },
    failed: (failure) => {
      for (const path of each(failure.path)) report.failed({ ...failure, path });
    },
    again: (path, until) => {
      for (const asker of each(path)) report.again(asker, until);
    },
    held: (path) => {
      for (const asker of each(path)) report.held(asker);
    },
  };
}

/** Here, and not where they are used: V8 would optimize them anew for every batch. */
const isDeletion = ({ mode }: FileEntry): boolean => mode === 0;
const isListed = (entry: FileEntry): boolean => isDeletion(entry) || isDirectory(entry);

/** Deletes nothing of what is excluded: of `spared` directories only what is in them. */
async function sparingExcluded(
  batch: Batch,
  carrier: Carrier,
): Promise<{ readonly batch: Batch; readonly spared: readonly BytePath[] }> {
  const deletions = batch.small.filter(isDeletion);
  const listed = batch.small.filter(isListed);
  const spared = await sparedDeletions(deletions, listed, carrier);
  if (spared === deletions) return { batch, spared: [] };
  const gone = new Set<BytePath>(spared.map(({ path }) => path));
  const kept = batch.small.filter(({ mode }) => mode !== 0);
  const small = new TreeView(carrier.options).withParents([...kept, ...spared]);
  const left = deletions.filter(({ path }) => !gone.has(path)).map(({ path }) => path);
  return { batch: { ...batch, small }, spared: left };
}

/** Waits for all, then throws the first failure there was. */
async function settleAll(promises: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(promises)) {
    if (result.status === "rejected") throw result.reason;
  }
}
