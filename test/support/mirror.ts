import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { expect } from "vitest";
import { defaultEvents, type EventSwitches } from "../../src/watch/events.ts";
import { inProject } from "./command.mjs";
import { patienceMs } from "./eventually.ts";
import { type FoundTree, readTree, type TreeComparison, treeDifferences } from "./tree.ts";

/** One line of the program's log. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly path?: string;
  readonly target?: string;
  readonly kind?: string;
}

export interface MirrorSetUp {
  readonly source: string;
  /** All daemons have the same port, as in sersync's file. */
  readonly port: number;
  /** Hosts default to 127.0.0.1. */
  readonly remotes: readonly { readonly host?: string; readonly module: string }[];
  /** `-r`: everything is compared and pushed first. Default true. */
  readonly fullPush?: boolean;
  /** Of `commonParams`. Default "-a". */
  readonly params?: string;
  /** Switches that differ from sersync's own; attributes are mirrored unless said otherwise. */
  readonly events?: Partial<EventSwitches>;
  /** `<debug>`: the log has every step. Default false. */
  readonly debug?: boolean;
  /** Regexes of `<filter>`. Default: none. */
  readonly filter?: readonly string[];
  readonly user?: string;
  readonly password?: string;
  /** Of `<timeout>`; default: off. */
  readonly timeoutSeconds?: number;
  /** Where state survives this process; default a place of its own. */
  readonly stateDirectory?: string;
  /** The journal's path; default a place of its own. */
  readonly failLog?: string;
  /** Attributes of `<crontab start="true">`, and the patterns it leaves out. Default: off. */
  readonly crontab?: { readonly cron: string; readonly excludes?: readonly string[] };
  /** More words for the command line. */
  readonly argv?: readonly string[];
  /** More `<localpath>` elements, as text. */
  readonly localpaths?: string;
  readonly plugin?: PluginSetUp;
  /** The port of the status page on 127.0.0.1. Default: there is none. */
  readonly page?: number;
  /** Remotes are directories behind ssh, named by `module`. Default false. */
  readonly ssh?: boolean;
  /** A program, with its arguments, that starts ours as its child. */
  readonly under?: readonly string[];
}

export interface PluginSetUp {
  readonly name: string;
  /** What stands in `<plugin name=…>`, as XML. */
  readonly section: string;
  /** More attributes of `<plugin name=…>`, as XML. */
  readonly attributes?: string;
  /** `-m`: nothing is mirrored. Default false. */
  readonly alone?: boolean;
}

/** The real program as a child process; `await using` ends it. */
export interface RunningMirror extends AsyncDisposable {
  /** Everything it has printed, on both outputs. */
  readonly output: () => string;
  readonly lines: readonly LogLine[];
  /** True until the process has ended. */
  readonly isRunning: () => boolean;
  readonly pid: number | undefined;
  /** The password it will use from its next start on. */
  readonly setPassword: (password: string) => void;
  /** Resolves with the first line, also of those printed before, that is as `wanted` says. */
  readonly says: (wanted: (line: LogLine) => boolean, deadlineMs?: number) => Promise<LogLine>;
  /** What `sersync COMMAND -o FILE` prints about it now. */
  readonly ask: (command: string, ...words: readonly string[]) => string;
  /** SIGTERM; resolves with the exit code, or the signal that ended it. */
  readonly terminate: () => Promise<number | NodeJS.Signals | null>;
}

/** Starts the program and waits until it watches, and with a full push until that is complete. */
export async function startMirror(setUp: MirrorSetUp): Promise<RunningMirror> {
  const mirror = launchMirror(setUp);
  const pushes = setUp.fullPush !== false && !setUp.plugin?.alone;
  const ready = pushes ? /^full push complete/ : /^Watching /;
  const remotes = pushes ? setUp.remotes.length : 1;
  const isReady = () => mirror.lines.filter(({ msg }) => ready.test(msg)).length >= remotes;
  await mirror.says(isReady).catch(async (error: unknown) => {
    await mirror[Symbol.asyncDispose]();
    throw error;
  });
  return mirror;
}

