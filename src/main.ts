#!/usr/bin/env node
import { readFileSync } from "node:fs";
import type { Logger } from "pino";
import { RsyncError } from "../protocol/index.ts";
import { answer } from "./cli/answer.ts";
import type { MirrorCommand, RunOptions } from "./cli/command.ts";
import { isInBackground, reportReady, runInBackground } from "./cli/daemon.ts";
import { printChanges } from "./cli/print.ts";
import { parseCommandLine } from "./cli/program.ts";
import { startupLines } from "./cli/startup.ts";
import { unsupported } from "./cli/unsupported.ts";
import type { LoadedConfig } from "./config/confxml.ts";
import { configFromSettings } from "./config/direct.ts";
import { loadConfig } from "./config/load.ts";
import { ConfigError, formatNote } from "./config/mistake.ts";
import type { Config } from "./config/schema.ts";
import { type Surroundings, surroundingsFor } from "./config/surroundings.ts";
import { createLog } from "./log.ts";
import { Mirror } from "./mirror.ts";

/** How long what is in flight may take to finish when the program is told to stop. */
const stopDeadlineMs = 10_000;

process.exitCode = await run(process.argv.slice(2));

/** Does what the command line asks for; returns the exit code. */
async function run(words: readonly string[]): Promise<number> {
  try {
    const command = parseCommandLine(words, { version: ownVersion() });
    switch (command.kind) {
      case "text":
        return print(command);
      case "mirror":
        if (command.daemon && !isInBackground()) return await runInBackground(words);
        return await mirrorFiles(command);
      case "watch":
        if (command.daemon && !isInBackground()) return await runInBackground(words);
        return await mirror(
          [usable(configFromSettings(command.settings, surroundingsOf(command)))],
          command,
        );
      case "print":
        await printChanges(command, {
          write: (line) => process.stdout.write(line),
          until: ended(),
        });
        return 0;
      case "check":
      case "explain":
      case "init":
        return print(await answer(command));
    }
  } catch (error) {
    return reportFailure(error);
  }
}

function print({ text, exitCode }: { readonly text: string; readonly exitCode: number }): number {
  (exitCode === 0 ? process.stdout : process.stderr).write(text);
  return exitCode;
}

async function mirrorFiles(command: MirrorCommand): Promise<number> {
  for (const warning of command.warnings) complain(warning);
  if (command.plugin !== undefined) {
    throw new RsyncError("OPTION_REFUSED", "-m: plugins are not in this version");
  }
  const surroundings = surroundingsOf(command);
  const configs = command.files.map((file) => usable(loadConfig(file, { surroundings })));
  for (const config of configs) {
    for (const line of startupLines(config, command)) process.stdout.write(`${line}\n`);
  }
  return mirror(configs, command);
}

function surroundingsOf({ wait = false }: RunOptions): Surroundings {
  return surroundingsFor({ wait });
}

/** Shows what is worth knowing of a configuration. @throws when it cannot be run at all. */
function usable({ config, notes }: LoadedConfig): Config {
  for (const note of notes) {
    if (note.severity === "warning") process.stderr.write(`${formatNote(config.file, note)}\n`);
  }
  const { errors, warnings } = unsupported(config);
  for (const warning of warnings) complain(`${config.file}: ${warning}`);
  if (errors.length > 0) {
    throw new RsyncError("OPTION_REFUSED", `${config.file}: ${errors.join("; ")}`);
  }
  return config;
}

function complain(text: string): void {
  process.stderr.write(`sersync: ${text}\n`);
}

/** Mirrors until the process is told to stop. */
async function mirror(configs: readonly Config[], options: RunOptions): Promise<number> {
  const log = createLog({ debug: configs.some(({ debug }) => debug) });
  const mirrors = configs.map((config) => new Mirror(config, { log, ...options }));
  const told = toldToStop();
  await Promise.all(mirrors.map((each) => each.start()));
  reportReady();
  const signal = await told;
  log.info(`stopping on ${signal}`);
  return stop(mirrors, log);
}

async function stop(mirrors: readonly Mirror[], log: Logger): Promise<number> {
  const stopped = await Promise.all(mirrors.map((each) => each.stop(stopDeadlineMs)));
  const undelivered = stopped.reduce((sum, each) => sum + each.undelivered, 0);
  if (undelivered === 0) log.info("stopped; everything is delivered");
  else log.warn(`stopped; ${undelivered} paths are not delivered: start with -r to push them`);
  return 0;
}

/** Resolves with the first signal that asks the process to end; the second one ends it at once. */
async function toldToStop(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, resolve);
    // Without a terminal to lose, as in the background, a hang-up means nothing.
    if (isInBackground()) process.on("SIGHUP", () => {});
  });
}

/** Resolves when the process is told to stop, or nobody reads what it prints any more. */
function ended(): Promise<unknown> {
  const closed = new Promise((resolve) => process.stdout.once("error", resolve));
  return Promise.race([toldToStop(), closed]);
}

/** One clear line for what a user can mend; anything else is our mistake and shows its trace. */
function reportFailure(error: unknown): number {
  if (error instanceof ConfigError || error instanceof RsyncError) {
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  throw error;
}

function ownVersion(): string {
  const file = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
