import { readableCompressions } from "../delta/token-reader.ts";
import { libC } from "../destination/libc.ts";
import { partialDirectory } from "../destination/partial.ts";
import { suffixOf } from "../destination/places.ts";
import { RsyncError } from "../errors.ts";
import type { FilterRules } from "../flist/filter.ts";
import { parseFilterRule } from "../flist/filter-rule.ts";
import type { TransferOptions } from "../options.ts";
import { pathFromText } from "../path.ts";
import { hasAttributeCalls } from "../source/attributes.ts";

type Conflict = readonly [asked: (o: TransferOptions) => unknown, words: string];

const appends: Conflict = [(o) => o.append, "--append"];
const inPlace: Conflict = [(o) => o.inplace, "--inplace"];

/** What cannot be had together, as in rsync. */
const conflicts: readonly (readonly [Conflict, Conflict])[] = [
  [appends, [(o) => o.wholeFile, "--whole-file"]],
  [appends, [(o) => o.delayUpdates, "--delay-updates"]],
  [inPlace, [(o) => o.delayUpdates, "--delay-updates"]],
  [appends, [(o) => o.partialDir, "--partial-dir"]],
  [inPlace, [(o) => o.partialDir, "--partial-dir"]],
];

/**
 * What a receiver is to do, with what follows from it.
 *
 * @throws {RsyncError} BAD_OPTION for what contradicts itself, or cannot be done on this machine.
 */
export function receivingOptions(transfer: TransferOptions): TransferOptions {
  const found = conflicts.find((both) => both.every(([asked]) => asked(transfer)));
  if (found !== undefined) {
    const [[, first], [, second]] = found;
    throw new RsyncError("BAD_OPTION", `Cannot receive: ${first} cannot be used with ${second}`);
  }
  const { acls, xattrs } = transfer;
  if ((acls || xattrs) && !hasAttributeCalls()) {
    const name = acls ? "--acls" : "--xattrs";
    throw new RsyncError("BAD_OPTION", `Cannot receive: ${name} is not available here`);
  }
  const { compress, checksumChoice } = transfer;
  if (checksumChoice?.includes(",")) {
    throw new RsyncError("BAD_OPTION", "Cannot receive: --checksum-choice has one name there");
  }
  if (typeof compress === "string" && !readableCompressions.includes(compress)) {
    throw new RsyncError("BAD_OPTION", `Cannot receive: ${compress} is not available here`);
  }
  if (transfer.preallocate && libC() === undefined) {
    throw new RsyncError("BAD_OPTION", "Cannot receive: --preallocate is not available here");
  }
  const { backup, backupDir } = transfer;
  const whole = acls ? { ...transfer, perms: true } : transfer; // they are part of each other
  if (!backup) return whole;
  suffixOf(transfer);
  // Backups beside the files change the times of directories, all the time.
  return backupDir === undefined ? { ...whole, omitDirTimes: true } : whole;
}

/** False for what needs to know all names first, so that lists cannot come in pieces. */
export function mayListInPieces(transfer: TransferOptions): boolean {
  const { recursive, delete: when, delayUpdates, pruneEmptyDirs } = transfer;
  const needsAll = when === "before" || when === "after" || delayUpdates || pruneEmptyDirs;
  return Boolean(recursive) && !needsAll;
}

/** Filter rules, and those behind them that keep what a receiver leaves in its directories. */
export function receivingRules(filter: FilterRules, transfer: TransferOptions): FilterRules {
  const { backup, backupDir, deleteExcluded } = transfer;
  const partial = partialDirectory(transfer);
  const rules: string[] = [];
  if (partial !== undefined && !partial.startsWith("/")) {
    rules.push(`-p ${pathFromText(partial.replace(/\/+$/, ""))}/`);
  }
  if (backup && backupDir === undefined && transfer.delete && !deleteExcluded) {
    rules.push(`P *${suffixOf(transfer)}`);
  }
  return rules.length === 0 ? filter : filter.with(...rules.map((rule) => parseFilterRule(rule)));
}
