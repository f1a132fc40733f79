#!/usr/bin/env node
import { readFileSync, writeSync } from "node:fs";
import type { Command } from "./cli/command.ts";
import type { Outputs } from "./cli/outputs.ts";
import type { RunContext } from "./cli/run.ts";
import { complain, leaveStarter, sayOnError } from "./cli/starter.ts";

/** What is still open when all is done cannot keep the process for longer. */
const lingerMs = 2_000;
/** rsync's, for "error in program diagnostics". */
const messageIoExitCode = 13;

/** What is printed goes here, whole and in order. */
const outputs: Outputs = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  progress: {
    write: (text) => void process.stderr.write(text),
    columns: process.stderr.isTTY ? () => process.stderr.columns : undefined,
  },
};

/** Mirrors and daemons have more to do than to tell of it. */
let isToStay = false;

void main();

async function main(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", answerLostOutput);
  process.exitCode = await run(process.argv.slice(2));
  await leaveStarter();
  setTimeout(() => process.exit(), lingerMs).unref();
}

/**
 * A reader that has seen enough, as `head` has, ends no mirror and no push, and is no fault. A full
 * disk ends commands, with rsync's exit code where they have rsync's, but nothing that is to stay.
 */
function answerLostOutput({ code, message }: NodeJS.ErrnoException): void {
  if (code === "EPIPE" || isToStay) return;
  try {
    writeSync(process.stderr.fd, `sersync: cannot write the output: ${message}\n`);
  } catch {
    // The exit code has to say it.
  }
  process.exit(["push", "pull", "list"].includes(process.argv[2] ?? "") ? messageIoExitCode : 1);
}

/** Does what the command line asks for; returns the exit code. */
async function run(words: readonly string[]): Promise<number> {
  try {
    const version = ownVersion();
    refuseLostBytes(words);
    if (words.join(" ") === "--version") return print({ text: `${version}\n`, exitCode: 0 });
    return await carryOut(await commandOf(words, version), { words, version });
  } catch (error) {
    return reportFailure(error);
  }
}

async function commandOf(words: readonly string[], version: string): Promise<Command> {
  const [name, ...rest] = words;
  if (name === "help") return commandOf([...rest, "--help"], version);
  if (name === "push" || name === "pull") {
    return (await import("./cli/transfer-line.ts")).parseTransferLine(name, rest);
  }
  return (await import("./cli/program.ts")).parseCommandLine(words, { version });
}

/** Each command is read from disk only when it is the one: reading all takes longer than most. */
async function carryOut(command: Command, context: RunContext): Promise<number> {
  isToStay = ["mirror", "watch", "serve"].includes(command.kind);
  switch (command.kind) {
    case "text":
      return print(command);
    case "mirror":
    case "watch":
      return await (await import("./cli/run.ts")).runMirror(command, context);
    case "control":
      return await (await import("./cli/control.ts")).runControl(command);
    case "print": {
      const { printChanges } = await import("./cli/print.ts");
      for (const warning of command.warnings) complain(warning);
      await printChanges(command, { write: (line) => process.stdout.write(line), until: ended() });
      return 0;
    }
    case "health":
      return print(await (await import("./cli/health.ts")).askHealth(command));
    case "push":
    case "pull":
    case "list":
      return await (await import("./cli/transfer.ts")).transfer(command, outputs, interrupted);
    case "serve":
      return await (await import("./cli/serve/run.ts")).runServe(command, context);
    case "check":
    case "explain":
    case "diff":
    case "init":
      return print(await (await import("./cli/answer.ts")).answer(command));
  }
}

/** Node has put this character in the place of what is not UTF-8: the name that was meant is lost. */
function refuseLostBytes(words: readonly string[]): void {
  const lost = words.find((word) => word.includes("\ufffd"));
  if (lost === undefined) return;
  const text = `Cannot take the argument ${JSON.stringify(lost)}: it is not UTF-8, and Node tells no other bytes; name a directory above it, or put the path into the configuration file`;
  throw Object.assign(new Error(text), { exitCode: 1 });
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
  // Their classes are not asked: that would read half of the program for the sake of `--version`.
  const { exitCode, message, syscall } = error as Partial<
    NodeJS.ErrnoException & { readonly exitCode: unknown }
  >;
  if (syscall === "uv_cwd") {
    sayOnError("sersync: the working directory has been deleted: change to another one first\n");
    return 1;
  }
  if (typeof exitCode !== "number") throw error;
  sayOnError(`${message}\n`);
  return exitCode;
}

function ownVersion(): string {
  const file = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
