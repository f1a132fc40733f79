import { type Agreement, compatFlags } from "./agreement.ts";
import type { ChecksumName, StrongChecksum } from "./delta/checksum.ts";
import { loadStrongChecksum } from "./delta/strong.ts";
import { Attributes } from "./destination/attributes.ts";
import { Deleter } from "./destination/deleter.ts";
import type { OwnerMap } from "./destination/owners.ts";
import { noPlaces, type Places } from "./destination/places.ts";
import { type DestinationTree, readSmallFile } from "./destination/tree.ts";
import { RsyncError } from "./errors.ts";
import { type FileEntry, isDirectory } from "./flist/entry.ts";
import { FilterRules, type ProtectMatch } from "./flist/filter.ts";
import type { ListLimits } from "./flist/list-reader.ts";
import type { PatternMatch } from "./flist/pattern.ts";
import { belowModule, destinationArgument } from "./handshake/destination.ts";
import type { FilesFrom } from "./handshake/files-from.ts";
import { shellDestination } from "./handshake/shell.ts";
import type { TransferOptions } from "./options.ts";
import { type BytePath, parentPath, rootPath } from "./path.ts";
import type { PullObserver, PullResult } from "./pull-report.ts";
import type { ListIntake } from "./roles/list-intake.ts";
import type { ReceiveOutcome, ReceivingJob } from "./roles/receiving.ts";
import type { Target } from "./target.ts";

/** How files are fetched. */
export interface PullJob extends PullObserver, ListLimits {
  /** Where from; its directory is the first of the sources. */
  readonly target: Target;
  /** Further places of the module. Default none. */
  readonly moreSources?: readonly Pick<Target, "directory" | "namesFile">[];
  /** What is fetched of the one source, where it is not all; sets `relative` unless that is given. */
  readonly filesFrom?: FilesFrom | undefined;
  /** The daemon expands wildcards in names. Default false: names are what they are. */
  readonly wildcards?: boolean;
  /** A local directory, or the name of a single file; a final `/` says that it is a directory. */
  readonly destination: string;
  readonly transfer: TransferOptions;
  /**
   * A tree is listed while files come, where the daemon agrees and the options do not need all names
   * first, so that memory does not grow with it. Default true.
   */
  readonly incremental?: boolean;
  /** What the sender leaves out, and what a delete pass leaves alone. Default nothing. */
  readonly filter?: FilterRules;
  /** Options for the sender alone. */
  readonly senderOptions?: readonly string[];
  /** What it lists is taken, whatever was asked for and whatever the rules say. Default false. */
  readonly trustsSender?: boolean;
  /** Half of that: only the rules are held against what it lists. Default false. */
  readonly trustsArguments?: boolean;
  /** Files are deleted at the daemon when they are in place here. Default false. */
  readonly removesSources?: boolean;
  /** What is as it should be is told, too. Default false. */
  readonly tellsAll?: boolean;
  /** A directory that is made for the destination is told, as a text. Default false. */
  readonly tellsMade?: boolean;
  /** Symlinks that `--safe-links` leaves out are told, as texts. Default true. */
  readonly tellsUnsafe?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Limit of silence, default 300,000 ms. */
  readonly timeoutMs?: number | undefined;
  /** The same during set-up; default {@link timeoutMs}, at most 30,000 ms. */
  readonly handshakeTimeoutMs?: number | undefined;
  readonly onMotd?: ((line: string) => void) | undefined;
  /** Told what was agreed on with the daemon, before anything is listed. */
  readonly onAgreed?: ((agreement: Agreement) => void) | undefined;
}

/** What is known when a list is here. */
export interface ReceivedParts {
  readonly intake: ListIntake;
  readonly tree: DestinationTree;
  /** Default: files lie at their names only. */
  readonly places?: Places;
  /** A partial file may be completed where it is (compat bit 0x40). Default false. */
  readonly completesPartial?: boolean;
  readonly owners: OwnerMap;
  readonly protocol: number;
  readonly strong: StrongChecksum;
  /** What is not to be touched, whatever the rules of the session say. Default nothing. */
  readonly isHidden?: PatternMatch;
  /** The destination was made for this list. Default false. */
  readonly hasMadeRoot?: boolean;
  readonly onReceived: (index: number, outcome: ReceiveOutcome) => void;
  readonly onInPlace: (index: number) => void;
}

/**
 * What is to be done, with what `filesFrom` sets.
 *
 * @throws {RsyncError} BAD_OPTION for names below more than one source.
 */
export function transferOf({ transfer, filesFrom, moreSources = [] }: PullJob): TransferOptions {
  if (filesFrom === undefined) return transfer;
  if (moreSources.length > 0) {
    throw new RsyncError("BAD_OPTION", "Cannot fetch: with --files-from there is one source");
  }
  return { ...transfer, relative: transfer.relative ?? true };
}

