import { RsyncError } from "../errors.ts";
import type { TransferOptions } from "../options.ts";
import type { SessionFeatures } from "./argv.ts";

/** What is asked of one daemon: what was wanted, in the words that it understands. */
export interface Asked {
  readonly options: TransferOptions;
  readonly features: SessionFeatures;
  /** Names are deleted by a pass over their directories, in which rules protect all others. */
  readonly deletesByRules: boolean;
}

/**
 * Fits what is wanted to the age of the daemon, which its announced protocol tells whatever is
 * spoken: 29 came with acknowledgements, 31 with deletion by name (spec 2 §9).
 *
 * @throws {RsyncError} PROTOCOL_MISMATCH for what the protocol has no room for.
 */
export function askOf(
  { announced, protocol }: { readonly announced: number; readonly protocol: number },
  options: TransferOptions,
  features: SessionFeatures,
): Asked {
  expectAttributes(protocol, options);
  expectMethods(protocol, options);
  const { acknowledge = false, deleteMissing = false, incremental = false, ...choices } = features;
  const deletesByName = deleteMissing && announced >= 31;
  const deletesByRules = deleteMissing && !deletesByName && !options.delete;
  const { modifyWindowSeconds: window, ...rest } = options;
  // Lists below protocol 31 have no nanoseconds: compared to that precision nothing is ever equal.
  const modifyWindow =
    window === undefined || (window < 0 && protocol < 31) ? {} : { modifyWindowSeconds: window };
  return {
    options: {
      ...rest,
      ...modifyWindow,
      ...(deletesByRules && { delete: true, recursive: true }),
    },
    features: {
      ...choices,
      acknowledge: acknowledge && announced >= 29,
      deleteMissing: deletesByName,
      // Rules that delete are made of the whole list.
      incremental: incremental && !deletesByRules,
    },
    deletesByRules,
  };
}

function expectAttributes(protocol: number, { acls, xattrs, atimes }: TransferOptions): void {
  if (protocol >= 30 || !(acls || xattrs || atimes)) return;
  const what = acls
    ? "access lists (--acls)"
    : xattrs
      ? "extended attributes (--xattrs)"
      : "times of access (--atimes)";
  throw new RsyncError(
    "PROTOCOL_MISMATCH",
    `Cannot send ${what}: that needs protocol 30, this session has ${protocol}`,
  );
}

function expectMethods(protocol: number, options: TransferOptions): void {
  if (protocol >= 29) return;
  const { fuzzy, alternate, inplace, pruneEmptyDirs } = options;
  const what = fuzzy
    ? "look for similar files (--fuzzy)"
    : alternate && inplace
      ? `write in place (--inplace) beside --${alternate.how}-dest`
      : (alternate?.directories.length ?? 0) > 1
        ? `look in several directories (--${alternate?.how}-dest)`
        : pruneEmptyDirs && "leave out empty directories (--prune-empty-dirs)";
  if (!what) return;
  throw new RsyncError(
    "PROTOCOL_MISMATCH",
    `Cannot ${what}: that needs protocol 29, this session has ${protocol}`,
  );
}
