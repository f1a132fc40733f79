#!/usr/bin/env node
import { readFileSync } from "node:fs";
import type { Logger } from "pino";
import { RsyncError } from "../protocol/index.ts";
import type { MirrorCommand, RunOptions } from "./cli/command.ts";
import { isInBackground, reportReady, runInBackground } from "./cli/daemon.ts";
import { parseCommandLine } from "./cli/program.ts";
import { loadConfig } from "./config/load.ts";
import { ConfigError, formatNote } from "./config/mistake.ts";
import type { Config } from "./config/schema.ts";
import { createLog } from "./log.ts";
import { Mirror } from "./mirror.ts";

/** How long what is in flight may take to finish when the program is told to stop. */
const stopDeadlineMs = 10_000;

process.exitCode = await run(process.argv.slice(2));

/** Does what the command line asks for; returns the exit code. */
async function run(words: readonly string[]): Promise<number> {
  const command = parseCommandLine(words, { version: ownVersion() });
  try {
    switch (command.kind) {
      case "text":
        (command.exitCode === 0 ? process.stdout : process.stderr).write(command.text);
        return command.exitCode;
      case "mirror":
        if (command.daemon && !isInBackground()) return await runInBackground(words);
        return await mirrorFiles(command);
      default:
        process.stderr.write(`sersync: ${command.kind} is not in this version\n`);
        return 1;
    }
  } catch (error) {
    return reportFailure(error);
  }
}

async function mirrorFiles(command: MirrorCommand): Promise<number> {
  for (const warning of command.warnings) process.stderr.write(`sersync: ${warning}\n`);
  const configs = command.files.map((file) => {
    const { config, notes } = loadConfig(file);
    for (const note of notes) process.stderr.write(`${formatNote(file, note)}\n`);
    return config;
  });
  return mirror(configs, command);
}

/** Mirrors until the process is told to stop. */
async function mirror(configs: readonly Config[], options: RunOptions): Promise<number> {
  const log = createLog({ debug: configs.some(({ debug }) => debug) });
  const { fullPush, sessions, watcher } = options;
  const mirrors = configs.map((config) => new Mirror(config, { log, fullPush, sessions, watcher }));
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
