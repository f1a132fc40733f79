import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { RsyncError } from "../../protocol/index.ts";
import { backgroundMark, isInBackground, logMark, say, type Word } from "./starter.ts";

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
  try {
    mkdirSync(path.dirname(logFile), { recursive: true, mode: 0o750 });
    return openSync(logFile, "a", 0o640);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const text = `Cannot open the log file ${logFile}: ${code}; nothing is started in the background`;
    throw new RsyncError("BAD_OPTION", text, { cause });
  }
}
