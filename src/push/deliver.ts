import { type BytePath, deletion, type FileEntry, isDirectory } from "../../protocol/index.ts";
import { type Batch, buildBatch, TreeView } from "./batch.ts";
import type { Carrier, CarrierReport } from "./carrier.ts";
import { Comparison } from "./comparison.ts";
import type { SessionKind } from "./kinds.ts";
import type { AskedPath } from "./message.ts";
import { deletable, surveyEntries } from "./survey.ts";

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
  const batch = await sparingExcluded(buildBatch(paths, carrier.options), carrier);
  for (const changed of [batch.small, ...batch.large]) carrier.linkedNames.note(changed);
  for (const failure of batch.unseen) report.failed(failure);
  for (const path of batch.held) report.held(path);
  for (const path of batch.settled) report.delivered({ path, kind: "nothing", bytes: 0 });
  const askers = askersOf(batch);
  const answer = answerAskers(askers, report);
  const reports = (path: BytePath): boolean => askers.has(path);
  const carried = (entries: readonly FileEntry[], kind: SessionKind): Promise<void>[] =>
    entries.length === 0 ? [] : [carrier.carry({ kind, entries, reports }, answer)];
  const long = [
    ...carried(batch.arrived, carrier.arrivalKind),
    ...batch.large.map((entries) => carrier.carry({ kind: "large", entries, reports }, answer)),
    ...(batch.trees.length > 0
      ? [new Comparison(batch.trees, carrier, { deletes: true }).run(answer)]
      : []),
  ];
  const small = carried(batch.small, "small");
  const all = settleAll([...small, ...long]); // from the start, or an early failure is nobody's
  await Promise.allSettled(small);
  if (long.length > 0) report.onlyLongLeft?.();
  await all;
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
    failed: ({ path, reason }) => {
      for (const asker of each(path)) report.failed({ path: asker, reason });
    },
    again: (path) => {
      for (const asker of each(path)) report.again(asker);
    },
    held: (path) => {
      for (const asker of each(path)) report.held(asker);
    },
  };
}

/**
 * A deleted directory may hold, at the target, what the rules exclude and nobody sent, or what was in
 * a mount that has gone. Then the daemon is asked first what would go, and only the rest is deleted.
 */
async function sparingExcluded(batch: Batch, carrier: Carrier): Promise<Batch> {
  const deletions = batch.small.filter(({ mode }) => mode === 0);
  const { mounts } = carrier.options;
  const mustAsk = carrier.hasRules || deletions.some(({ path }) => mounts.hidesBelow(path));
  if (!mustAsk || deletions.length === 0) return batch;
  const view = new TreeView(carrier.options);
  const listed = batch.small.filter((entry) => entry.mode === 0 || isDirectory(entry));
  const found = await surveyEntries(listed, carrier.options, carrier.sessions);
  if (!found.some(({ path, isDirectory }) => carrier.rules.excluded(path, isDirectory)))
    return batch;
  const gone = new Set<BytePath>(deletable(found, carrier.rules));
  const kept = batch.small.filter(({ mode }) => mode !== 0);
  const small = view.withParents([...kept, ...[...gone].map(deletion)]);
  const spared = deletions.filter(({ path }) => !gone.has(path)).map(({ path }) => path);
  return { ...batch, small, settled: [...batch.settled, ...spared] };
}

/** Waits for all, then throws the first failure there was. */
async function settleAll(promises: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(promises)) {
    if (result.status === "rejected") throw result.reason;
  }
}