/** What generator and receiver work with. */
export function receivingJob(
  {
    transfer,
    tellsAll = false,
    tellsUnsafe,
    filter = new FilterRules(),
  }: Pick<PullJob, "transfer" | "tellsAll" | "tellsUnsafe" | "filter">,
  result: PullResult,
  {
    intake,
    tree,
    places = noPlaces,
    completesPartial = false,
    owners,
    protocol,
    strong,
    isHidden,
    hasMadeRoot,
    onReceived,
    onInPlace,
  }: ReceivedParts,
): ReceivingJob {
  const { deleteExcluded = false } = transfer;
  const { lists } = intake;
  const readRules = (path: BytePath): string | undefined =>
    isHidden?.(path, false) ? undefined : readSmallFile(tree, path);
  const keeps = filter.protecting(readRules, deleteExcluded);
  const isProtected: ProtectMatch = (path, isDir, isInDoomed) =>
    isHidden?.(path, isDir) === true || keeps(path, isDir, isInDoomed);
  return {
    lists,
    intake: lists.isIncremental ? intake : undefined,
    tree,
    places,
    completesPartial,
    transfer,
    attributes: new Attributes(tree, transfer, owners, {
      protocol,
      onFailed: (path, reason) => result.fail(path, reason),
    }),
    deleter: deleterFor({ tree, places, transfer, isProtected }, result),
    strong,
    protocol,
    tellsAll,
    tellsUnsafe,
    hasMadeRoot,
    senderFailed: () => result.senderFailed,
    events: {
      item: (index, item) => result.item(lists.entry(index) as FileEntry, item),
      opened: (item) => {
        result.opened(lists.entry(item.index) as FileEntry, item, lists.place(item.index));
      },
      step: (bytes) => result.step(bytes),
      received: onReceived,
      inPlace: onInPlace,
      content: (literal, matched) => {
        result.literalBytes += literal;
        result.matchedBytes += matched;
      },
      failed: (path, reason) => result.fail(path, reason),
      told: (text) => result.text("info", text),
      deletionsStopped: (skipped) => result.stopDeletions(skipped),
    },
  };
}

interface DeletionParts {
  readonly tree: DestinationTree;
  readonly places: Places;
  readonly transfer: TransferOptions;
  readonly isProtected: ProtectMatch;
}

function deleterFor(
  { tree, places, transfer, isProtected }: DeletionParts,
  result: PullResult,
): Deleter {
  const { maxDelete, dryRun = false } = transfer;
  return new Deleter({
    tree,
    backups: places.backups,
    isProtected,
    most: maxDelete,
    dryRun,
    onDeleted: (path, wasDirectory) => result.deletedPath(path, wasDirectory),
    onKept: (text) => result.text("info", text),
    onFailed: (path, cause) => result.fail(path, cause.message),
  });
}

/**
 * Whoever lists a name lists the directory around it: what else is there is none of its business.
 *
 * @throws {RsyncError} BAD_STREAM
 */
export function expectParents(
  slots: readonly (FileEntry | undefined)[],
  { relative }: TransferOptions,
): void {
  const directories = new Set<BytePath>([rootPath]);
  for (const entry of slots) if (entry && isDirectory(entry)) directories.add(entry.path);
  for (const entry of slots) {
    if (entry === undefined || entry.mode === 0 || relative) continue;
    if (directories.has(parentPath(entry.path))) continue;
    const name = JSON.stringify(entry.path.slice(0, 200));
    throw new RsyncError(
      "BAD_STREAM",
      `Cannot take the file list: ${name} is listed without its directory`,
    );
  }
}

/** Level 0 turns deflate off, which both sides conclude from the arguments. */
export function compressionOf(
  { compression }: Agreement,
  { compressLevel }: TransferOptions,
): string | undefined {
  return compressLevel === 0 && compression?.startsWith("zlib") ? undefined : compression;
}

/** The checksum that was agreed on. */
export async function strongOf({ checksum, seed, compat }: Agreement): Promise<StrongChecksum> {
  const seedFix = (compat & compatFlags.checksumSeedFix) !== 0;
  return loadStrongChecksum(checksum as ChecksumName, seed, { seedFix });
}

/** A place below the module as it is meant; a final `/` says that its content is fetched. */
export function sourcePlace(
  { target }: Pick<PullJob, "target">,
  { directory = rootPath, namesFile }: Pick<Target, "directory" | "namesFile">,
): string {
  const { module, ssh } = target;
  if (ssh !== undefined && module === "") return shellDestination(directory, { namesFile });
  return namesFile || directory === "" ? directory : `${directory}/`;
}

/** The same as the daemon takes it. */
export function sourceArgument(
  { target, wildcards = false }: Pick<PullJob, "target" | "wildcards">,
  source: Pick<Target, "directory" | "namesFile">,
): string {
  const { module, ssh } = target;
  const { directory = rootPath, namesFile } = source;
  const isPath = ssh !== undefined && module === "";
  if (isPath) return sourcePlace({ target }, source);
  if (!wildcards) return destinationArgument(module, directory, { namesFile });
  return belowModule(module, sourcePlace({ target }, source));
}
