import {
  type FilesFrom,
  type FilterRules,
  RsyncError,
  type Target,
  type TransferOptions,
} from "../../../protocol/index.ts";
import { parseRsyncOptions } from "../../config/rsync-options.ts";
import type { ListCommand } from "../list-command.ts";
import {
  checkSuffix,
  conversionWith,
  type Environment,
  isIncremental,
  logFormatOf,
  refuseProblems,
  type Telling,
  tellingOf,
} from "../push/command.ts";
import { filterOf } from "../push/filter-flags.ts";
import { pushRules } from "../push/flags.ts";
import { partialWith } from "../push/partial-flags.ts";
import { initialPullFlags, type PullFlags, pullRules, senderOptions, trustOf } from "./flags.ts";
import { listing } from "./listing.ts";
import { furtherSource, namedFiles, targetOf } from "./sources.ts";

/** `sersync pull [rsync options] URL… DEST` */
export interface PullCommand {
  readonly kind: "pull";
  readonly transfer: TransferOptions;
  readonly telling: Telling;
  readonly target: Target;
  readonly moreSources: readonly Pick<Target, "directory" | "namesFile">[];
  readonly filesFrom: FilesFrom | undefined;
  readonly destination: string;
  readonly filter: FilterRules;
  readonly senderOptions: readonly string[];
  readonly removesSources: boolean;
  /** `--trust-sender`, and `--old-args`, which is half of it. */
  readonly trustsSender: boolean;
  readonly trustsArguments: boolean;
  /** What stock rsync would say: one list, or many. */
  readonly incremental: boolean;
  /** Where `--log-file` goes, and what is told there of each item. */
  readonly logFile: string | undefined;
  readonly logFormat: string;
  readonly connectSeconds: number | undefined;
  /** When it is given up, ms since 1970. */
  readonly stopAt: number | undefined;
}

/**
 * Reads the words after `sersync pull`, which are those of an rsync that pulls from a daemon.
 *
 * @returns a listing where only one is asked for.
 * @throws {RsyncError} BAD_OPTION naming every option that cannot be obeyed.
 */
export function parsePull(
  words: readonly string[],
  environment: Environment,
): PullCommand | ListCommand {
  const flags = initialPullFlags();
  const parsed = parseRsyncOptions(words, [...pushRules(flags), ...pullRules(flags)]);
  refuseProblems(parsed);
  const [first, ...rest] = parsed.words;
  if (first === undefined) {
    throw badCommand("a source is needed: sersync pull rsync://host/module/path… DEST");
  }
  if (flags.listOnly || rest.length === 0) return listing(parsed, flags, environment);
  const transfer = partialWith(transferOptions(parsed.options, flags), flags, environment);
  const target = targetOf(first, parsed, flags, environment);
  return {
    kind: "pull",
    transfer: { ...transfer, ...conversionWith(target, flags, environment) },
    telling: tellingOf(flags),
    target,
    moreSources: rest.slice(0, -1).map((word) => furtherSource(word, target, environment)),
    filesFrom: namedFiles(rest.slice(0, -1), target, flags),
    destination: rest.at(-1) as string,
    filter: filterOf(flags, transfer, environment),
    senderOptions: senderOptions(flags),
    ...trustOf(flags, environment),
    removesSources: flags.removeSource && !transfer.dryRun,
    incremental: transfer.recursive === true && isIncremental(transfer, flags),
    logFile: flags.logFile,
    logFormat: logFormatOf(flags),
    connectSeconds: flags.connectSeconds,
    stopAt: flags.stopAt,
  };
}

function transferOptions(options: TransferOptions, flags: PullFlags): TransferOptions {
  const fromFile = flags.filesFrom !== undefined;
  const recursive = fromFile ? flags.recursive === true : (options.recursive ?? false);
  if (options.delete && !recursive && !options.dirs && !fromFile) {
    throw badCommand("--delete needs -r (--recursive) or -d (--dirs)");
  }
  checkSuffix(options);
  return { ...options, recursive, relative: flags.relative ?? fromFile };
}

function badCommand(text: string): RsyncError {
  return new RsyncError("BAD_OPTION", text);
}
