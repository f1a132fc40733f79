import { closeSync, openSync, writeSync } from "node:fs";
import { type PushTotals, RsyncError } from "../../../protocol/index.ts";
import { type OptionRule, own } from "../../config/option-rule.ts";
import { formatTime } from "../listing.ts";
import type { PushCommand, Telling } from "./command.ts";
import type { PushFlags } from "./flags.ts";
import { hasField } from "./format.ts";

/** `--log-file` and `--log-file-format`. */
export function logging(flags: PushFlags): OptionRule[] {
  return [
    own("log-file=", (value) => {
      flags.logFile = value;
      return value === "" ? "a file" : undefined;
    }),
    own("log-file-format=", (value) => {
      flags.logFormat = value;
      return undefined;
    }),
  ];
}

/** The lines that rsync writes into `--log-file`, each with its time and the process. */
export class TransferLog {
  readonly #descriptor: number;
  readonly #telling: Telling;
  #rest = "";

  /** @throws {RsyncError} FILE_IO when the file cannot be written. */
  constructor(file: string, { logFormat: format, telling }: PushCommand) {
    const itemizes = hasField(format, "i");
    this.#telling = { ...telling, format, itemizes, tellsDeletions: true, progress: 0 };
    try {
      this.#descriptor = openSync(file, "a", 0o644);
    } catch (cause) {
      const message = `Cannot write the log file ${file}: ${(cause as Error).message}`;
      throw new RsyncError("FILE_IO", message, { cause });
    }
    this.write("building file list\n");
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
      if (line !== "") writeSync(this.#descriptor, `${stamp} [${process.pid}] ${line}\n`);
    }
  }

  /** What ends a log where no statistics were asked for. */
  sum({ sentBytes, receivedBytes, totalBytes }: PushTotals): void {
    const moved = `sent ${sentBytes} bytes  received ${receivedBytes} bytes`;
    this.write(`${moved}  total size ${totalBytes}\n`);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
