import type { DaemonEvent, HostNames } from "../../protocol/index.ts";
import { type LogFile, tryLogFile } from "../log-file.ts";
import { LogOutput } from "../log-output.ts";
import { formatTime, parseLogFormat, type TransferFormat } from "./log-format.ts";
import { logLine, shown } from "./log-line.ts";
import type { ServedModule } from "./module.ts";

export interface ServeLogOptions {
  /** Where lines go that belong to no other file; default the standard output. */
  readonly file: string | undefined;
  /** Looks up who a client is; undefined: it stays undetermined. */
  readonly reverse: HostNames["reverse"];
  /** Told why a file cannot be written. */
  readonly complain: (text: string) => void;
}

interface LoggedModule {
  readonly logFile: string | undefined;
  readonly modulePath: string;
  readonly transferLine: TransferFormat;
}

/** The log of a daemon in rsync's words; lines of one client carry its number. */
export class ServeLog {
  readonly #options: ServeLogOptions;
  readonly #files = new Map<string, LogFile>();
  /** Node's own stream would wait for each line where the output is a pipe. */
  readonly #output = new LogOutput(process.stdout.fd);
  #modules: ReadonlyMap<string, LoggedModule> = new Map();
  /** Many lines come in one second. */
  #second = 0;
  #secondText = "";
  /** Lines wait for the name of their client, each client's in their order. */
  readonly #waiting = new Map<number, Promise<void>>();

  constructor(options: ServeLogOptions) {
    this.#options = options;
    if (options.file !== undefined) this.#open(options.file);
  }

  /** From now on these modules have log files and formats. */
  use(modules: readonly ServedModule[]): void {
    this.#modules = new Map(
      modules.map(({ module: { name, path }, logFile, logFormat }) => [
        name,
        { logFile, modulePath: path, transferLine: parseLogFormat(logFormat) },
      ]),
    );
    for (const { logFile } of modules) if (logFile !== undefined) this.#open(logFile);
  }

  /** Writes a line of the daemon itself. */
  say(text: string): void {
    this.#write(undefined, `[${process.pid}] ${text}`);
  }

  /** Keeps in the files what a person was told. */
  note(text: string): void {
    if (this.#options.file !== undefined) this.say(text);
  }

  /** Writes what has happened; this is the daemon's `log`. */
  readonly event = (event: DaemonEvent): void => {
    const { reverse } = this.#options;
    if (!("client" in event) || reverse === undefined) {
      this.#tell(event, "UNDETERMINED");
      return;
    }
    const { id, address } = event.client;
    const before = this.#waiting.get(id) ?? Promise.resolve();
    const told = before.then(async () => {
      // Whoever owns an address chooses its name.
      this.#tell(event, shown((await reverse(address)) ?? "UNKNOWN"));
      if (this.#waiting.get(id) === told) this.#waiting.delete(id);
    });
    this.#waiting.set(id, told);
  };

  reopen(): void {
    for (const file of this.#files.values()) file.reopen();
  }

  /** Writes what is left. */
  async close(): Promise<void> {
    await Promise.all(this.#waiting.values());
    for (const output of [...this.#files.values(), this.#output]) output.flushSync();
  }

  #tell(event: DaemonEvent, host: string): void {
    const name = "module" in event ? event.module : undefined;
    const served = name === undefined ? undefined : this.#modules.get(name);
    const id = "client" in event ? event.client.id : process.pid;
    const now = new Date();
    const line = logLine(event, { modulePath: "", ...served, host, now });
    // Who was turned away is for whoever looks after the daemon.
    const isDaemons = event.kind === "refused" || event.kind === "login failed";
    this.#write(isDaemons ? undefined : served?.logFile, `[${id}] ${line}`, now);
  }

  #write(file: string | undefined, text: string, now: Date = new Date()): void {
    const second = Math.floor(now.getTime() / 1_000);
    if (second !== this.#second) this.#secondText = formatTime(now);
    this.#second = second;
    const output = this.#files.get(file ?? this.#options.file ?? "") ?? this.#output;
    output.write(`${this.#secondText} ${text}\n`);
  }

  #open(file: string): void {
    if (this.#files.has(file)) return;
    const opened = tryLogFile(file, this.#options.complain);
    if (opened !== undefined) this.#files.set(file, opened);
  }
}
