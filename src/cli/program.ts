import { Command as Commander, CommanderError, Option } from "commander";
import { pluginNames } from "../config/schema.ts";
import type { Command } from "./command.ts";
import { addControl, controlNames } from "./control-flags.ts";
import { addHealth } from "./health-flags.ts";
import { chineseHelp, chineseRefusal, chineseServeHelp, chooseLanguage, examples } from "./help.ts";
import { addList } from "./list-flags.ts";
import {
  addProcessFiles,
  addSafety,
  addWatching,
  type MirrorFlags,
  mirrorFrom,
  parseSessions,
  runOptions,
} from "./mirror-flags.ts";
import { addServe } from "./serve/flags.ts";
import { addSettings, collect, type SettingsFlags, settingsFrom } from "./settings.ts";
import { type Environment, strayVariables } from "./variables.ts";

/** What the command line is read with besides its own words. */
export interface CommandLineOptions {
  readonly version: string;
  /** Default: this process's. */
  readonly environment?: Environment;
}

/** Says what the words after the program's name ask for; does nothing itself. */
export function parseCommandLine(
  words: readonly string[],
  { version, environment = process.env }: CommandLineOptions,
): Command {
  const language = chooseLanguage(words, environment);
  let command: Command | undefined;
  const asked = (said: Command): void => {
    command = said;
  };
  const program = buildProgram(version, asked, environment);
  const add = Object.hasOwn(subcommands, words[0] ?? "") ? subcommands[words[0] ?? ""] : addAll;
  add?.(program, asked, environment);
  let printed = "";
  const print = (text: string): void => {
    printed += text;
  };
  for (const each of [program, ...program.commands]) {
    each.exitOverride().configureOutput({ writeOut: print, writeErr: print });
  }
  try {
    program.parse(words, { from: "user" });
    return command ?? { kind: "text", text: printed, exitCode: 0 };
  } catch (error) {
    if (error instanceof CommanderError) {
      const help = words[0] === "serve" ? chineseServeHelp : chineseHelp;
      return textFrom(error, printed, language === "zh" ? help : undefined);
    }
    throw error;
  }
}

/** @param help in Chinese, where that is the language. */
function textFrom(error: CommanderError, printed: string, help: string | undefined): Command {
  if (error.exitCode !== 0) {
    const text = printed || `${error.message}\n`;
    return { kind: "text", text: help === undefined ? text : chineseRefusal(text), exitCode: 1 };
  }
  const isHelp = error.code === "commander.helpDisplayed";
  return { kind: "text", text: (isHelp && help) || printed, exitCode: 0 };
}

type Asked = (command: Command) => void;
type Adder = (program: Commander, asked: Asked, environment: Environment) => void;

/** Making all of them takes longer than most take to answer: the one that is asked for is enough. */
const subcommands: Readonly<Record<string, Adder>> = {
  check: addCheck,
  diff: addDiff,
  explain: addExplain,
  init: addInit,
  watch: addWatch,
  ...Object.fromEntries(controlNames.map((name) => [name, addControl])),
  health: addHealth,
  list: addList,
  serve: addServe,
};

/** For the help, and for a word that is none of them. */
function addAll(program: Commander, asked: Asked, environment: Environment): void {
  for (const add of new Set(Object.values(subcommands))) add(program, asked, environment);
  // parseTransferLine reads their words; here they are only named.
  program.command("push").description("push files to an rsync daemon once, as rsync does");
  program.command("pull").description("fetch files from an rsync daemon, as rsync does");
}

function buildProgram(version: string, asked: Asked, environment: Environment): Commander {
  const program = new Commander("sersync");
  const given: string[] = [];
  program
    .description("Mirrors directories to rsync daemons, as they change.")
    .version(version, "--version")
    .helpOption("-h, --help", "say this")
    .enablePositionalOptions()
    .option("-d, --daemon", "run in the background")
    .option("-r, --full-push", "push everything once before mirroring live")
    .option("-n, --sessions <number>", "sessions at a time, default 10")
    .option("-o, --config <file>", "configuration, default confxml.xml; may be repeated", collect)
    .option("-m, --plugin <name>", `run one plugin alone: ${pluginNames.join(", ")}`)
    .addOption(new Option("--lang <language>", "of this help").choices(["en", "zh"]))
    .argument("[words...]")
    .addHelpText("after", examples)
    .action((rest: string[], flags: MirrorFlags) =>
      asked(mirrorFrom(program, flags, { given, rest, environment })),
    );
  for (const [long, letter] of [
    ["daemon", "d"],
    ["full-push", "r"],
    ["sessions", "n"],
    ["config", "o"],
    ["plugin", "m"],
  ] as const) {
    program.on(`option:${long}`, () => given.push(letter));
  }
  addSafety(addWatching(program));
  addProcessFiles(program);
  return program;
}

