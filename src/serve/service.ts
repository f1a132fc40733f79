import fs from "node:fs";
import {
  createDaemon,
  type Daemon,
  type DaemonTls,
  type ListenAddress,
  RsyncError,
} from "../../protocol/index.ts";
import { counted } from "../amount.ts";
import { inspect } from "../config/inspect.ts";
import { claimPidFile, type PidFile } from "../service/pid-file.ts";
import { ServeLog } from "./log.ts";
import { formatProblem } from "./problem.ts";
import type { ServeSettings } from "./settings.ts";

/** What a daemon is run with besides what it serves. */
export interface ServeOptions {
  /** Reads what is served, again at each reload. @throws {ConfError} and {RsyncError} */
  readonly load: () => ServeSettings;
  /** Where it listens unless the settings say so. */
  readonly address: string;
  readonly port: number;
  /** Reads certificate and key, likewise again at each reload. @throws {RsyncError} */
  readonly loadTls: () => DaemonTls | undefined;
  /** Wins over that of the settings. */
  readonly logFile: string | undefined;
  readonly pidFile: string | undefined;
  readonly maxConnections: number | undefined;
  /** Of them from one address. */
  readonly maxPerAddress: number | undefined;
  readonly timeoutSeconds: number | undefined;
  /** How long sessions may go on when it is told to end. */
  readonly graceMs: number;
  readonly version: string;
  /** Told of what a person should know, one line each. */
  readonly complain: (text: string) => void;
  /** Called once it listens. */
  readonly onReady: (settings: ServeSettings, at: ListenAddress) => void;
}

/** A daemon as a program: what it serves, its log, and who it is. */
export class ServeService {
  readonly #options: ServeOptions;
  readonly #log: ServeLog;
  readonly #daemon: Daemon;
  #settings: ServeSettings;
  #stopping: Promise<void> | undefined;
  #pidFile: PidFile | undefined;

  /** @throws {ConfError} and {RsyncError} when there is nothing to serve. */
  constructor(options: ServeOptions) {
    this.#options = options;
    this.#settings = options.load();
    const { maxConnections, maxPerAddress, timeoutSeconds, complain } = options;
    const { modules, reverse, logFile } = this.#settings;
    this.#log = new ServeLog({ file: options.logFile ?? logFile, reverse, complain });
    this.#daemon = createDaemon({
      modules: modules.map(({ module }) => module),
      motd: () => this.#motd(),
      tls: options.loadTls(),
      maxConnections,
      maxPerAddress,
      timeoutSeconds,
      log: this.#log.event,
    });
  }

  /** Serves until {@link stop}; resolves when nothing is left. */
  async run(): Promise<void> {
    const { version, onReady, pidFile } = this.#options;
    const { modules, warnings, ids } = this.#settings;
    this.#complainOf(warnings.map(formatProblem));
    this.#log.use(modules);
    const pidPlace = pidFile ?? this.#settings.pidFile;
    if (pidPlace !== undefined) this.#pidFile = await claimPidFile(pidPlace);
    try {
      const at = await this.#listen();
      if (ids !== undefined) this.#daemon.dropTo(ids);
      this.#log.say(`sersync ${version} starting, listening on port ${at.port}`);
      onReady(this.#settings, at);
      await this.#ended;
    } finally {
      await this.#log.close();
      // Whoever has become nobody may not remove what root has made.
      inspect(() => ({ done: this.#pidFile?.release() }));
    }
  }

  /** Takes no new clients, and lets those that are there finish within the grace. */
  stop(why: string): Promise<void> {
    if (this.#stopping === undefined) {
      this.#log.say(`${why}: ending`);
      this.#stopping = this.#daemon.close({ graceMs: this.#options.graceMs });
      void this.#stopping.then(this.#resolveEnded);
    }
    return this.#stopping;
  }

  /** Reads everything again; what is wrong leaves the old in place. Log files are opened anew. */
  reload(): void {
    this.#log.reopen();
    try {
      const settings = this.#options.load();
      this.#complainOf(settings.warnings.map(formatProblem));
      if (String(settings.ids?.uid) !== String(this.#settings.ids?.uid)) {
        this.#complainOf(["uid and gid are those of the start; only a new start changes them"]);
      }
      const tls = this.#options.loadTls();
      if (tls !== undefined) this.#daemon.renewTls(tls);
      this.#daemon.replace(settings.modules.map(({ module }) => module));
      this.#log.use(settings.modules);
      this.#settings = settings;
      this.#log.say(`configuration read again: ${counted(settings.modules.length, "module")}`);
    } catch (error) {
      // Whatever it is: who is served now must not suffer from it.
      const { message } = error as Error;
      this.#complainOf([...message.split("\n"), "the old configuration goes on"]);
    }
  }

  readonly #complainOf = (lines: readonly string[]): void => {
    for (const line of lines) {
      this.#options.complain(line);
      this.#log.note(line);
    }
  };

  #resolveEnded: () => void = () => {};
  readonly #ended: Promise<void> = new Promise((resolve) => {
    this.#resolveEnded = resolve;
  });

  async #listen(): Promise<ListenAddress> {
    const { address, port } = this.#settings;
    const wanted = address ?? this.#options.address;
    const place = { port: port ?? this.#options.port };
    try {
      return await this.#daemon.listen({ ...place, address: wanted });
    } catch (error) {
      if (!(error instanceof RsyncError)) throw error;
      const { code } = (error.cause ?? {}) as NodeJS.ErrnoException;
      // A machine without IPv6 has everybody on another address.
      if (wanted === "::" && (code === "EAFNOSUPPORT" || code === "EADDRNOTAVAIL")) {
        return this.#daemon.listen({ ...place, address: "0.0.0.0" });
      }
      if (code !== "EACCES") throw error;
      const text = `${error.message}; ports below 1024 are root's, --port chooses another`;
      throw new RsyncError(error.code, text, { cause: error });
    }
  }

  #motd(): string {
    const { motdFile } = this.#settings;
    if (motdFile === undefined) return "";
    const content = inspect(() => ({ text: fs.readFileSync(motdFile, "utf8") }));
    return typeof content === "string" ? "" : content.text;
  }
}
