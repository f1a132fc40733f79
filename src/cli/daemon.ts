import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";

/** Set in the environment of the process that runs in the background. */
const backgroundMark = "SERSYNC_IN_BACKGROUND";
/** The log file that was chosen for it. */
const logMark = "SERSYNC_BACKGROUND_LOG";

const { [backgroundMark]: mark, [logMark]: chosenLog } = process.env;
// Programs that plugins start are not in the background themselves.
delete process.env[backgroundMark];
delete process.env[logMark];

/** What the process in the background says to the one that waits for it. */
type Word = { readonly kind: "ready" } | { readonly kind: "out" | "err"; readonly text: string };

const isInBackground: boolean = mark === "1";

/** The log file that was chosen for the process in the background; undefined: none was. */
export function backgroundLog(): string | undefined {
  return chosenLog;
}

/** A command that `-d` sends to the background. */
export interface BackgroundCommand {
  readonly daemon: boolean;
  readonly logFile?: string | undefined;
}

/**
 * What the log file is called unless there is one: after this file, and the key that tells it from
 * others of the same name.
 */
export interface LogName {
  readonly file: string;
  readonly key: string;
}

/**
 * Goes to the background where a command says so.
 *
 * @param words the command line, for starting it again.
 * @returns the exit code of `-d`; undefined in the process that does the work.
 */
export async function startInBackground(
  { daemon, logFile }: BackgroundCommand,
  words: readonly string[],
  name: LogName,
): Promise<number | undefined> {
  if (!daemon || isInBackground) return undefined;
  // sersync's own outputs were its log: where they lead to a file or a program, that is kept.
  const chosen = logFile ?? (process.stdout.isTTY ? defaultLogFile(name) : undefined);
  const exitCode = await runInBackground(words, chosen);
  if (exitCode === 0 && logFile === undefined && chosen !== undefined) say(`log file: ${chosen}\n`);
  return exitCode;
}

function defaultLogFile({ file, key }: LogName): string {
  const base = path.basename(file, path.extname(file));
  return path.join(logDirectory(), `${base}-${key.slice(0, 6)}.log`);
}

function logDirectory(): string {
  if (process.getuid?.() === 0) return "/var/log/sersync";
  const { XDG_STATE_HOME } = process.env;
  return path.join(XDG_STATE_HOME || path.join(homedir(), ".local", "state"), "sersync");
}

/**
 * Starts this program again, in a session of its own, and waits until it says that it is ready: the
 * exit code of `-d` tells whether the mirror runs.
 *
 * Without a log file its output stays where it is, as in sersync.
 *
 * @returns 0 when the background process is ready, else what it exited with.
 */
async function runInBackground(
  words: readonly string[],
  logFile: string | undefined,
): Promise<number> {
  const [, script = ""] = process.argv;
  const output = logFile === undefined ? undefined : openOutput(logFile);
  const marks = { [backgroundMark]: "1", ...(logFile !== undefined && { [logMark]: logFile }) };
  const child = spawn(process.execPath, [...process.execArgv, script, ...words], {
    detached: true,
    stdio: ["ignore", output ?? "inherit", output ?? "inherit", "ipc"],
    env: { ...process.env, ...marks },
  });
  if (output !== undefined) closeSync(output);
  const giveUp = (signal: NodeJS.Signals): void => void child.kill(signal);
  process.once("SIGINT", giveUp).once("SIGTERM", giveUp);
  return new Promise((resolve) => {
    let isTold = logFile === undefined;
    child.on("message", (word: Word) => {
      if (word.kind === "out") process.stdout.write(word.text);
      else if (word.kind === "err") process.stderr.write(word.text);
      else {
        child.disconnect();
        child.unref();
        process.off("SIGINT", giveUp).off("SIGTERM", giveUp);
        resolve(0);
      }
      isTold ||= word.kind === "err" && word.text !== "";
    });
    child.once("exit", (code, signal) => {
      const how = signal ?? `exit code ${code}`;
      if (signal !== null || !isTold) {
        process.stderr.write(`sersync: it ended (${how}) before it was ready${seeLog(logFile)}\n`);
      }
      resolve(code ?? 1);
    });
    child.once("error", (error) => {
      process.stderr.write(`sersync: cannot start in the background: ${error.message}\n`);
      resolve(1);
    });
  });
}

function seeLog(logFile: string | undefined): string {
  return logFile === undefined ? "" : `; see ${logFile}`;
}

function openOutput(logFile: string): number {
  mkdirSync(path.dirname(logFile), { recursive: true, mode: 0o750 });
  return openSync(logFile, "a", 0o640);
}

/** Says something to the person who started the program. */
export function say(text: string): void {
  tell({ kind: "out", text }, process.stdout);
}

/** Says to the person who started the program what is wrong. */
export function complain(text: string): void {
  tell({ kind: "err", text: `sersync: ${text}\n` }, process.stderr);
}

/** Text as it is, where a person looks for what is wrong. */
export function sayOnError(text: string): void {
  tell({ kind: "err", text }, process.stderr);
}

function tell(word: Word & { readonly text: string }, otherwise: NodeJS.WriteStream): void {
  // With a log file the outputs are that file, and the person is at the other end of the channel.
  if (chosenLog !== undefined && process.connected) process.send?.(word);
  else otherwise.write(word.text);
}

/** The process that waits in the foreground until this one is ready. */
export interface Starter {
  /** Tells it that it may go. */
  ready(): void;
}

/** Calls `abandoned` when the process that waits is gone before this one was ready. */
export function heedStarter(abandoned: () => void): Starter {
  if (isInBackground) process.once("disconnect", abandoned);
  return { ready: () => void reportReady() };
}

async function reportReady(): Promise<void> {
  if (!isInBackground || !process.connected) return;
  process.removeAllListeners("disconnect");
  await new Promise((resolve) => process.send?.({ kind: "ready" } satisfies Word, resolve));
  if (process.connected) process.disconnect();
}

/** Lets the process that waits see the end of this one; all that was said before arrives. */
export async function leaveStarter(): Promise<void> {
  if (!isInBackground || !process.connected) return;
  process.removeAllListeners("disconnect");
  const last: Word = { kind: "err", text: "" };
  await new Promise((resolve) => process.send?.(last, resolve));
  if (process.connected) process.disconnect();
}
