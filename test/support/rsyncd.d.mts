/** The releases the tests are written for; a 3.5 newer than 3.5.0 stands in for it. */
export type DaemonVersion = "3.5.0" | "3.2.7";

/** Parameters under the names that rsyncd.conf(5) gives them; true is "yes". */
export interface Parameters {
  readonly path?: string;
  readonly [name: string]: string | number | boolean | undefined;
}

export interface DaemonOptions {
  readonly version: DaemonVersion;
  /** The rsync to start. Default: the one that was prepared for `version`. */
  readonly program?: string;
  /**
   * Modules by name. Writable, links unmunged, in a chroot when the caller is root, everything owned
   * by the caller, unless a parameter says otherwise; without `path` an empty directory is made.
   */
  readonly modules: Readonly<Record<string, Parameters>>;
  /** User names and passwords that every module asks for; absent: no module asks. */
  readonly users?: Readonly<Record<string, string>>;
  readonly motd?: string;
  /** Further global parameters. */
  readonly global?: Parameters;
  /** Default: a free one. */
  readonly port?: number;
}

/** A running stock daemon on 127.0.0.1; `await using` stops it and removes its directory. */
export interface Daemon extends AsyncDisposable {
  readonly version: DaemonVersion;
  readonly host: "127.0.0.1";
  readonly port: number;
  /** Holds the configuration, the log and the modules that named no path. */
  readonly directory: string;
  /** The directory behind a module. */
  path(module: string): string;
  /** `rsync://[user@]127.0.0.1:port/module/` for the stock client. */
  url(module: string, user?: string): string;
  /** What the daemon has written to its log so far. */
  log(): string;
  /** Ends it in an orderly way, which takes rsync 0.4 s; sessions that run are cut off. */
  stop(): Promise<void>;
  /** SIGKILL for the daemon and all its sessions, as when the machine loses power. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the same modules. */
  restart(): Promise<void>;
  /** Kills it and removes its directory. */
  remove(): Promise<void>;
}

/**
 * Starts a stock daemon and waits until it accepts connections.
 *
 * @throws {Error} with the daemon's log when it does not listen within 30 s.
 */
export function startDaemon(options: DaemonOptions): Promise<Daemon>;
