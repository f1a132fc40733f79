import { type BytePath, type FileEntry, isRegularFile, objectKey } from "../../protocol/index.ts";
import { type Batch, TreeView } from "./batch.ts";
import type { Carrier } from "./carrier.ts";
import type { CarrierReport } from "./carry.ts";
import { closing } from "./isolation.ts";

/** A batch, and the names of objects that have several in it, asked for or not. */
export interface Completed {
  readonly batch: Batch;
  readonly names: ReadonlySet<BytePath>;
}

/**
 * Brings the other names of each object (`-H`) into the list of the one that has changed: a session
 * makes names one object at the target only when it lists them all; one that is sent alone becomes a
 * file of its own there.
 */
export function withOtherNames(batch: Batch, carrier: Carrier): Completed {
  const told = new Set<BytePath>();
  if (!carrier.keepsLinks) return { batch, names: told };
  const { small, arrived, large } = batch;
  carrier.linkedNames.learn(arrived);
  const listed = new Set<string>();
  const complete = (entries: readonly FileEntry[]): readonly FileEntry[] => {
    if (!entries.some(hasOthers)) return entries;
    const all = entries.flatMap((entry) => {
      if (!hasOthers(entry)) return entry;
      if (told.has(entry.path)) return []; // with another name of it
      const key = objectKey(entry) ?? "";
      const names = listed.has(key) ? [entry] : carrier.linkedNames.namesOf(entry);
      listed.add(key);
      for (const { path } of names) told.add(path);
      return names;
    });
    return new TreeView(carrier.options).withParents(all);
  };
  const completed = {
    ...batch,
    small: complete(small),
    large: large.map(complete).filter((entries) => entries.some(isRegularFile)),
    arrived: complete(arrived),
  };
  return { batch: completed, names: told };
}

/**
 * Carries names that nobody has asked for: those of which nothing is said before a session breaks are
 * to be looked at again, as who asked for another name of theirs need not ask again.
 *
 * @throws what `carry` throws.
 */
export async function owing(
  unasked: Iterable<BytePath>,
  report: CarrierReport,
  carry: (told: CarrierReport) => Promise<void>,
): Promise<void> {
  const open = new Set(unasked);
  try {
    await carry(closing(open, report));
  } catch (error) {
    for (const path of open) report.again(path);
    throw error;
  }
}

function hasOthers(entry: FileEntry): boolean {
  return isRegularFile(entry) && objectKey(entry) !== undefined;
}
