import { type Command as Commander, InvalidArgumentError, Option } from "commander";
import { type PluginName, pluginNames } from "../config/schema.ts";
import { nearestWord } from "../config/spelling.ts";
import type { MirrorCommand, RunOptions } from "./command.ts";
import { countFrom, parseCount, switchFrom } from "./settings.ts";
import { type Environment, strayVariables, variableOf } from "./variables.ts";

/** The flags of sersync itself, as commander hands them over. */
export interface MirrorFlags {
  readonly daemon?: boolean;
  readonly fullPush?: boolean;
  readonly sessions?: string;
  readonly config?: readonly string[];
  readonly plugin?: string;
  readonly watcher?: (typeof watchers)[number];
  readonly wait?: boolean;
  /** In seconds. */
  readonly pollInterval?: number;
  readonly logFile?: string;
  readonly pidFile?: string;
  readonly tokenFile?: string;
  readonly stateDir?: string;
  readonly pendingLimit?: number;
  readonly deleteGuard?: number;
  readonly readyShare?: number;
}

/** What `--watcher` takes. */
export const watchers = ["auto", "inotify", "chokidar", "poll"] as const;

/** Adds the flags that say what is kept, and what must not go; for `sersync` and `sersync watch`. */
export function addSafety(command: Commander): Commander {
  return command
    .option("--state-dir <directory>", "keep what is pending there over restarts")
    .option(
      "--pending-limit <paths>",
      "gather more pending paths than these into directories, default 200000 per target",
      parseCount,
    )
    .option(
      "--delete-guard <percent>",
      "ask before a comparison deletes more of a target than this, default 50",
      parsePercent,
    )
    .option(
      "--ready-share <percent>",
      "/readyz says yes when so many targets are reachable, default 100",
      parsePercent,
    );
}