interface FilesFlags {
  readonly config?: readonly string[];
  readonly json?: boolean;
}

function subcommand(program: Commander, name: string, description: string): Commander {
  return program
    .command(name)
    .description(description)
    .addOption(new Option("--lang <language>").choices(["en", "zh"]).hideHelp());
}

function addCheck(program: Commander, asked: Asked): void {
  subcommand(program, "check", "say what a configuration would do, and what is wrong with it")
    .option("-o, --config <file>", "configuration, default confxml.xml; may be repeated", collect)
    .option("--json", "for programs")
    .action(({ config, json = false }: FilesFlags) =>
      asked({ kind: "check", files: filesFrom(config), json }),
    );
}

function addDiff(program: Commander, asked: Asked): void {
  subcommand(program, "diff", "say what -r would send and delete, and change nothing")
    .option("-o, --config <file>", "configuration, default confxml.xml; may be repeated", collect)
    .option("--json", "for programs")
    .action(({ config, json = false }: FilesFlags) =>
      asked({ kind: "diff", files: filesFrom(config), json }),
    );
}

function addExplain(program: Commander, asked: Asked): void {
  subcommand(program, "explain", "say which rule decides for a path")
    .option("-o, --config <file>", "configuration, default confxml.xml; may be repeated", collect)
    .argument("<path>", "absolute, or relative to the watched directory; a directory ends in /")
    .action((path: string, { config }: FilesFlags) =>
      asked({ kind: "explain", files: filesFrom(config), path }),
    );
}

function filesFrom(config: readonly string[] = ["confxml.xml"]): readonly string[] {
  return config;
}

function addInit(program: Commander, asked: Asked, environment: Environment): void {
  addSettings(subcommand(program, "init", "write a commented confxml.xml"))
    .option("-o, --output <file>", "where to; default the standard output")
    .action(
      (source: string | undefined, urls: string[], flags: SettingsFlags & { output?: string }) => {
        const settings = settingsFrom({ source, urls }, flags, environment);
        asked({ kind: "init", settings, output: flags.output === "-" ? undefined : flags.output });
      },
    );
}

type WatchFlags = SettingsFlags &
  Omit<MirrorFlags, "sessions"> &
  FilesFlags & { readonly sessions?: number; readonly print?: boolean };

const sessionsWords = "sessions at a time, default 10 (SERSYNC_SESSIONS)";

function addWatch(program: Commander, asked: Asked, environment: Environment): void {
  const command = subcommand(program, "watch", "mirror without a configuration file");
  addProcessFiles(addSafety(addWatching(addSettings(command))))
    .option("-d, --daemon", "run in the background")
    .option("-r, --full-push", "push everything once before mirroring live (SERSYNC_FULL_PUSH)")
    .option("-n, --sessions <number>", sessionsWords, parseSessions)
    .option("--print", "only tell what changes; no address is needed")
    .option("--json", "with --print: for programs")
    .option("-o, --config <file>", "with --print: whose filters and switches count", collect)
    .action((source: string | undefined, urls: string[], flags: WatchFlags) =>
      asked(watchFrom(command, { source, urls }, flags, environment)),
    );
}

function watchFrom(
  command: Commander,
  words: { readonly source: string | undefined; readonly urls: readonly string[] },
  flags: WatchFlags,
  environment: Environment,
): Command {
  const { print = false, json = false, config: files = [] } = flags;
  const settings = settingsFrom(words, flags, environment);
  const { source, targets } = settings;
  const run = runOptions(flags, environment);
  const warnings = strayVariables(environment);
  // What is missing may be there under another name.
  const refuse = (what: string): never => command.error([...warnings, what].join("\n"));
  if (source === undefined && files.length === 0) {
    return refuse("error: the directory to watch is missing");
  }
  if (print) {
    const { watcher, wait, pollIntervalMs } = run;
    return { kind: "print", files, settings, json, watcher, wait, pollIntervalMs, warnings };
  }
  if (files.length > 0 || json) {
    return refuse("error: -o and --json go with --print; to mirror: sersync -o FILE");
  }
  if (targets === undefined) return refuse("error: the address of a module is missing");
  const complete = { ...settings, source: source as string, targets };
  return { kind: "watch", settings: complete, warnings, ...run };
}
