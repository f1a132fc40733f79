import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { configurationKey } from "../control/address.ts";
import { ask, Unreachable, type UnreachableCode } from "../control/client.ts";
import { keysOfSource } from "../control/instance.ts";
import type { Reply, Request } from "../control/message.ts";
import { isProcess } from "../control/process.ts";
import type { StatusReport } from "../status/report.ts";
import type { ControlCommand } from "./command.ts";
import { describeReply } from "./reply.ts";
import { fitScreen, redraw } from "./screen.ts";
import type { Earlier } from "./status.ts";

/** What the subcommands exit with when nobody could be asked; the numbers are those of the LSB. */
const unreachableExitCodes: Readonly<Record<UnreachableCode, number>> = {
  NOT_RUNNING: 3,
  NO_PERMISSION: 4,
  NO_ANSWER: 4,
};
/** `status`: it runs, and something is wrong. */
const troubleExitCode = 2;

/** A stop lets what is under way finish, and a reload waits until a big tree is watched. */
const deadlineMs = 60_000;
/** How often it is looked whether a process has gone. */
const lookMs = 20;
/** How often `status --watch` asks. */
const watchMs = 1_000;

/** Whom to ask. */
interface Program {
  /** For people: the configuration, or the directory that is watched. */
  readonly name: string;
  readonly kind: "file" | "directory";
  readonly key: string;
}

/** What asking came to. */
interface Outcome {
  readonly exitCode: number;
  /** For a person. */
  readonly lines: readonly string[];
  /** For a program. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Asks the running programs and prints what they say; returns the highest exit code. */
export async function runControl(command: ControlCommand): Promise<number> {
  if (command.watch) return watchStatus(command);
  return printAll(await askAll(command), command.json);
}

/** Until a program has ended, the person has seen enough, or nobody reads any more. */
async function watchStatus(command: ControlCommand): Promise<number> {
  const isScreen = process.stdout.isTTY === true && !command.json;
  const seen = new Map<string, Earlier>();
  let isRead = true;
  process.stdout.once("error", () => {
    isRead = false;
  });
  for (;;) {
    const outcomes = await askAll(command, seen);
    const exitCode = Math.max(0, ...outcomes.map((outcome) => outcome.exitCode));
    if (isScreen && exitCode <= troubleExitCode) showAll(outcomes);
    else printAll(outcomes, command.json);
    if (exitCode > troubleExitCode || !isRead) return exitCode;
    await sleep(watchMs);
  }
}

/** On a terminal what is new takes the place of what was there. */
function showAll(outcomes: readonly Outcome[]): void {
  const { rows, columns } = process.stdout;
  const lines = outcomes.flatMap((outcome) => outcome.lines);
  process.stdout.write(redraw(fitScreen(lines, { rows, columns })));
}

/** @param seen what each told before; what it tells now is put there. Default: nobody asks again. */
async function askAll(
  { files, source, request }: ControlCommand,
  seen: Map<string, Earlier> = new Map(),
): Promise<readonly Outcome[]> {
  const programs = files.map(
    (file): Program => ({
      name: file,
      kind: "file",
      key: configurationKey(file),
    }),
  );
  if (source !== undefined) programs.push(...programsOf(source));
  const outcomes: Outcome[] = [];
  for (const program of programs) outcomes.push(await outcomeOf(program, request, seen));
  return outcomes;
}

/** Those that watch a directory; when there is none, one that nobody is found by. */
function programsOf(source: string): readonly Program[] {
  const keys = keysOfSource(source);
  return (keys.length > 0 ? keys : [""]).map((key) => ({ name: source, kind: "directory", key }));
}

function printAll(outcomes: readonly Outcome[], json: boolean): number {
  for (const { exitCode, lines, data } of outcomes) {
    const isAnswer = exitCode === 0 || exitCode === troubleExitCode;
    if (json) process.stdout.write(`${JSON.stringify(data)}\n`);
    else if (isAnswer) process.stdout.write(lines.map((line) => `${line}\n`).join(""));
    else process.stderr.write(lines.map((line) => `sersync: ${line}\n`).join(""));
  }
  return Math.max(0, ...outcomes.map(({ exitCode }) => exitCode));
}

async function outcomeOf(
  { name: file, kind, key }: Program,
  request: Request,
  seen: Map<string, Earlier>,
): Promise<Outcome> {
  try {
    const reply = await (request.do === "stop" ? stop(key) : askOnce(key, request));
    const data = { file, ...reply };
    if (reply.ok) {
      const exitCode = reply["healthy"] === false ? troubleExitCode : 0;
      const lines = describeReply(file, request, reply, seen.get(key));
      seen.set(key, { report: reply as unknown as StatusReport, at: Date.now() });
      return { exitCode, lines, data };
    }
    return { exitCode: 1, lines: [`${file}: ${reply.error}`, ...(reply.details ?? [])], data };
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    const { code } = error;
    const isMissing = code === "NOT_RUNNING" && !existsSync(file);
    const said = isMissing ? `${error.message}, and there is no such ${kind}` : error.message;
    const data = { file, ok: false, code, error: said };
    return { exitCode: unreachableExitCodes[code], lines: [`${file}: ${said}`], data };
  }
}

async function askOnce(key: string, request: Request): Promise<Reply> {
  for await (const reply of ask(key, request, { deadlineMs })) return reply;
  throw new Unreachable("NO_ANSWER", "it hung up without an answer");
}

/** The last answer comes when the mirror has ended; the process is gone a moment later. */
async function stop(key: string): Promise<Reply> {
  let last: Reply | undefined;
  let pid: unknown;
  for await (const reply of ask(key, { do: "stop" }, { deadlineMs })) {
    last = reply;
    if (reply.ok) pid ??= reply["pid"];
  }
  if (last === undefined) throw new Unreachable("NO_ANSWER", "it hung up without an answer");
  const until = performance.now() + deadlineMs;
  while (typeof pid === "number" && isProcess(pid) && performance.now() < until) {
    await sleep(lookMs);
  }
  return last;
}