function parsePercent(text: string): number {
  if (/^[0-9]{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= 100) return Number(text);
  throw new InvalidArgumentError("a number from 1 to 100 is needed.");
}

const defaultSessions = 10;
const mostSessions = 1_000;

/** A number of sessions, as an option's value. */
export function parseSessions(text: string): number {
  if (/^[0-9]{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= mostSessions) {
    return Number(text);
  }
  throw new InvalidArgumentError(`a number from 1 to ${mostSessions} is needed.`);
}

function parseWatcher(text: string): (typeof watchers)[number] {
  const watcher = watchers.find((name) => name === text);
  if (watcher !== undefined) return watcher;
  throw new InvalidArgumentError(`allowed are ${watchers.join(", ")}`);
}

interface MirrorWords {
  readonly given: readonly string[];
  /** Words that are neither options nor subcommands; sersync passed them over. */
  readonly rest: readonly string[];
  readonly environment: Environment;
}

/** Adds the flags that say how changes are noticed. */
export function addWatching(command: Commander): Commander {
  return command
    .addOption(new Option("--watcher <name>", "how changes are noticed").choices(watchers))
    .option("--poll-interval <seconds>", "look so often where no events come", parseCount)
    .option("--wait", "wait for a directory that is not there yet (SERSYNC_WAIT=true)");
}

/** Adds the files that a process leaves while it runs. */
export function addProcessFiles(command: Commander): Commander {
  return command
    .option("--log-file <file>", "write log lines there; HUP opens it anew (SERSYNC_LOG_FILE)")
    .option("--pid-file <file>", "hold the process's number there (SERSYNC_PID_FILE)")
    .option(
      "--token-file <file>",
      "let the status page act for whoever knows what is in it (SERSYNC_TOKEN_FILE)",
    );
}

/** The flags as a command; ends through `program.error` when they cannot be one. */
export function mirrorFrom(
  program: Commander,
  flags: MirrorFlags,
  { given, rest, environment }: MirrorWords,
): MirrorCommand {
  const files = flags.config ?? ["confxml.xml"];
  if (files.includes("")) program.error("ERROR config file name empty");
  refuseMisspeltCommand(program, rest[0]);
  const { sessions: asked } = flags;
  const sessions = sessionsFrom(program, asked);
  const usual = `-n: found ${JSON.stringify(asked)}; as in sersync ${defaultSessions} is taken`;
  const ignored = rest.map((word) => `${JSON.stringify(word)} is no option and is passed over`);
  const command: MirrorCommand = {
    kind: "mirror",
    files,
    given,
    warnings: [
      ...(asked !== undefined && sessions === undefined ? [usual] : []),
      ...ignored,
      ...strayVariables(environment, { onlyNear: true }),
    ],
    ...runOptions({ ...flags, sessions }, {}),
  };
  const plugin = pluginFrom(program, flags.plugin);
  return plugin === undefined ? command : { ...command, plugin };
}

/**
 * How the mirror is run; for `watch` the environment has a say where no flag stands.
 *
 * @throws {InvalidArgumentError} naming the variable that cannot be understood.
 */
export function runOptions(
  flags: Omit<MirrorFlags, "sessions"> & { readonly sessions?: number | undefined },
  environment: Environment,
): RunOptions {
  const { SERSYNC_LOG_FILE, SERSYNC_PID_FILE, SERSYNC_TOKEN_FILE } = environment;
  const sessions = flags.sessions ?? variableOf("SERSYNC_SESSIONS", environment, parseSessions);
  const pollSeconds = flags.pollInterval ?? countFrom("SERSYNC_POLL_INTERVAL", environment);
  const limit = flags.pendingLimit ?? countFrom("SERSYNC_PENDING_LIMIT", environment);
  const guard = flags.deleteGuard ?? variableOf("SERSYNC_DELETE_GUARD", environment, parsePercent);
  const share = flags.readyShare ?? variableOf("SERSYNC_READY_SHARE", environment, parsePercent);
  return {
    fullPush: flags.fullPush ?? switchFrom("SERSYNC_FULL_PUSH", environment) ?? false,
    daemon: flags.daemon ?? false,
    sessions: sessions ?? defaultSessions,
    watcher: flags.watcher ?? variableOf("SERSYNC_WATCHER", environment, parseWatcher) ?? "auto",
    wait: (flags.wait ?? switchFrom("SERSYNC_WAIT", environment)) || undefined,
    pollIntervalMs: pollSeconds === undefined ? undefined : pollSeconds * 1_000,
    logFile: flags.logFile ?? (SERSYNC_LOG_FILE || undefined),
    pidFile: flags.pidFile ?? (SERSYNC_PID_FILE || undefined),
    tokenFile: flags.tokenFile ?? (SERSYNC_TOKEN_FILE || undefined),
    ...(flags.stateDir !== undefined && { stateDirectory: flags.stateDir }),
    ...(limit !== undefined && { pendingLimit: limit }),
    ...(guard !== undefined && { deleteGuard: guard / 100 }),
    ...(share !== undefined && { readyShare: share / 100 }),
  };
}

/** Undefined for what sersync took for its default: 0 and what is no number. */
function sessionsFrom(program: Commander, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number.parseInt(text, 10);
  if (number < 0 || number > mostSessions) {
    program.error(`error: -n: found ${number}; allowed is a number from 1 to ${mostSessions}`);
  }
  return number > 0 ? number : undefined;
}

function pluginFrom(program: Commander, text: string | undefined): PluginName | undefined {
  const name = pluginNames.find((known) => known === text);
  if (text === undefined || name !== undefined) return name;
  const near = nearestWord(text, pluginNames);
  const advice = near === undefined ? "" : `; did you mean ${near}?`;
  return program.error(
    `error: -m: found ${JSON.stringify(text)}; allowed are ${pluginNames.join(", ")}${advice}`,
  );
}

function refuseMisspeltCommand(program: Commander, word: string | undefined): void {
  if (word === undefined) return;
  const near = nearestWord(
    word,
    program.commands.map((command) => command.name()),
  );
  if (near === undefined) return;
  program.error(`error: ${JSON.stringify(word)} is no command; did you mean ${near}?`);
}
