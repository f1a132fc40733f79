import type { TransferOptions } from "../options.ts";
import { pathFrom, pathFromText } from "../path.ts";
import type { FilesFrom } from "./files-from.ts";

/** What a session asks for beside the user's options; a mirror needs all of it. */
export interface SessionFeatures {
  /** `--remove-source-files`: the daemon acknowledges every entry that is in place (spec 3 §1). */
  readonly acknowledge?: boolean;
  /** `--delete-missing-args`: entries of mode 0 delete their name (spec 2 §9). */
  readonly deleteMissing?: boolean;
  /** `--checksum-choice`: no checksum list is exchanged (spec 3 §6). */
  readonly checksumChoice?: string;
  /** The compression to use instead of negotiating one. */
  readonly compressChoice?: string;
  /** `-v`, so many times: how much the daemon says of its own accord. Default 0. */
  readonly verbosity?: number;
  /** `-q` */
  readonly quiet?: boolean;
  /** `--info`, as far as it is the daemon that tells: `NAME2,SKIP`. Older than rsync 3.1 none know it. */
  readonly info?: string | undefined;
  /** `--log-format`: which items the daemon must tell of. */
  readonly logFormat?: "%i" | "%i%I" | "%o" | "X";
  /**
   * A recursive push sends its file list in pieces, where the daemon agrees: then its session wants
   * {@link Session.pushLists}. Default false.
   */
  readonly incremental?: boolean;
  /** Of a pull: names below its source. Default all that is in it. */
  readonly filesFrom?: FilesFrom | undefined;
  /** `-x`: a delete pass leaves alone what is mounted there; "skip" is `-xx`. */
  readonly oneFileSystem?: boolean | "skip";
  /** `--stats`: how many objects of each kind were deleted is told before protocol 32, too. */
  readonly stats?: boolean;
}

/**
 * The capability letters: symlink times, symlink iconv, in-list I/O errors, no xattr hard-link
 * optimisation, checksum seed order, in-place partial dirs, varint flags, names for id 0.
 * Without "i": one file list, not many (spec 1 §2.4).
 */
export const capabilities: string = "e.LsfxCIvu";

/** The same of a session, `isIncremental`: lists may come in pieces. */
export function capabilitiesOf(isIncremental: boolean | undefined, protocol: number): string {
  if (protocol < 30) return "";
  return isIncremental ? capabilities.replace(".", ".i") : capabilities;
}

type Side = "push" | "pull";

/** A letter, when it is on, and who says it, if not both; `more` are further words for a sender. */
type ShortOption = readonly [
  letter: string,
  isOn: (o: TransferOptions, more: readonly string[]) => unknown,
  only?: Side,
];

const shortOptions: readonly ShortOption[] = [
  ["b", (o) => o.backup],
  ["u", (o) => o.update],
  ["n", (o) => o.dryRun],
  ["l", (o) => o.links],
  ["d", (o) => o.dirs],
  ["d", (o) => !o.dirs && o.delete && !o.recursive, "push"],
  ["K", (o) => o.keepDirlinks, "push"],
  ["m", (o) => o.pruneEmptyDirs, "push"],
  ["O", (o) => o.omitDirTimes, "push"],
  ["J", (o) => o.omitLinkTimes, "push"],
  ["y", (o) => o.fuzzy, "push"],
  ["y", (o) => o.fuzzy === "alternates", "push"],
  ["L", (_, more) => more.includes("-L"), "pull"],
  ["k", (_, more) => more.includes("-k"), "pull"],
  // Without checksums there is nothing to search by.
  ["W", (o) => o.wholeFile || /^none\b/.test(o.checksumChoice ?? "")],
  ["H", (o) => o.hardLinks],
  ["o", (o) => o.owner],
  ["g", (o) => o.group],
  ["D", (o) => o.devices],
  ["t", (o) => o.times],
  ["U", (o) => o.atimes],
  ["U", (o) => o.atimes && o.openNoatime],
  ["p", (o) => o.perms || o.acls],
  ["E", (o) => o.executability && !o.perms && !o.acls, "push"],
  ["A", (o) => o.acls],
  ["X", (o) => o.xattrs],
  ["X", (o) => o.xattrs === "all"],
  ["r", (o) => o.recursive],
  ["c", (o) => o.checksum],
  ["C", (o) => o.cvsExclude],
  ["I", (o) => o.ignoreTimes],
  ["R", (o) => o.relative],
  ["x", (_, more) => more.includes("-x")],
  ["x", (_, more) => more.includes("-xx")],
  ["S", (o) => o.sparse],
];

