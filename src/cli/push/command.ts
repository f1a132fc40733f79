import {
  type FilterRules,
  parseConversions,
  pathFromText,
  RsyncError,
  type SessionFeatures,
  type Target,
  type TransferOptions,
} from "../../../protocol/index.ts";
import { parseRsyncOptions, type RsyncOptions } from "../../config/rsync-options.ts";
import { credentialsOf } from "../credentials.ts";
import { placeOf } from "../place.ts";
import { filterOf } from "./filter-flags.ts";
import { initialFlags, type PushFlags, pushRules } from "./flags.ts";
import { hasField } from "./format.ts";
import { type InfoName, infoForDaemon, infoLevel } from "./info-flags.ts";
import { readEarlyInput, readInput } from "./input.ts";
import { partialWith } from "./partial-flags.ts";

/** What is printed while a push runs. */
export interface Telling {
  /** Of a line for each item; undefined: none. */
  readonly format: string | undefined;
  /** The format has `%i`, and what is as it should be is told with `-ii`. */
  readonly itemizes: boolean;
  readonly tellsAll: boolean;
  readonly tellsDeletions: boolean;
  /** The directory that is made for DEST. */
  readonly tellsMade: boolean;
  readonly tellsUnsafe: boolean;
  readonly tellsList: boolean;
  /** 0 nothing, 1 of each file, 2 of everything. */
  readonly progress: number;
  /** 0 nothing, 1 a summary, 2 all counts. */
  readonly stats: number;
  readonly human: number;
  readonly motd: boolean;
  readonly quiet: boolean;
}

/** `sersync push [rsync options] SRC… DEST` */
export interface PushCommand {
  readonly kind: "push";
  readonly transfer: TransferOptions;
  readonly features: SessionFeatures;
  readonly telling: Telling;
  /** Byte strings, as `ArgumentSource` takes them. */
  readonly sources: readonly string[];
  readonly filter: FilterRules;
  readonly target: Target;
  /** Directories are listed though nothing says `-r`. */
  readonly listsDirectories: boolean;
  readonly oneFileSystem: boolean | "skip";
  readonly ignoreMissing: boolean;
  readonly deleteMissing: boolean;
  /** Where `--log-file` goes, and what is told there of each item. */
  readonly logFile: string | undefined;
  readonly logFormat: string;
  readonly removeSource: boolean;
  readonly connectSeconds: number | undefined;
  /** When it is given up, ms since 1970. */
  readonly stopAt: number | undefined;
  /** Which options are taken and change nothing, and why. */
  readonly notes: readonly string[];
}

/** The variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the words after `sersync push`, which are those of an rsync that pushes to a daemon.
 *
 * @throws {RsyncError} BAD_OPTION naming every option that cannot be obeyed.
 */
export function parsePush(words: readonly string[], environment: Environment): PushCommand {
  const flags = initialFlags();
  const parsed = parseRsyncOptions(words, pushRules(flags));
  refuseProblems(parsed);
  const destination = parsed.words.at(-1);
  const sources = parsed.words.slice(0, -1);
  if (destination === undefined || sources.length === 0) {
    throw badCommand("SRC and DEST are needed: sersync push SRC… rsync://host/module/path");
  }
  const target = targetOf(destination, parsed, flags, environment);
  const transfer = {
    ...partialWith(transferOptions(parsed.options, flags), flags, environment),
    ...conversionWith(target, flags, environment),
  };
  return {
    kind: "push",
    transfer,
    features: sessionFeatures(flags, parsed.options),
    telling: tellingOf(flags),
    sources: flags.filesFrom === undefined ? sources.map(pathFromText) : named(sources, flags),
    filter: filterOf(flags, transfer, environment),
    target,
    listsDirectories: transfer.dirs ?? flags.filesFrom !== undefined,
    oneFileSystem: flags.oneFileSystem,
    ignoreMissing: flags.ignoreMissing,
    deleteMissing: flags.deleteMissing,
    logFile: flags.logFile,
    logFormat: logFormatOf(flags),
    removeSource: flags.removeSource,
    connectSeconds: flags.connectSeconds,
    stopAt: flags.stopAt,
    notes: parsed.notes,
  };
}

function transferOptions(options: TransferOptions, flags: PushFlags): TransferOptions {
  const fromFile = flags.filesFrom !== undefined;
  const recursive = fromFile ? flags.recursive === true : (options.recursive ?? false);
  const relative = flags.relative ?? fromFile;
  if (options.delete && !recursive && !(options.dirs ?? fromFile)) {
    throw badCommand("--delete needs -r (--recursive) or -d (--dirs)");
  }
  if (options.append && options.wholeFile) {
    throw badCommand("--append cannot be used with -W (--whole-file)");
  }
  if (options.append && (options.partialDir !== undefined || options.delayUpdates)) {
    throw badCommand("--append cannot be used with --partial-dir or --delay-updates");
  }
  checkSuffix(options);
  const inplace = options.inplace || options.writeDevices === true;
  if (inplace && (options.partialDir !== undefined || options.delayUpdates)) {
    throw badCommand("--inplace cannot be used with --partial-dir or --delay-updates");
  }
  return {
    ...options,
    recursive,
    relative,
    ...(inplace && { inplace }),
  };
}

/** A daemon has a character set of its own; as rsync does, it is told ours. */
export function conversionWith(
  { module }: Target,
  flags: Pick<PushFlags, "iconv">,
  environment: Environment,
): Pick<TransferOptions, "iconv"> {
  const spec = flags.iconv ?? environment["RSYNC_ICONV"] ?? "-";
  const iconv = parseConversions(spec, environment);
  if (iconv === undefined) return {};
  return { iconv: module === "" ? iconv : { ...iconv, remote: spec.replace(/,.*/s, "") } };
}

