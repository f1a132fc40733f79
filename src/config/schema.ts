import type { BytePath, TransferOptions } from "../../protocol/index.ts";
import type { EventSwitches } from "../watch/events.ts";

/**
 * A whole configuration as plain data: it survives structuredClone and is handed to worker threads.
 *
 * Text that came from the file is a byte string (one char per byte), paths included: use nativePath
 * before file-system calls and displayPath for people.
 */
export interface Config {
  /** The configuration's own file name, as it was given. */
  readonly file: string;
  readonly debug: boolean;
  /** sersync printed it and listened on nothing. */
  readonly host: { readonly ip: string; readonly port: number };
  readonly events: EventSwitches;
  readonly filter: FilterConfig;
  readonly sources: readonly Source[];
  /** `commonParams`, understood. */
  readonly params: TransferOptions;
  /** `commonParams` as written, for messages. */
  readonly paramsText: string;
  /** Absent: no authentication. */
  readonly auth?: AuthConfig;
  /** `userDefinedPort`, or `--port` in `commonParams`; absent: the transport's own. */
  readonly port?: number;
  /** `timeout`, or `--timeout` in `commonParams`; absent: none. */
  readonly timeoutSeconds?: number;
  /** `<ssh start="true"/>`: remotes are paths on a machine reached over ssh. */
  readonly ssh: boolean;
  /** `-e` in `commonParams`, as words: the daemon is to be reached through this remote shell. */
  readonly remoteShell?: readonly string[];
  readonly failLog: {
    /** A journal for people; it is never executed. */
    readonly path: string;
    readonly retryMinutes: number;
  };
  /** Absent: no scheduled reconcile. */
  readonly crontab?: CrontabConfig;
  /** The plugin that follows each delivery; absent: none. */
  readonly plugin?: PluginName;
  /** Settings of the plugins, for those that are used: by `plugin`, or by `-m`. */
  readonly plugins: PluginSettings;
}

/** One watched directory and where it is mirrored to. */
export interface Source {
  /** Absolute, without trailing slash (the root directory itself is "/"). */
  readonly watch: string;
  readonly remotes: readonly Remote[];
}

/** One destination of a watched directory. */
export interface Remote {
  /** A host name or address; IPv6 without brackets. */
  readonly host: string;
  /** 873, or 22 over ssh, unless the configuration says otherwise. */
  readonly port: number;
  /** The daemon's module; over ssh "". */
  readonly module: string;
  /** A directory below the module; "" is the module itself. Over ssh "". */
  readonly subPath: BytePath;
  /** `name` as written: `module/dir`, or over ssh the directory on the other machine. */
  readonly name: string;
  /** `user@` in front of the host, which goes before `<auth users>`. */
  readonly user?: string;
}

/** What is left out of everything: events, scans, full pushes and deletes. */
export interface FilterConfig {
  /** Regexes of `<filter start="true">`; empty when it is off. */
  readonly expressions: readonly string[];
  /** rsync patterns from `--exclude` and `--include` in `commonParams`; the first match decides. */
  readonly patterns: readonly PatternRule[];
  /** sersync's silent ignores: files named `.x`, `x~` and `4913`. Off unless asked for. */
  readonly builtin: boolean;
}

/** One rsync filter rule. */
export interface PatternRule {
  readonly include: boolean;
  readonly pattern: string;
}

export interface AuthConfig {
  readonly user: string;
  /** Absent: the password comes from the environment variable RSYNC_PASSWORD, if at all. */
  readonly passwordFile?: string;
}

export interface CrontabConfig {
  readonly everyMinutes: number;
  /** A cron expression, which goes before `everyMinutes`. */
  readonly cron?: string;
  /** rsync patterns that this reconcile leaves out, besides the filter. */
  readonly excludes: readonly string[];
}

/** The names `<plugin name>` and `-m` take. */
export const pluginNames: readonly PluginName[] = ["command", "socket", "refreshCDN", "http"];

export type PluginName = "command" | "socket" | "refreshCDN" | "http";

export interface PluginSettings {
  readonly command?: CommandPlugin;
  readonly socket?: SocketPlugin;
  readonly refreshCDN?: RefreshCdnPlugin;
  readonly http?: HttpPlugin;
}

/** Runs a program: the words of `prefix`, the absolute path, the words of `suffix`. No shell. */
export interface CommandPlugin {
  readonly prefix: readonly string[];
  readonly suffix: readonly string[];
  readonly ignoreError: boolean;
  /** Only for absolute paths that one of these regexes matches whole; absent: for all. */
  readonly include?: readonly string[];
}

/** Sends each absolute path to a TCP listener. */
export interface SocketPlugin {
  /** Watched instead of the sources, as sersync did; "" when not given. */
  readonly watch: string;
  readonly host: string;
  readonly port: number;
}

/** Asks a content delivery network to drop its copy. */
export interface RefreshCdnPlugin {
  readonly watch: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Secret: never shown. */
  readonly password: string;
  readonly base: string;
  /** With `regexurl regex="true"`: the URL goes on with group 1 and what follows the match. */
  readonly match?: string;
}

/** Posts each change to a URL. */
export interface HttpPlugin {
  readonly watch: string;
  readonly url: string;
}
