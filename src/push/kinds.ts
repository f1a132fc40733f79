import {
  type FileEntry,
  fileTypes,
  renameTransfer,
  type SessionFeatures,
  type TransferOptions,
} from "../../protocol/index.ts";

/**
 * The kinds of sessions a mirror needs. A session's arguments are fixed when it is opened, so each
 * kind has a pool of its own.
 *
 * - `small`: changed files travel whole, whatever their size and time say (spec 3 §7).
 * - `large`: the same with delta search.
 * - `scan`: whole trees; what is equal by size and time, to the nanosecond, is not sent.
 * - `rename`: makes new names of old ones (spec 3 §2).
 * - `removal`: deletes directories with all in them, where other sessions must not.
 * - `survey`: writes nothing, tells what a deletion would delete.
 * - `preview`: writes nothing, tells what a scan would send.
 */
export type SessionKind = "small" | "large" | "scan" | "rename" | "removal" | "survey" | "preview";

/** How scans compare times. A file may be written twice in a second: only the nanoseconds tell. */
export type TimePrecision = "nanoseconds" | "seconds";

export interface KindArguments {
  readonly transfer: TransferOptions;
  readonly features: SessionFeatures;
}

/** The arguments of each kind, from the options that the operator gave. */
export function kindArguments(
  kind: SessionKind,
  given: TransferOptions,
  precision: TimePrecision = "nanoseconds",
): KindArguments {
  // Deletions are ours to decide, by exact path; whatever stands in the way of an entry must go.
  const { delete: _, dryRun: __, checksum = false, ...rest } = given;
  const base: TransferOptions = { ...rest, recursive: true, force: true };
  const mirror: SessionFeatures = { acknowledge: true, deleteMissing: true };
  switch (kind) {
    case "small":
    case "removal":
      return { transfer: { ...base, wholeFile: true, ignoreTimes: true }, features: mirror };
    case "large":
      return { transfer: { ...base, ignoreTimes: true }, features: mirror };
    case "scan":
      // Only here is anything compared, so only here every file is read for its checksum.
      return { transfer: { ...precisely(precision), ...base, checksum }, features: mirror };
    case "preview":
      return {
        transfer: { ...precisely(precision), ...base, checksum, dryRun: true },
        features: {},
      };
    case "rename": {
      const window = precision === "nanoseconds" ? {} : { modifyWindowSeconds: 0 };
      return { transfer: renameTransfer({ ...window, ...base }), features: mirror };
    }
    case "survey":
      return {
        transfer: { ...base, delete: true, dryRun: true, existing: true, ignoreExisting: true },
        features: { deleteMissing: true },
      };
  }
}

/**
 * The arguments of a kind where rules exclude objects: a directory in the way of an entry may hold
 * some of them at the target, so it is not cleared unseen.
 */
export function sparingArguments(kind: SessionKind, args: KindArguments): KindArguments {
  if (kind === "removal" || kind === "survey") return args;
  return { ...args, transfer: { ...args.transfer, force: false } };
}

function precisely(precision: TimePrecision): TransferOptions {
  return precision === "nanoseconds" ? { modifyWindowSeconds: -1 } : {};
}

/** True for the types of objects that these options transfer; rsync skips the others. */
export function carries({ mode }: FileEntry, given: TransferOptions): boolean {
  switch (mode & fileTypes.mask) {
    case fileTypes.symlink:
      return given.links ?? false;
    case fileTypes.characterDevice:
    case fileTypes.blockDevice:
      return given.devices ?? false;
    case fileTypes.fifo:
    case fileTypes.socket:
      return given.specials ?? false;
    default:
      return true;
  }
}

/** True when these options let a daemon leave an entry as it is without a word. */
export function mayKeep(given: TransferOptions): boolean {
  const { update, existing, ignoreExisting, maxSizeBytes, minSizeBytes, safeLinks } = given;
  const limitsSize = maxSizeBytes !== undefined || minSizeBytes !== undefined;
  return Boolean(update || existing || ignoreExisting || limitsSize || safeLinks);
}

/**
 * True when these options let a new name be made of an old one, and the old one be deleted: the two
 * are one object meanwhile, and size and time tell whether it is the right one.
 */
export function mayRename(given: TransferOptions): boolean {
  return Boolean(given.times) && !mayKeep(given) && !given.backup;
}