function sessionFeatures(flags: PushFlags, { dryRun = false }: TransferOptions): SessionFeatures {
  const { verbosity, quiet, itemize, outFormat = "" } = flags;
  const itemized = itemize > 1 ? "%i%I" : "%i";
  const tells = outFormat !== "" || infoLevel(flags, "name", 0) > 0;
  const silent = verbosity > 0 || !tells ? undefined : "X";
  const other = hasField(outFormat, "o") ? "%o" : silent;
  const logFormat = itemize > 0 || hasField(outFormat, "i") ? itemized : other;
  return {
    verbosity,
    quiet,
    ...(logFormat !== undefined && { logFormat }),
    stats: (flags.impliedInfo.get("stats") ?? 0) > 1,
    info: infoForDaemon(flags),
    acknowledge: flags.removeSource && !dryRun,
    // What old daemons delete by mode 0 has to come first, in one list.
    incremental: flags.incremental && !flags.deleteMissing,
    oneFileSystem: flags.oneFileSystem,
    deleteMissing: flags.deleteMissing,
  };
}

/** What is told in a log of each item. */
export function logFormatOf({ logFormat = "%i %n%L" }: PushFlags): string {
  return logFormat;
}

/** What is printed while files are transferred. */
export function tellingOf(flags: PushFlags): Telling {
  const { quiet, itemize, outFormat, human, motd } = flags;
  const level = (name: InfoName, most: number): number => infoLevel(flags, name, most);
  const named = level("name", 2) > 0 ? "%n%L" : undefined;
  const format = outFormat ?? (itemize > 0 ? "%i %n%L" : named);
  return {
    format: format === "" ? undefined : format,
    itemizes: hasField(format ?? "", "i"),
    tellsAll: itemize > 1 || level("name", 2) > 1,
    // Whoever tells of what is sent tells of what goes, too.
    tellsDeletions: level("del", 1) > 0 || Boolean(format),
    tellsMade: itemize > 0 || level("name", 2) > 0,
    tellsUnsafe: level("symsafe", 1) > 0,
    tellsList: level("flist", 1) > 0,
    progress: level("progress", 0),
    stats: level("stats", 1),
    human,
    motd,
    quiet,
  };
}

/** The names in `--files-from`, below the one source. */
function named(sources: readonly string[], { filesFrom, nul, relative }: PushFlags): string[] {
  const [source, ...others] = sources;
  if (others.length > 0) throw badCommand("with --files-from there is one SRC");
  const lines = readInput(filesFrom as string, "BAD_OPTION").split(nul ? "\0" : /[\r\n]/);
  const names = lines.filter((line) => line !== "" && (nul || !/^[#;]/.test(line)));
  const directory = pathFromText(source as string);
  const between = relative === false ? "/" : "/./";
  return names.map((name) => directory + between + withinSource(name));
}

/** A name in a list does not lead out of SRC: ".." takes back what is before it, if anything is. */
function withinSource(name: string): string {
  const parts: string[] = [];
  for (const part of name.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "") parts.push(part);
  }
  const isDirectory = /(?:^|\/)(?:\.\.)?$/.test(name);
  return parts.length === 0 ? "." : `${parts.join("/")}${isDirectory ? "/" : ""}`;
}

function targetOf(
  destination: string,
  { port, passwordFile, remoteShell }: RsyncOptions,
  { family, localAddress, protocol, program, earlyInput }: PushFlags,
  environment: Environment,
): Target {
  const { user, isPath, ...address } = placeOf(destination, { remoteShell, program }, environment);
  if (address.module === "" && !isPath) throw badCommand(`${destination} names no module`);
  const namesFile = !destination.endsWith("/") && address.directory !== "";
  return {
    ...(port !== undefined && !address.ssh && { port }),
    ...address,
    namesFile,
    ...(family !== undefined && { family }),
    localAddress,
    protocol,
    ...(earlyInput !== undefined && { earlyInput: readEarlyInput(earlyInput) }),
    credentials: credentialsOf({ user, isPath }, passwordFile, environment),
  };
}

/** Whether stock rsync would send its list in pieces, which it tells. */
export function isIncremental(transfer: TransferOptions, { incremental }: PushFlags): boolean {
  const { delete: when, delayUpdates, pruneEmptyDirs } = transfer;
  const needsAll = when === "before" || when === "after" || delayUpdates || pruneEmptyDirs;
  return incremental && !needsAll;
}

/** @throws {RsyncError} BAD_OPTION with everything that is wrong. */
export function refuseProblems({ problems, exitCode }: RsyncOptions): void {
  if (problems.length === 0) return;
  throw new RsyncError(
    "BAD_OPTION",
    problems.join("\n"),
    exitCode === undefined ? {} : { exitCode },
  );
}

/**
 * What no side would do.
 *
 * @throws {RsyncError} BAD_OPTION
 */
export function checkSuffix({ suffix, backupDir }: TransferOptions): void {
  if (suffix?.includes("/")) throw badCommand(`--suffix cannot have slashes in it: ${suffix}`);
  if (suffix === "" && backupDir === undefined) {
    throw badCommand("--suffix cannot be empty without --backup-dir");
  }
}

function badCommand(text: string): RsyncError {
  return new RsyncError("BAD_OPTION", text);
}
