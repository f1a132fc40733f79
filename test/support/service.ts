import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { isProcess } from "../../src/control/process.ts";
import { inProject } from "./command.mjs";
import { type MirrorSetUp, type RunningMirror, readLog, writeConfiguration } from "./mirror.ts";

/** Longer than the program itself takes to give up waiting. */
const endDeadlineMs = 70_000;

/** A program that ran to its end. */
export interface Ended {
  readonly exitCode: number | NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** A program that runs, in the foreground of the test. */
export interface Running extends Pick<RunningMirror, "output" | "lines" | "says"> {
  readonly pid: number;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** A directory with a configuration, where the real program is run as an operator would. */
export interface Workplace extends AsyncDisposable {
  readonly directory: string;
  /** The configuration's path. */
  readonly file: string;
  readonly logFile: string;
  readonly pidFile: string;
  /** Writes the configuration anew. */
  readonly configure: (setUp: Partial<MirrorSetUp>) => void;
  /** Runs `sersync WORDS`, to its end. */
  readonly run: (...words: string[]) => Promise<Ended>;
  /** Starts `sersync WORDS` and waits for nothing. */
  readonly launch: (words: readonly string[], environment?: NodeJS.ProcessEnv) => Running;
  /** `sersync -d` with the log and pid files; resolves when it has returned 0. */
  readonly daemonize: (...words: string[]) => Promise<number>;
  /** What the log file has now, as objects. */
  readonly logged: () => readonly { readonly level: string; readonly msg: string }[];
}

/** Makes a workplace; disposing it kills whatever runs there. */
export function workplace(setUp: MirrorSetUp): Workplace {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "sersync-service-"));
  const file = writeConfiguration(setUp, directory);
  const logFile = path.join(directory, "log");
  const pidFile = path.join(directory, "pid");
  const pids = new Set<number>();
  const start = (words: readonly string[], environment: NodeJS.ProcessEnv = {}) => {
    const child = spawn(process.execPath, [inProject("dist/bin/sersync.js"), ...words], {
      cwd: directory,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        SERSYNC_RUNTIME_DIR: directory,
        SERSYNC_STATE_DIR: path.join(directory, "state"),
        ...environment,
      },
    });
    pids.add(child.pid ?? 0);
    return child;
  };
  const run = async (...words: string[]): Promise<Ended> => {
    const child = start(words);
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      err += text;
    });
    const late = setTimeout(() => child.kill("SIGKILL"), endDeadlineMs);
    const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
    clearTimeout(late);
    return { exitCode: code ?? signal, out, err };
  };
  return {
    directory,
    file,
    logFile,
    pidFile,
    configure: (changed) => void writeConfiguration({ ...setUp, ...changed }, directory),
    run,
    launch: (words, environment) => {
      const child = start(words, environment);
      const ended = once(child, "exit").then(([code, signal]) => code ?? signal);
      return {
        ...readLog(child),
        pid: child.pid ?? 0,
        kill: (signal) => child.kill(signal),
        ended,
      };
    },
    daemonize: async (...words) => {
      const files = ["--log-file", logFile, "--pid-file", pidFile];
      const { exitCode, err } = await run("-d", "-o", file, ...files, ...words);
      if (exitCode !== 0) throw new Error(`sersync -d ended with ${exitCode}: ${err}`);
      const pid = Number(fs.readFileSync(pidFile, "utf8"));
      pids.add(pid);
      return pid;
    },
    logged: () => parseLines(fs.readFileSync(logFile, "utf8")),
    [Symbol.asyncDispose]: async () => {
      for (const pid of pids) if (isProcess(pid)) process.kill(pid, "SIGKILL");
      fs.rmSync(directory, { recursive: true, force: true });
    },
  };
}

function parseLines(text: string) {
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as { level: string; msg: string });
}
