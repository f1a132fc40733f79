import { setTimeout as sleep } from "node:timers/promises";
import { configurationKey } from "../control/address.ts";
import { ask, Unreachable, type UnreachableCode } from "../control/client.ts";
import type { Reply, Request } from "../control/message.ts";
import { isProcess } from "../control/process.ts";
import type { ControlCommand } from "./command.ts";

/** What the subcommands exit with when nobody could be asked; the numbers are those of the LSB. */
const unreachableExitCodes: Readonly<Record<UnreachableCode, number>> = {
  NOT_RUNNING: 3,
  NO_PERMISSION: 4,
  NO_ANSWER: 4,
};

/** A stop lets what is under way finish, and a reload waits until a big tree is watched. */
const deadlineMs = 60_000;
/** How often it is looked whether a process has gone. */
const lookMs = 20;

/** What asking came to. */
interface Outcome {
  readonly exitCode: number;
  /** For a person. */
  readonly lines: readonly string[];
  /** For a program. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Asks the running programs and prints what they say; returns the highest exit code. */
export async function runControl({ files, request, json }: ControlCommand): Promise<number> {
  let exitCode = 0;
  for (const file of files) {
    const outcome = await outcomeOf(file, request);
    exitCode = Math.max(exitCode, outcome.exitCode);
    print(file, outcome, json);
  }
  return exitCode;
}

function print(file: string, { exitCode, lines, data }: Outcome, json: boolean): void {
  if (json) process.stdout.write(`${JSON.stringify({ file, ...data })}\n`);
  else if (exitCode === 0) process.stdout.write(lines.map((line) => `${line}\n`).join(""));
  else process.stderr.write(lines.map((line) => `sersync: ${line}\n`).join(""));
}

async function outcomeOf(file: string, request: Request): Promise<Outcome> {
  try {
    const reply = await (request.do === "stop" ? stop(file) : askOnce(file, request));
    return reply.ok
      ? { exitCode: 0, lines: describe(file, request, reply), data: reply }
      : { exitCode: 1, lines: [reply.error, ...(reply.details ?? [])], data: reply };
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    const { code, message } = error;
    const exitCode = unreachableExitCodes[code];
    return { exitCode, lines: [`${file}: ${message}`], data: { ok: false, code, error: message } };
  }
}

async function askOnce(file: string, request: Request): Promise<Reply> {
  for await (const reply of ask(configurationKey(file), request, { deadlineMs })) return reply;
  throw new Unreachable("NO_ANSWER", "it hung up without an answer");
}

/** The last answer comes when the mirror has ended; the process is gone a moment later. */
async function stop(file: string): Promise<Reply> {
  let last: Reply | undefined;
  let pid: unknown;
  for await (const reply of ask(configurationKey(file), { do: "stop" }, { deadlineMs })) {
    last = reply;
    if (reply.ok) pid ??= reply["pid"];
  }
  if (last === undefined) throw new Unreachable("NO_ANSWER", "it hung up without an answer");
  const until = performance.now() + deadlineMs;
  while (typeof pid === "number" && isProcess(pid) && performance.now() < until)
    await sleep(lookMs);
  return last;
}

function describe(
  file: string,
  request: Request,
  reply: Readonly<Record<string, unknown>>,
): readonly string[] {
  switch (request.do) {
    case "stop": {
      const { undelivered } = reply as { undelivered?: number };
      const left = undelivered === 0 ? "everything is delivered" : `${undelivered} paths are left`;
      return [`${file}: stopped${undelivered === undefined ? "" : `; ${left}`}`];
    }
    case "reload": {
      const { changed, unchanged } = reply as { changed: string[]; unchanged: string[] };
      return [
        ...changed.map((each) => `${each}: the new configuration is carried out`),
        ...unchanged.map((each) => `${each}: not changed`),
      ];
    }
  }
}
