import {
  type FilesFrom,
  type FilterRules,
  pathFromText,
  RsyncError,
  type Target,
  type TransferOptions,
} from "../../../protocol/index.ts";
import { nothing, type OptionRule, own, refused } from "../../config/option-rule.ts";
import { parseRsyncOptions, type RsyncOptions } from "../../config/rsync-options.ts";
import type { ListCommand } from "../command.ts";
import { credentialsOf } from "../credentials.ts";
import { placeOf } from "../place.ts";
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
import { initialFlags, type PushFlags, pushRules } from "../push/flags.ts";
import { readInput } from "../push/input.ts";

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
  /** What stock rsync would say: one list, or many. */
  readonly incremental: boolean;
  /** Where `--log-file` goes, and what is told there of each item. */
  readonly logFile: string | undefined;
  readonly logFormat: string;
  readonly connectSeconds: number | undefined;
  /** When it is given up, ms since 1970. */
  readonly stopAt: number | undefined;
}

/** What the options of `sersync pull` say besides those of a push. */
interface PullFlags extends PushFlags {
  readonly senderOptions: string[];
  listOnly: boolean;
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
  const flags: PullFlags = { ...initialFlags(), senderOptions: [], listOnly: false };
  const parsed = parseRsyncOptions(words, [...pushRules(flags), ...pullRules(flags)]);
  refuseProblems(parsed);
  const [first, ...rest] = parsed.words;
  if (first === undefined) {
    throw badCommand("a source is needed: sersync pull rsync://host/module/path… DEST");
  }
  if (flags.listOnly || rest.length === 0) return listing(first, parsed, flags);
  const transfer = transferOptions(parsed.options, flags);
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
    removesSources: flags.removeSource && !transfer.dryRun,
    incremental: transfer.recursive === true && isIncremental(transfer, flags),
    logFile: flags.logFile,
    logFormat: logFormatOf(flags),
    connectSeconds: flags.connectSeconds,
    stopAt: flags.stopAt,
  };
}

const unreceived = ["atimes U", "open-noatime", "write-devices"];

/** Options that a sender obeys, and options that nobody obeys here. */
function pullRules(flags: PullFlags): OptionRule[] {
  const passed = (names: string): OptionRule =>
    own(names, () => {
      const [long, letter] = names.split(" ");
      flags.senderOptions.push(letter === undefined ? `--${long}` : `-${letter}`);
      return undefined;
    });
  return [
    ...unreceived.map((name) => refused(name, "sersync pull does not have it")),
    passed("copy-links L"),
    passed("copy-unsafe-links"),
    passed("copy-dirlinks k"),
    passed("copy-devices"),
    own("append", (_, { options }) => {
      options.append = true;
      return undefined;
    }),
    own("append-verify", (_, { options }) => {
      options.append = "verify";
      return undefined;
    }),
    own("list-only", () => {
      flags.listOnly = true;
      return undefined;
    }),
    nothing("trust-sender", "the sender is never trusted"),
    own("files-from=", (value) => {
      flags.filesFrom = value;
      return undefined;
    }),
  ];
}

function senderOptions({
  senderOptions: passed,
  oneFileSystem,
  ignoreMissing,
}: PullFlags): string[] {
  return [
    ...passed,
    ...(oneFileSystem ? ["-x"] : []),
    ...(oneFileSystem === "skip" ? ["-xx"] : []),
    ...(ignoreMissing ? ["--ignore-missing-args"] : []),
  ];
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

const remoteFile = /^(?:rsync:\/\/([^/]+)\/|(\[[^\]]*\]|[^/:[]*)::?)(.*)$/is;

/** `--files-from`: a file here, or with a colon before it, of the machine that is pulled from. */
function namedFiles(
  others: readonly string[],
  { host }: Target,
  { filesFrom, nul }: PullFlags,
): FilesFrom | undefined {
  if (filesFrom === undefined) return undefined;
  if (others.length > 0) throw badCommand("with --files-from there is one source");
  const found = remoteFile.exec(filesFrom);
  if (found === null) {
    const lines = readInput(filesFrom, "BAD_OPTION").split(nul ? "\0" : /[\r\n]/);
    return { names: lines.filter((line) => line !== "") };
  }
  const [, urlHost, shellHost, file = ""] = found;
  const named = (urlHost ?? shellHost ?? "").replace(/^.*@/s, "").replace(/^\[(.*)\]$/s, "$1");
  if (named !== "" && named !== host) {
    throw badCommand(`--files-from=${filesFrom}: the file must be of ${host}, as the source is`);
  }
  if (file === "" || file === "-") throw badCommand(`--files-from=${filesFrom} names no file`);
  return { file: pathFromText(file), nul };
}

function targetOf(
  source: string,
  { port, passwordFile, remoteShell }: RsyncOptions,
  { family, localAddress, protocol, program }: PullFlags,
  environment: Environment,
): Target {
  const { user, isPath, ...address } = placeOf(source, { remoteShell, program }, environment);
  if (address.module === "" && !isPath) throw badCommand(`${source} names no module`);
  return {
    ...(port !== undefined && !address.ssh && { port }),
    ...address,
    namesFile: namesFile(source, address),
    ...(family !== undefined && { family }),
    localAddress,
    protocol,
    credentials: credentialsOf({ user, isPath }, passwordFile, environment),
  };
}

/** `::module/path`, or in full, of the same module of the same daemon. */
function furtherSource(
  source: string,
  { host, module, ssh }: Target,
  environment: Environment,
): Pick<Target, "directory" | "namesFile"> {
  const whole = source.startsWith(":") ? host + source : source;
  const remoteShell = module === "" ? undefined : ssh && "ssh";
  const address = placeOf(whole, { remoteShell }, environment);
  if (address.host !== host || address.module !== module) {
    const place = module === "" ? host : `module ${module} of ${host}`;
    throw badCommand(`${source}: all sources must be of ${place}`);
  }
  return { directory: address.directory, namesFile: namesFile(source, address) };
}

function namesFile(source: string, { directory }: Pick<Target, "directory">): boolean {
  return !source.endsWith("/") && directory !== "";
}

function listing(url: string, parsed: RsyncOptions, flags: PullFlags): ListCommand {
  const { timeoutSeconds = 0, recursive = false } = parsed.options;
  return {
    kind: "list",
    url,
    recursive,
    json: false,
    motd: flags.motd,
    timeoutMs: (timeoutSeconds || 30) * 1_000,
    passwordFile: parsed.passwordFile,
    port: parsed.port,
    protocol: flags.protocol,
    remoteShell: parsed.remoteShell,
    program: flags.program,
  };
}

function badCommand(text: string): RsyncError {
  return new RsyncError("BAD_OPTION", text);
}
