#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { RsyncError } from "../protocol/index.ts";
import { answer } from "./cli/answer.ts";
import { runControl } from "./cli/control.ts";
import { leaveStarter, sayOnError } from "./cli/daemon.ts";
import { askHealth } from "./cli/health.ts";
import { runList } from "./cli/list.ts";
import { printChanges } from "./cli/print.ts";
import { parseCommandLine } from "./cli/program.ts";
import { runPullCommand } from "./cli/pull/run.ts";
import type { Outputs } from "./cli/push/printer.ts";
import { runPush } from "./cli/push/run.ts";
import { runMirror } from "./cli/run.ts";
import { runServe } from "./cli/serve/run.ts";
import { ConfigError } from "./config/mistake.ts";
import { AlreadyRuns } from "./control/instance.ts";
import { ConfError } from "./serve/problem.ts";
import { BadPlans } from "./service/plan.ts";

/** What is still open when all is done cannot keep the process for longer. */
const lingerMs = 2_000;

/** What is printed goes here, whole and in order. */
const outputs: Outputs = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

process.exitCode = await run(process.argv.slice(2));
await leaveStarter();
setTimeout(() => process.exit(), lingerMs).unref();

/** Does what the command line asks for; returns the exit code. */
async function run(words: readonly string[]): Promise<number> {
  try {
    const version = ownVersion();
    refuseLostBytes(words);
    const command = parseCommandLine(words, { version });
    switch (command.kind) {
      case "text":
        return print(command);
      case "mirror":
      case "watch":
        return await runMirror(command, { words, version });
      case "control":
        return await runControl(command);
      case "print":
        await printChanges(command, {
          write: (line) => process.stdout.write(line),
          until: ended(),
        });
        return 0;
      case "health":
        return print(await askHealth(command));
      case "push":
        return await runPush(command, outputs, interrupted());
      case "pull":
        return await runPullCommand(command, outputs, interrupted());
      case "list":
        return await runList(command, outputs);
      case "serve":
        return await runServe(command, { words, version });
      case "check":
      case "explain":
      case "diff":
      case "init":
        return print(await answer(command));
    }
  } catch (error) {
    return reportFailure(error);
  }
}

/** Node has put this character in the place of what is not UTF-8: the name that was meant is lost. */
function refuseLostBytes(words: readonly string[]): void {
  const lost = words.find((word) => word.includes("\ufffd"));
  if (lost === undefined) return;
  throw new RsyncError(
    "BAD_OPTION",
    `Cannot take the argument ${JSON.stringify(lost)}: it is not UTF-8, and Node tells no other bytes; name a directory above it, or put the path into the configuration file`,
  );
}

function print({ text, exitCode }: { readonly text: string; readonly exitCode: number }): number {
  (exitCode === 0 ? process.stdout : process.stderr).write(text);
  return exitCode;
}

/** Aborts when the process is told to stop. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.once(signal, () => controller.abort());
  }
  return controller.signal;
}

/** Resolves when the process is told to stop, or nobody reads what it prints any more. */
function ended(): Promise<unknown> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, resolve);
    process.stdout.once("error", resolve);
  });
}

/** One clear line for what a user can mend; anything else is our mistake and shows its trace. */
function reportFailure(error: unknown): number {
  if (
    error instanceof ConfigError ||
    error instanceof RsyncError ||
    error instanceof BadPlans ||
    error instanceof ConfError
  ) {
    sayOnError(`${error.message}\n`);
    return error.exitCode;
  }
  if (error instanceof AlreadyRuns) {
    sayOnError(`sersync: ${error.message}\n`);
    return 1;
  }
  throw error;
}

function ownVersion(): string {
  const file = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