/** The letters that one side says to the other, in rsync's order. */
export function optionLetters(
  side: Side,
  options: TransferOptions,
  more: readonly string[] = [],
): string[] {
  const said = shortOptions.filter(
    ([, isOn, only = side]) => only === side && Boolean(isOn(options, more)),
  );
  return said.map(([letter]) => letter);
}

type LongOption = (
  o: TransferOptions,
  f: SessionFeatures,
) => string | readonly string[] | undefined;

const when = (on: boolean | undefined, ...words: string[]): readonly string[] | undefined =>
  on === true ? words : undefined;

/** In rsync's own order (spec 1 §2.3), so that vectors can be compared with a stock client's. */
const longOptions: readonly LongOption[] = [
  (o) => (o.iconv === undefined ? undefined : `--iconv=${o.iconv.remote}`),
  (o) => when((o.delete ?? false) !== false && !o.recursive, "--no-r"),
  (o) => (o.compressLevel === undefined ? undefined : `--compress-level=${o.compressLevel}`),
  (o) => when(o.devices && !o.specials, "--no-specials"),
  (o) => when(o.specials && !o.devices, "--specials"),
  (_, f) => (f.logFormat === undefined ? undefined : `--log-format=${f.logFormat}`),
  (o) => (o.blockSizeBytes === undefined ? undefined : `-B${o.blockSizeBytes}`),
  (o) => (o.backupDir === undefined ? undefined : ["--backup-dir", pathFromText(o.backupDir)]),
  suffixOption,
  (o, f) => valued("--checksum-choice", o.checksumChoice ?? f.checksumChoice),
  (o, f) => compressionOption(chosenCompression(o, f)),
  (o) => (o.maxDelete === undefined ? undefined : `--max-delete=${o.maxDelete || -1}`),
  (o) => sized("--min-size", o.minSizeBytes),
  (o) => sized("--max-size", o.maxSizeBytes),
  (o) => (o.deleteExcluded && o.delete === true ? undefined : deleteOption(o.delete)),
  (o) => when(o.deleteExcluded, "--delete-excluded"),
  (o) => when(o.force, "--force"),
  (o) => when(o.super, "--super"),
  (o) => when(o.sizeOnly, "--size-only"),
  (_, f) => when(f.stats, "--stats"),
  (_, f) => when(f.deleteMissing, "--delete-missing-args"),
  (o) => modifyWindow(o.modifyWindowSeconds),
  (o) => (o.checksumSeed ? `--checksum-seed=${o.checksumSeed}` : undefined),
  (o) => (o.partialDir === undefined ? undefined : ["--partial-dir", pathFromText(o.partialDir)]),
  (o) => when(o.delayUpdates, "--delay-updates"),
  (o) => when(o.partial && !keepsPartsElsewhere(o), "--partial"),
  (o) => when(o.ignoreErrors, "--ignore-errors"),
  (o) => when(o.copyUnsafeLinks, "--copy-unsafe-links"),
  (o) => when(o.safeLinks, "--safe-links"),
  (o) => when(o.numericIds, "--numeric-ids"),
  (o) => (o.userMap === undefined ? undefined : `--usermap=${pathFromText(o.userMap)}`),
  (o) => (o.groupMap === undefined ? undefined : `--groupmap=${pathFromText(o.groupMap)}`),
  (o) => when(o.ignoreExisting, "--ignore-existing"),
  (o) => when(o.existing, "--existing"),
  (o) => (o.tempDir === undefined ? undefined : ["--temp-dir", pathFromText(o.tempDir)]),
  (o) => when(o.fsync, "--fsync"),
  (o) => o.alternate?.directories.flatMap((at) => [`--${o.alternate?.how}-dest`, pathFrom(at)]),
  (_, f) => valued("--info", f.info),
  appendOption,
  (o) => when(o.writeDevices, "--write-devices"),
  (o) => when(o.relative && o.impliedDirs === false, "--no-implied-dirs"),
  (_, f) => when(f.acknowledge, "--remove-source-files"),
  (o) => when(o.preallocate, "--preallocate"),
  (o) => when(o.openNoatime && !o.atimes, "--open-noatime"),
  (o) => when(o.makePath, "--mkpath"),
  (o) => o.remoteOptions?.map(pathFromText),
];

