import { type BytePath, deletion, type FileEntry, isWithin } from "../../protocol/index.ts";
import { TreeView } from "./batch.ts";
import type { Carrier } from "./carrier.ts";
import type { CarrierReport } from "./carry.ts";
import { carryIsolating } from "./isolation.ts";
import type { AskedPath } from "./message.ts";
import { sparedDeletions } from "./sparing.ts";

/**
 * Deletes the old names of what has been renamed at the target, and tells of both. A name that is in
 * use here again is deleted nevertheless, and then looked at again: what the target has there is the
 * object that has another name now.
 *
 * @throws what ended a session; then neither name has been reported, and both can be tried again.
 */
export async function deliverDepartures(
  renamed: readonly AskedPath[],
  carrier: Carrier,
  report: CarrierReport,
): Promise<void> {
  if (renamed.length === 0) return;
  const view = new TreeView(carrier.options);
  const leaving = new Map<BytePath, BytePath[]>();
  const outcomes = new Map<BytePath, (report: CarrierReport) => void>();
  for (const { renamedFrom } of renamed) {
    if (renamedFrom === undefined) continue;
    const present = view.glance(renamedFrom);
    const path = present === undefined || present.mode !== 0 ? renamedFrom : present.path;
    leaving.set(path, [...(leaving.get(path) ?? []), renamedFrom]);
    outcomes.set(renamedFrom, (told) =>
      told.delivered({ path: renamedFrom, kind: "delete", bytes: 0 }),
    );
  }
  // Of what holds something excluded, single objects go.
  const each = (path: BytePath): readonly BytePath[] =>
    leaving.get(path) ??
    [...leaving].flatMap(([tree, names]) => (isWithin(path, tree) ? names : []));
  const deletions = [...leaving.keys()].map(deletion);
  const gone = await sparedDeletions(deletions, view.withParents(deletions), carrier);
  const going = new Set(gone.map(({ path }) => path));
  await carryIsolating(
    {
      kind: "small",
      entries: view.withParents(gone),
      reports: (path) => going.has(path),
      isWhole: true,
      isDue: (entry) =>
        entry.mode !== 0 || each(entry.path).includes(entry.path) || isStillGone(entry, carrier),
    },
    {
      delivered: () => {},
      failed: (failure) => {
        for (const from of each(failure.path))
          outcomes.set(from, (told) => told.failed({ ...failure, path: from }));
      },
      again: (path, until) => {
        if (!going.has(path)) report.again(path, until);
        for (const from of each(path)) outcomes.set(from, (told) => told.again(from, until));
      },
      held: (path) => {
        for (const from of each(path)) outcomes.set(from, (told) => told.held(from));
      },
    },
    carrier,
  );
  for (const { path, whole, renamedFrom } of renamed) {
    report.delivered({ path, kind: whole ? "directory" : "file", bytes: 0 });
    if (renamedFrom === undefined) continue;
    if (isGone(renamedFrom, carrier)) outcomes.get(renamedFrom)?.(report);
    else report.again(renamedFrom);
  }
}

/** False where what lay above an old name, and had gone with it, is here again: that is another. */
function isStillGone({ path }: FileEntry, { options }: Carrier): boolean {
  return new TreeView(options).glance(path)?.mode === 0;
}

/** False also where nobody can tell. */
function isGone(path: BytePath, { options }: Carrier): boolean {
  try {
    return options.tree.lstat(path) === undefined;
  } catch {
    return false;
  }
}
