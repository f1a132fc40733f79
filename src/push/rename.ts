import { type BytePath, isDirectory, isRegularFile, renamedFile } from "../../protocol/index.ts";
import { TreeView } from "./batch.ts";
import type { Carrier } from "./carrier.ts";
import type { CarrierReport } from "./carry.ts";
import { deliverDepartures } from "./departure.ts";
import { isBreak, isBreakAtOpening } from "./failure.ts";
import { formerDirectories } from "./former.ts";
import { isSilence, mostByChance, witness } from "./isolation.ts";
import type { AskedPath } from "./message.ts";
import { isRefusal } from "./refusals.ts";
import { type Renamed, renameDirectory, withFormer } from "./relink.ts";
import { Locked } from "./relock.ts";

/** A second name costs as much as the content of a smaller file. */
const leastBytes = 512;

/** Brings paths into the target's state by sending what they have. */
export type DeliverPlainly = (paths: readonly AskedPath[], report: CarrierReport) => Promise<void>;

/**
 * Makes the new names at the target of what it has under the old ones, which go when the new ones
 * are in place. Where that cannot be, the content is sent; the old name still goes last.
 *
 * @param asked the new names; the old ones are answered for, too.
 * @throws what ended a session; what was not reported by then is as it was, or better.
 */
export async function deliverRenames(
  asked: readonly AskedPath[],
  carrier: Carrier,
  report: CarrierReport,
  deliverPlainly: DeliverPlainly,
): Promise<void> {
  const made = new Set<BytePath>();
  const told = arrivals(asked, made, report);
  const { files, directories } = sorted(asked, carrier);
  const locked = new Locked();
  await attempt(carrier, report, () => renameFiles(files, carrier, told));
  locked.note(files.map(({ entry }) => entry));
  for (const directory of directories) {
    await attempt(carrier, report, () => renameDirectory(directory, carrier, told, locked));
  }
  const isMade = ({ path }: AskedPath): boolean => made.has(path);
  // The old names go in this job, too: what shares an object with another name is not left so.
  await deliverDepartures(asked.filter(isMade), carrier, report);
  await locked.restore(carrier, report);
  await sendInstead(
    asked.filter((path) => !isMade(path)),
    report,
    deliverPlainly,
  );
}

/** Collects the new names that are in place; what is said of other paths is passed on. */
function arrivals(
  asked: readonly AskedPath[],
  made: Set<BytePath>,
  report: CarrierReport,
): CarrierReport {
  const own = new Set(asked.flatMap(({ path, renamedFrom = path }) => [path, renamedFrom]));
  const passOn = (path: BytePath, say: () => void): void => {
    if (own.has(path)) made.delete(path);
    else say();
  };
  return {
    delivered: (delivery) => {
      if (own.has(delivery.path)) made.add(delivery.path);
      else report.delivered(delivery);
    },
    failed: (failure) => passOn(failure.path, () => report.failed(failure)),
    again: (path, until) => passOn(path, () => report.again(path, until)),
    held: (path) => passOn(path, () => report.held(path)),
  };
}

/** What can be renamed, with what it is. */
function sorted(
  asked: readonly AskedPath[],
  carrier: Carrier,
): { readonly files: Renamed[]; readonly directories: Renamed[] } {
  const files: Renamed[] = [];
  const directories: Renamed[] = [];
  if (!carrier.mayRename) return { files, directories };
  const view = new TreeView(carrier.options);
  for (const { path, renamedFrom } of asked) {
    if (renamedFrom === undefined || isExcluded(renamedFrom, carrier)) continue;
    const entry = view.glance(path);
    if (entry?.path !== path) continue;
    const renamed = { from: renamedFrom, to: path, entry };
    if (isDirectory(entry)) {
      if (carrier.mayRenameFiles || carrier.mayLink(renamed)) directories.push(renamed);
    } else if (isRegularFile(entry) && entry.size >= leastBytes && carrier.mayRenameFiles) {
      files.push(renamed);
    }
  }
  return { files, directories };
}

function isExcluded(path: BytePath, { rules }: Carrier): boolean {
  return rules.excluded(path, false) || rules.excluded(path, true);
}

/**
 * A target that refuses to rename, or breaks whenever it should, is sent the content: what a session
 * that fails has renamed was reported. Not one that cannot be reached, or breaks or hangs whatever it
 * is sent: it may be back by then.
 *
 * @throws why no session, or none at all, can be had.
 */
async function attempt(
  carrier: Carrier,
  report: CarrierReport,
  rename: () => Promise<void>,
): Promise<void> {
  for (let breaks = 1; breaks <= mostByChance; breaks += 1) {
    try {
      return await rename();
    } catch (error) {
      if (isRefusal(error)) return;
      const isAtOpening = isBreakAtOpening(error);
      if (!isBreak(error) && !isAtOpening) throw error;
      const mustShow = isAtOpening || isSilence(error) || breaks === mostByChance;
      if (mustShow) await witness(report, carrier);
    }
  }
}

async function renameFiles(
  files: readonly Renamed[],
  carrier: Carrier,
  report: CarrierReport,
): Promise<void> {
  const former = formerDirectories(carrier);
  const possible = files.filter(({ from }) => former.above(from) !== undefined);
  if (possible.length === 0) return;
  carrier.linkedNames.note(possible.map(({ entry }) => entry));
  const pairs = possible.flatMap(({ entry, from }) => renamedFile(entry, from));
  const view = new TreeView(carrier.options);
  const entries = withFormer(
    [...pairs, ...possible.flatMap(({ from }) => former.above(from) ?? [])],
    view.withParents(possible.map(({ entry }) => entry)),
  );
  const own = new Set(possible.map(({ to }) => to));
  const linked = new Set<BytePath>();
  const sent = new Set<BytePath>();
  await carrier.carry(
    {
      kind: "rename",
      entries,
      isWhole: true,
      reports: (path) => own.has(path),
      onLinked: (path) => void linked.add(path),
    },
    {
      ...report,
      delivered: (delivery) => {
        if (delivery.bytes > 0) sent.add(delivery.path);
        report.delivered(delivery);
      },
    },
  );
  for (const { from, to } of possible) {
    // Another file of this size and time had the new name already, and the old one became a link to
    // that instead: whether it is the same nobody knows.
    if (linked.has(from) && !sent.has(to)) report.again(to);
  }
}

/** Sends what could not be renamed; the old names of what has arrived go then. */
async function sendInstead(
  asked: readonly AskedPath[],
  report: CarrierReport,
  deliverPlainly: DeliverPlainly,
): Promise<void> {
  if (asked.length === 0) return;
  const arrived = new Set<BytePath>();
  const wanted = asked.map(({ path, whole }) => ({ path, whole, resend: whole }));
  await deliverPlainly(wanted, {
    delivered: (delivery) => {
      arrived.add(delivery.path);
      report.delivered(delivery);
    },
    failed: (failure) => report.failed(failure),
    again: (...again) => report.again(...again),
    held: (path) => report.held(path),
  });
  const gone: AskedPath[] = [];
  for (const { path, renamedFrom, whole } of asked) {
    if (renamedFrom === undefined) continue;
    if (arrived.has(path)) gone.push({ path: renamedFrom, whole });
    else report.again(renamedFrom);
  }
  if (gone.length > 0) await deliverPlainly(gone, report);
}
