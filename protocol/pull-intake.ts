import { type Agreement, compatFlags, isIncremental } from "./agreement.ts";
import type { StrongChecksum } from "./delta/checksum.ts";
import type { OwnerMap } from "./destination/owners.ts";
import { parseChmod } from "./flist/chmod.ts";
import { convertedNumbering } from "./flist/converted-list.ts";
import type { FilterRules } from "./flist/filter.ts";
import { listFormat } from "./flist/format.ts";
import { ListReader } from "./flist/list-reader.ts";
import { munged } from "./flist/munge.ts";
import { pruneEmptyDirectories } from "./flist/prune.ts";
import { listExpectation } from "./pull-expectation.ts";
import type { PullJob } from "./pull-job.ts";
import type { PullResult } from "./pull-report.ts";
import type { Slots } from "./roles/incoming-lists.ts";
import { ListIntake } from "./roles/list-intake.ts";

/** A pull with the rules of its options. */
export type CheckedJob = PullJob & { readonly filter: FilterRules };

export interface PullIntakeParts {
  readonly result: PullResult;
  readonly owners: OwnerMap;
  readonly agreement: Agreement;
  readonly strong: StrongChecksum;
}

/** Takes the lists of a pull, each held against what was asked for. */
export function openPullIntake(
  job: CheckedJob,
  { result, owners, agreement, strong }: PullIntakeParts,
): ListIntake {
  const { transfer, mostEntries } = job;
  const format = listFormat(agreement, transfer, {
    digestLength: transfer.checksum ? strong.length : 0,
  });
  const reader = new ListReader(format, {
    ...(mostEntries !== undefined && { mostEntries }),
    names: owners.names,
    numbering: convertedNumbering({
      iconv: transfer.iconv,
      convertsTargets: (agreement.compat & compatFlags.symlinkIconv) !== 0,
      onLeftOut: (name) => result.leaveOut(name),
    }),
  });
  return new ListIntake({
    reader,
    isIncremental: isIncremental(agreement),
    expect: listExpectation(job),
    onIoError: (bits) => result.sawIoError(bits),
    onListed: (entries, isLast) => result.listed(entries, isLast),
  });
}

/** A list as it is to be placed. */
export function placedSlots({ transfer, filter }: CheckedJob, slots: Slots): Slots {
  const change = transfer.chmod && parseChmod(transfer.chmod, process.umask());
  const told = transfer.mungeLinks ? slots.map((entry) => entry && munged(entry)) : slots;
  const changed = change ? told.map((entry) => entry && change(entry)) : told;
  if (!transfer.pruneEmptyDirs) return changed;
  return pruneEmptyDirectories(
    changed,
    filter.protecting(() => undefined, false),
  );
}
