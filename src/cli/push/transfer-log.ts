import { closeSync, openSync, writeSync } from "node:fs";
import type { PushTotals } from "../../../protocol/index.ts";
import { formatTime } from "../listing.ts";
import type { Outputs } from "../outputs.ts";
import type { PushCommand, Telling } from "./command.ts";

/** What a log needs to know of a command. */
type LoggedCommand = Pick<PushCommand, "logFile" | "logFormat" | "telling">;

/**
 * Runs what is logged where `--log-file` asks for it; what goes wrong stands in the log, too. A log
 * that cannot be written is told of, and stops nothing.
 *
 * @param first the first line.
 * @throws whatever `run` throws.
 */
export async function logged(
  command: LoggedCommand,
  outputs: Outputs,
  first: string,
  run: (told: Outputs, log?: TransferLog) => Promise<number>,
): Promise<number> {
  if (command.logFile === undefined) return run(outputs);
  const log = new TransferLog(command.logFile, command, outputs.err);
  log.write(`${first}\n`);
  const err = (text: string): void => {
    outputs.err(text);
    log.write(text);
  };
  try {
    return await run({ ...outputs, err }, log);
  } catch (error) {
    log.write(`sersync: ${(error as Error).message}\n`);
    throw error;
  } finally {
    log.close();
  }
}

/** The lines that rsync writes into `--log-file`, each with its time and the process. */
export class TransferLog {
  readonly #file: string;
  readonly #telling: Telling;
  readonly #complain: (text: string) => void;
  /** Undefined when the file cannot be written. */
  #descriptor: number | undefined;
  #rest = "";

  constructor(
    file: string,
    { logFormat: format, telling }: LoggedCommand,
    complain: (text: string) => void,
  ) {
    this.#file = file;
    this.#telling = { ...telling, format, tellsDeletions: true, progress: 0 };
    this.#complain = complain;
    this.#try(() => {
      this.#descriptor = openSync(file, "a", 0o644);
    });
  }

  /** What is told here, beside what is printed. */
  get telling(): Telling {
    return this.#telling;
  }

  /** Takes lines in whatever pieces they come. */
  write(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    const stamp = formatTime({ mtimeSeconds: Date.now() / 1_000 }, " ");
    for (const line of lines) {
      const descriptor = this.#descriptor;
      if (line === "" || descriptor === undefined) continue;
      this.#try(() => void writeSync(descriptor, `${stamp} [${process.pid}] ${line}\n`));
    }
  }

  /** What ends a log where no statistics were asked for. */
  sum({
    sentBytes,
    receivedBytes,
    totalBytes,
  }: Pick<PushTotals, "sentBytes" | "receivedBytes" | "totalBytes">): void {
    const moved = `sent ${sentBytes} bytes  received ${receivedBytes} bytes`;
    this.write(`${moved}  total size ${totalBytes}\n`);
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
  }

  #try(access: () => void): void {
    try {
      access();
    } catch (cause) {
      this.close();
      this.#descriptor = undefined;
      const { message } = cause as Error;
      this.#complain(`sersync: cannot write the log file ${this.#file}: ${message}; goes on\n`);
    }
  }
}
