import { Command as Commander, CommanderError, Option } from "commander";
import { pluginNames } from "../config/schema.ts";
import type { Command } from "./command.ts";
import { addControl } from "./control-flags.ts";
import { addHealth } from "./health.ts";
import { chineseHelp, chineseRefusal, chineseServeHelp, chooseLanguage, examples } from "./help.ts";
import { addList } from "./list-flags.ts";
import {
  addProcessFiles,
  addSafety,
  addWatching,
  type MirrorFlags,
  mirrorFrom,
  runOptions,
} from "./mirror-flags.ts";
import { parsePull } from "./pull/command.ts";
import { pullHelp } from "./pull/help.ts";
import { parsePush } from "./push/command.ts";
import { pushHelp } from "./push/help.ts";
import { addServe } from "./serve/flags.ts";
import { addSettings, collect, type SettingsFlags, settingsFrom } from "./settings.ts";

/** What the command line is read with besides its own words. */
export interface CommandLineOptions {
  readonly version: string;
  /** Default: this process's. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Says what the words after the program's name ask for; does nothing itself. */
export function parseCommandLine(
  words: readonly string[],
  { version, environment = process.env }: CommandLineOptions,
): Command {
  if (words[0] === "push") return pushFrom(words.slice(1), environment);
  if (words[0] === "pull") return pullFrom(words.slice(1), environment);
  const language = chooseLanguage(words, environment);
  let command: Command | undefined;
  const program = buildProgram(version, environment, (asked) => {
    command = asked;
  });
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

/** Its words are rsync's, which no other reader of options could read. */
function pushFrom(words: readonly string[], environment: Environment): Command {
  const asksHelp = words.length === 0 || words.includes("--help") || words.join() === "-h";
  if (asksHelp) return { kind: "text", text: pushHelp, exitCode: words.length === 0 ? 1 : 0 };
  return parsePush(words, environment);
}

function pullFrom(words: readonly string[], environment: Environment): Command {
  const asksHelp = words.length === 0 || words.includes("--help") || words.join() === "-h";
  if (asksHelp) return { kind: "text", text: pullHelp, exitCode: words.length === 0 ? 1 : 0 };
  return parsePull(words, environment);
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

type Environment = Readonly<Record<string, string | undefined>>;
type Asked = (command: Command) => void;

function buildProgram(version: string, environment: Environment, asked: Asked): Commander {
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
      asked(mirrorFrom(program, flags, { given, rest })),
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
  addCheck(program, asked);
  addDiff(program, asked);
  addExplain(program, asked);
  addInit(program, environment, asked);
  addWatch(program, environment, asked);
  addControl(program, environment, asked);
  addHealth(program, environment, asked);
  addList(program, asked);
  addServe(program, asked);
  // Read before the others, see pushFrom; here they are only named.
  program.command("push").description("push files to an rsync daemon once, as rsync does");
  program.command("pull").description("fetch files from an rsync daemon, as rsync does");
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

function addInit(program: Commander, environment: Environment, asked: Asked): void {
  addSettings(subcommand(program, "init", "write a commented confxml.xml"))
    .option("-o, --output <file>", "where to; default the standard output")
    .action(
      (source: string | undefined, urls: string[], flags: SettingsFlags & { output?: string }) => {
        const settings = settingsFrom({ source, urls }, flags, environment);
        asked({ kind: "init", settings, output: flags.output === "-" ? undefined : flags.output });
      },
    );
}

type WatchFlags = SettingsFlags & MirrorFlags & FilesFlags & { readonly print?: boolean };

function addWatch(program: Commander, environment: Environment, asked: Asked): void {
  const command = subcommand(program, "watch", "mirror without a configuration file");
  addProcessFiles(addSafety(addWatching(addSettings(command))))
    .option("-d, --daemon", "run in the background")
    .option("-r, --full-push", "push everything once before mirroring live (SERSYNC_FULL_PUSH)")
    .option("-n, --sessions <number>", "sessions at a time, default 10 (SERSYNC_SESSIONS)")
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
  const { run } = runOptions(command, flags, environment);
  if (source === undefined && files.length === 0) {
    return command.error("error: the directory to watch is missing");
  }
  if (print) {
    const { watcher, wait, pollIntervalMs } = run;
    return { kind: "print", files, settings, json, watcher, wait, pollIntervalMs };
  }
  if (files.length > 0 || json) {
    return command.error("error: -o and --json go with --print; to mirror: sersync -o FILE");
  }
  if (targets === undefined) return command.error("error: the address of a module is missing");
  return { kind: "watch", settings: { ...settings, source: source as string, targets }, ...run };
}
