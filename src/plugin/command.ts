import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import { asBytePath, displayPath } from "../../protocol/index.ts";
import type { CommandPlugin } from "../config/schema.ts";
import { exactText } from "./bytes.ts";
import { pluginEnvironment } from "./environment.ts";
import { readLines } from "./lines.ts";
import { type Plugin, type PluginEvent, PluginFailure, wholePath } from "./plugin.ts";

/** A process that was told to end is killed after this. */
const killAfterMs = 5_000;
/** Output that is still in the pipe when the program has ended; a daemon it left may keep it open. */
const lastOutputMs = 500;
/** What cannot be started ends with this, as in a shell. */
const notStarted = 127;

export interface CommandOptions {
  readonly settings: Pick<CommandPlugin, "prefix" | "suffix" | "ignoreError">;
  readonly log: Logger;
}

/** Runs a program for each change; no shell ever sees a name. */
export class CommandRun implements Plugin {
  readonly #settings: CommandOptions["settings"];
  readonly #log: Logger;

  constructor({ settings, log }: CommandOptions) {
    this.#settings = settings;
    this.#log = log;
  }

  async run(event: PluginEvent, signal: AbortSignal): Promise<void> {
    const { ignoreError } = this.#settings;
    const words = commandWords(this.#settings, wholePath(event));
    const output = ignoreError ? "ignore" : "pipe";
    const { program, argv, environment, isRelayed } = relayed(words, variables(event));
    const child = spawn(program, argv, {
      shell: false,
      detached: true, // a group of its own, so that what it starts ends with it
      stdio: ["ignore", output, output],
      env: { ...pluginEnvironment(), ...environment },
    });
    const ended = this.#follow(child, event);
    const group = new Group(child);
    signal.addEventListener("abort", group.end);
    try {
      const { code, killer } = await ended;
      if (code === 0) return;
      if (isRelayed && code === notStarted) throw new PluginFailure("final", unrelayed(words));
      if (!ignoreError || signal.aborted) throw new PluginFailure("again", endedHow(code, killer));
    } finally {
      signal.removeEventListener("abort", group.end);
      group.close(signal.aborted);
    }
  }

  async #follow(child: ChildProcess, event: PluginEvent): Promise<Ending> {
    const path = displayPath(event.path);
    for (const name of ["stdout", "stderr"] as const) {
      const stream = child[name];
      if (stream) readLines(stream, (line) => this.#log.info({ path, stream: name }, line));
    }
    const closed = once(child, "close").catch(() => {});
    const [code, killer] = (await once(child, "exit").catch((error: NodeJS.ErrnoException) => {
      const problem = error.code ?? error.message;
      const isShortage = /^(?:EAGAIN|ENOMEM|EMFILE|ENFILE)$/.test(problem);
      throw new PluginFailure(
        isShortage ? "peer" : "final",
        `cannot start ${error.path ?? "the program"}: ${problem}`,
      );
    })) as [number | null, NodeJS.Signals | null];
    const late = setTimeout(() => {
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, lastOutputMs);
    await closed;
    clearTimeout(late);
    return { code, killer };
  }
}

interface Ending {
  readonly code: number | null;
  readonly killer: NodeJS.Signals | null;
}

/** The words of the command; the path goes where `{path}` stands, else behind the prefix. */
export function commandWords(
  { prefix, suffix }: Pick<CommandPlugin, "prefix" | "suffix">,
  path: string,
): readonly string[] {
  const words = [...prefix, ...suffix];
  if (!words.some((word) => word.includes("{path}"))) return [...prefix, path, ...suffix];
  return words.map((word) => word.replaceAll("{path}", () => path));
}

/** What the program finds in its environment. */
function variables(event: PluginEvent): Readonly<Record<string, string>> {
  const path = wholePath(event);
  return {
    SERSYNC_PATH: path,
    SERSYNC_PATH_ESCAPED: utf8(displayPath(asBytePath(path))),
    SERSYNC_RELATIVE_PATH: event.path === "" ? "." : event.path,
    SERSYNC_ROOT: event.root,
    SERSYNC_KIND: event.kind,
    SERSYNC_TARGET: utf8(event.target),
    SERSYNC_RESULT: event.result,
    SERSYNC_REASON: utf8(event.reason),
  };
}

function utf8(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

interface Start {
  readonly program: string;
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly isRelayed: boolean;
}

/**
 * How to start a program with exactly these bytes. Node hands on text only, as UTF-8: where a name
 * is none, a short program of ours is started that takes the bytes as hex and then becomes the one
 * that was asked for (same process, same group).
 */
function relayed(words: readonly string[], extra: Readonly<Record<string, string>>): Start {
  const [program = "", ...argv] = words.map(exactText);
  const texts = Object.entries(extra).map(([name, value]) => [name, exactText(value)] as const);
  const environment = Object.fromEntries(texts.filter(([, value]) => value !== undefined));
  const odd = Object.entries(extra).filter(([name]) => !Object.hasOwn(environment, name));
  if (argv.every((word) => word !== undefined) && odd.length === 0) {
    return { program, argv: argv as string[], environment, isRelayed: false } as Start;
  }
  const order = {
    words: words.map(hex),
    variables: odd.map(([name, value]) => [name, hex(value)]),
  };
  const relay = fileURLToPath(new URL("./relay.js", import.meta.url));
  const relayWords = [relay, JSON.stringify(order)];
  return { program: process.execPath, argv: relayWords, environment, isRelayed: true } as Start;
}

function hex(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString("hex");
}

function unrelayed([program = ""]: readonly string[]): string {
  return `cannot start ${displayPath(asBytePath(program))} with a name that is not UTF-8`;
}

function endedHow(code: number | null, killer: NodeJS.Signals | null): string {
  return code === null
    ? `the command was ended by ${killer}`
    : `the command ended with exit code ${code}`;
}

/** A process and all it has started: told to end, then killed. */
class Group {
  readonly #child: ChildProcess;
  #timer: NodeJS.Timeout | undefined;

  constructor(child: ChildProcess) {
    this.#child = child;
    if (livingGroups.size === 0) process.once("exit", killLivingGroups);
    livingGroups.add(this);
  }

  readonly end = (): void => {
    this.#signal("SIGTERM");
    this.#timer = setTimeout(() => this.#signal("SIGKILL"), killAfterMs);
  };

  /** The process is gone; with `all` what it has left of its group goes, too. */
  close(all: boolean): void {
    clearTimeout(this.#timer);
    if (all) this.kill();
    livingGroups.delete(this);
    if (livingGroups.size === 0) process.off("exit", killLivingGroups);
  }

  kill(): void {
    this.#signal("SIGKILL");
  }

  #signal(name: NodeJS.Signals): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** Without us nobody would end them: they go with this process, however it exits. */
const livingGroups = new Set<Group>();

function killLivingGroups(): void {
  for (const group of livingGroups) group.kill();
}
