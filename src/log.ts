import { type DestinationStream, type Logger, pino } from "pino";
import { LogOutput } from "./log-output.ts";
import { escapeControls } from "./printable.ts";

export interface LogOptions {
  /** Also say what only helps when something is looked for. Default false. */
  readonly debug?: boolean;
  /** One readable line per message instead of JSON. Default: when the output is a terminal. */
  readonly pretty?: boolean;
  /** Where lines go; default the standard output. */
  readonly output?: DestinationStream;
}

/**
 * The log of this process: JSON lines for programs, readable ones on a terminal.
 *
 * Lines are written behind the program's back: a reader that is slow, or a terminal that is
 * stopped, must not stop the watching. What is left is written when the process ends, crashes
 * included: the last lines are the ones that are needed.
 */
export function createLog(options: LogOptions = {}): Logger {
  const { debug = false, pretty = process.stdout.isTTY === true } = options;
  const { output = standardOutput() } = options;
  const stream = pretty ? prettyStream(output) : output;
  const settings = {
    level: debug ? "debug" : "info",
    base: null,
    timestamp,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(settings, stream);
}

let stampedAt = 0;
let stamp = "";

/** Thousands of lines are written within a millisecond, which needs to be spelt only once. */
function timestamp(): string {
  const now = Date.now();
  if (now !== stampedAt) {
    stampedAt = now;
    stamp = `,"time":"${new Date(now).toISOString()}"`;
  }
  return stamp;
}

/** The standard output; what is left is written when the process ends. */
export function standardOutput(): DestinationStream {
  const output = new LogOutput(1);
  process.on("exit", () => output.flushSync());
  return output;
}

function prettyStream(output: DestinationStream): DestinationStream {
  return { write: (line) => output.write(`${formatPretty(line)}\n`) };
}

/** What pino writes, as set up above. */
interface LogLine {
  readonly level: string;
  readonly time: string;
  readonly msg?: string;
  readonly err?: { readonly message: string };
  readonly [field: string]: unknown;
}

/** A JSON log line as a person reads it: `12:30:05 warn  text name=value`. */
export function formatPretty(line: string): string {
  const { level, time, msg = "", err, ...rest } = JSON.parse(line) as LogLine;
  const reason = err === undefined ? "" : `: ${err.message}`;
  const fields = Object.entries(rest).map(([name, value]) => ` ${name}=${formatValue(value)}`);
  const text = `${msg}${reason}${fields.join("")}`;
  return `${time.slice(11, 19)} ${level.padEnd(5)} ${escapeControls(text)}`;
}

function formatValue(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value);
  return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}