/** Starts the program and waits for nothing. */
export function launchMirror(setUp: MirrorSetUp): RunningMirror {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "sersync-mirror-"));
  const file = writeConfiguration(setUp, directory);
  const argv = [inProject("dist/bin/sersync.js"), "-o", file];
  if (setUp.plugin?.alone) argv.push("-m", setUp.plugin.name);
  else if (setUp.fullPush !== false) argv.push("-r");
  argv.push(...(setUp.argv ?? []));
  const [program = "", ...words] = [...(setUp.under ?? []), process.execPath, ...argv];
  const env = {
    ...process.env,
    SERSYNC_RUNTIME_DIR: directory,
    SERSYNC_STATE_DIR: setUp.stateDirectory ?? path.join(directory, "state"),
  };
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"], env });
  const log = readLog(child);
  return {
    ...log,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    pid: child.pid,
    setPassword: (password) => fs.writeFileSync(path.join(directory, "password"), password),
    ask: (command, ...more) => {
      const asking = [inProject("dist/bin/sersync.js"), command, "-o", file, ...more];
      const { stdout, stderr } = spawnSync(process.execPath, asking, { env, encoding: "utf8" });
      return `${stdout}${stderr}`;
    },
    terminate: async () => {
      const printed = once(child, "close"); // its last words may come after its end
      const ended = await end(child, "SIGTERM");
      if (child.stdout?.closed !== true || child.stderr?.closed !== true) await printed;
      return ended;
    },
    [Symbol.asyncDispose]: async () => {
      await end(child, "SIGKILL");
      fs.rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Writes `confxml.xml`, and the password file it names, into a directory; returns its path. */
export function writeConfiguration(setUp: MirrorSetUp, directory: string): string {
  const file = path.join(directory, "confxml.xml");
  fs.writeFileSync(path.join(directory, "password"), setUp.password ?? "none", { mode: 0o600 });
  fs.writeFileSync(file, formatConfiguration(setUp, directory));
  return file;
}

async function end(child: ChildProcess, signal: NodeJS.Signals) {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }
  return child.exitCode ?? child.signalCode;
}

/** Reads what a program prints, on both outputs. */
export function readLog(child: ChildProcess): Pick<RunningMirror, "output" | "lines" | "says"> {
  const lines: LogLine[] = [];
  const printed: string[] = [];
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on("line", (text) => {
      printed.push(text);
      lines.push(parseLine(text));
      for (const check of waiting) check();
    });
  }
  const output = () => printed.join("\n");
  const says: RunningMirror["says"] = (wanted, deadlineMs = patienceMs) =>
    new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(late);
        waiting.delete(check);
      };
      const late = setTimeout(() => {
        settle();
        reject(new Error(`The program did not say it within ${deadlineMs} ms:\n${output()}`));
      }, deadlineMs);
      const check = (): void => {
        const found = lines.find(wanted);
        if (found === undefined) return;
        settle();
        resolve(found);
      };
      waiting.add(check);
      check();
    });
  return { output, lines, says };
}

/** Whatever is no log line, a warning of Node's for instance, is a message without fields. */
function parseLine(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return { level: "none", msg: text };
  }
}

function escapeAttribute(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", '"': "&quot;" };
  return text.replaceAll(/[&<"]/g, (char) => entities[char] ?? char);
}

function formatConfiguration(setUp: MirrorSetUp, directory: string): string {
  const { source, port, remotes, params = "-a", filter = [], user, plugin, timeoutSeconds } = setUp;
  const events = { ...defaultEvents, attrib: true, ...setUp.events };
  const switches = Object.entries(events).map(([name, on]) => `<${name} start="${on}"/>`);
  const excludes = filter.map((regex) => `<exclude expression="${escapeAttribute(regex)}"/>`);
  const targets = remotes.map(
    ({ host = "127.0.0.1", module }) => `<remote ip="${host}" name="${module}"/>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<head version="2.5">
  <host hostip="127.0.0.1" port="${setUp.page ?? 0}"/>
  <debug start="${setUp.debug ?? false}"/>
  <filter start="${filter.length > 0}">${excludes.join("")}</filter>
  <inotify>${switches.join("")}</inotify>
  <sersync>
    <localpath watch="${escapeAttribute(source)}">${targets.join("")}</localpath>
    <rsync>
      <commonParams params="${escapeAttribute(params)}"/>
      <auth start="${user !== undefined}" users="${user ?? ""}" passwordfile="${directory}/password"/>
      <ssh start="${setUp.ssh ?? false}"/>
      <userDefinedPort start="true" port="${port}"/>
      <timeout start="${timeoutSeconds !== undefined}" time="${timeoutSeconds ?? 100}"/>
    </rsync>
    ${setUp.localpaths ?? ""}
    <failLog path="${setUp.failLog ?? `${directory}/fail.log`}" timeToExecute="60"/>
    ${formatCrontab(setUp)}
    <plugin start="${plugin !== undefined}" name="${plugin?.name ?? "command"}"/>
  </sersync>
  <plugin name="${plugin?.name ?? "command"}" ${plugin?.attributes ?? ""}>${plugin?.section ?? ""}</plugin>
</head>
`;
}

function formatCrontab({ crontab }: MirrorSetUp): string {
  if (crontab === undefined) return "";
  const excludes = (crontab.excludes ?? []).map((pattern) => `<exclude expression="${pattern}"/>`);
  const filter = `<crontabfilter start="${excludes.length > 0}">${excludes.join("")}</crontabfilter>`;
  return `<crontab start="true" schedule="600" cron="${crontab.cron}">${filter}</crontab>`;
}

export interface WaitOptions extends TreeComparison {
  /** Default {@link patienceMs}. */
  readonly deadlineMs?: number;
  /** What to show besides the differences, such as a log. */
  readonly explain?: () => string;
}

/**
 * Waits until the tree `found` is what `wanted` is now.
 *
 * @returns how long that took, in ms.
 */
export async function untilEqualTrees(
  wanted: string,
  found: string,
  { deadlineMs = patienceMs, explain = () => "", ...comparison }: WaitOptions = {},
): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    const differences = differencesNow(wanted, found, comparison);
    const elapsedMs = performance.now() - startedAt;
    if (differences.length === 0) return elapsedMs;
    if (elapsedMs > deadlineMs) {
      const shown = differences.slice(0, 20).join("\n  ");
      expect.fail(`The trees still differ after ${deadlineMs} ms:\n  ${shown}\n${explain()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function differencesNow(wanted: string, found: string, comparison: TreeComparison): string[] {
  return treeDifferences(readStill(wanted), readStill(found), comparison);
}

/** A tree may change while it is read: then it is read again. */
function readStill(root: string): FoundTree {
  for (;;) {
    try {
      return readTree(root);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}