/**
 * The arguments of a push, as a stock client would send them to the daemon (spec 1 §2).
 *
 * `--timeout` is left out on purpose: it would arm the daemon against a session that waits
 * (spec 2 §8.1). `--bwlimit` is ours to obey.
 */
export function pushArguments(
  destination: string,
  options: TransferOptions,
  features: SessionFeatures = {},
  protocol = 32,
): string[] {
  const letters = optionLetters("push", options, mountOptions(features.oneFileSystem));
  letters.unshift("v".repeat(features.verbosity ?? 0), features.quiet ? "q" : "");
  const choice = chosenCompression(options, features);
  const isPlain = options.compress && (choice === undefined || choice === "zlib");
  const told = capabilitiesOf(features.incremental && options.recursive, protocol);
  const bundle = `-${letters.join("")}${isPlain ? "z" : ""}${told}`;
  const long = longOptions.flatMap((option) => option(options, features) ?? []);
  return ["--server", ...(bundle === "-" ? [] : [bundle]), ...long, ".", destination];
}

/** What a listing shows: a directory's content or everything below, links with their targets. */
export function listArguments(
  sources: readonly string[],
  recursive: boolean,
  protocol: number,
  more: readonly string[] = [],
): string[] {
  const bundle = `-l${recursive ? "r" : "d"}${protocol < 30 ? "" : capabilities}`;
  return ["--server", "--sender", bundle, "--list-only", ...more, ".", ...sources];
}

/** `--suffix`, unless it is what it would be anyway. */
export function suffixOption({ suffix, backup, backupDir }: TransferOptions): string | undefined {
  const usual = backupDir === undefined ? "~" : "";
  return !backup || suffix === undefined || suffix === usual
    ? undefined
    : `--suffix=${pathFromText(suffix)}`;
}

/** Files are written to where they lie, and what is there of them may stay. */
export function appendOption({
  append,
  inplace,
  writeDevices,
}: TransferOptions): string | string[] | undefined {
  if (append === "verify") return ["--append", "--append"];
  if (append) return "--append";
  return inplace || writeDevices ? "--inplace" : undefined;
}

/** The letters of `-x`, once or twice. */
export function mountOptions(oneFileSystem: boolean | "skip" = false): string[] {
  if (oneFileSystem === "skip") return ["-x", "-xx"];
  return oneFileSystem ? ["-x"] : [];
}

function sized(option: string, bytes: number | undefined): string | undefined {
  return bytes === undefined ? undefined : `${option}=${bytes}`;
}

/** What is written in place is kept there anyhow. */
function keepsPartsElsewhere({
  partialDir,
  delayUpdates,
  inplace,
  append,
}: TransferOptions): boolean {
  return partialDir !== undefined || Boolean(delayUpdates || inplace || append);
}

function valued(option: string, value: string | undefined): string | undefined {
  return value === undefined ? undefined : `${option}=${value}`;
}

/** A name that was asked for, or that is known to suit; undefined: it is negotiated. */
function chosenCompression(
  { compress }: TransferOptions,
  { compressChoice }: SessionFeatures,
): string | undefined {
  return compressChoice ?? (typeof compress === "string" ? compress : undefined);
}

/** How a compression is asked for that is not negotiated; `zlib` is what `-z` means beside it. */
export function compressionOption(choice: string | undefined): string | undefined {
  if (choice === undefined) return undefined;
  if (choice === "zlib") return "--old-compress";
  return choice === "zlibx" ? "--new-compress" : `--compress-choice=${choice}`;
}

function deleteOption(mode: TransferOptions["delete"]): string | undefined {
  if (mode === undefined || mode === false) return undefined;
  return mode === true ? "--delete" : `--delete-${mode}`;
}

function modifyWindow(seconds: number | undefined): string | undefined {
  if (seconds === undefined) return undefined;
  return seconds < 0 ? `-@${seconds}` : `--modify-window=${seconds}`;
}
