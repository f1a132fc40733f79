import type { BytePath, TransferOptions } from "../../protocol/index.ts";
import type { FilterConfig } from "../filter/filter.ts";
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
  /** How much a comparison may delete before a person is asked; absent: the mirror's defaults. */
  readonly deleteGuard?: DeleteGuard;
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
  /** `-m`: this plugin alone hears of changes; nothing is mirrored, and no source has remotes. */
  readonly pluginAlone?: PluginName;
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
  /** Another directory is mirrored there, too: comparisons delete nothing. Default false. */
  readonly isShared?: boolean;
}

/** When a comparison wants to delete so much that deletions are halted. */
export interface DeleteGuard {
  /** The share of what the target has, above which a person is asked; 0 to 1. */
  readonly share?: number;
  /** Fewer objects than these are never asked about. */
  readonly least?: number;
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

/** The names `<plugin name>` and `-m` take; `module` is ours: a plugin from a JavaScript file. */
export const pluginNames: readonly PluginName[] = [
  "command",
  "socket",
  "refreshCDN",
  "http",
  "module",
];

export type PluginName = "command" | "socket" | "refreshCDN" | "http" | "module";

export interface PluginSettings {
  readonly command?: CommandPlugin;
  readonly socket?: SocketPlugin;
  readonly refreshCDN?: RefreshCdnPlugin;
  readonly http?: HttpPlugin;
  readonly module?: ModulePlugin;
}

/** What every plugin section may say. */
export interface PluginBase {
  /** Not told of paths that a target refused; sersync ran its plugin in either case. */
  readonly onlySuccess: boolean;
  /** Only for absolute paths that one of these regexes matches whole; absent: for all. */
  readonly include?: readonly string[];
  readonly limits: PluginLimits;
}

export interface PluginLimits {
  /** A run that takes longer is ended. */
  readonly timeoutSeconds: number;
  /** Runs at the same time; never two for one path. */
  readonly concurrency: number;
  /** How often a change that was refused is tried again. */
  readonly retries: number;
  /** Changes that may wait; beyond that the oldest are left out, and counted. */
  readonly queue: number;
}

/** Runs a program: the words of `prefix`, the absolute path, the words of `suffix`. No shell. */
export interface CommandPlugin extends PluginBase {
  readonly prefix: readonly string[];
  readonly suffix: readonly string[];
  /** What it prints and how it ends is of no interest. */
  readonly ignoreError: boolean;
}

/** Sends each absolute path to a TCP listener. */
export interface SocketPlugin extends PluginBase {
  /** Watched instead of the source, as sersync did; "" when not given. */
  readonly watch: string;
  readonly host: string;
  readonly port: number;
  /** `path`: a connection for each, its bytes and nothing else; `json`: lines on one connection. */
  readonly format: "path" | "json";
}

/** Asks a content delivery network to drop its copy. */
export interface RefreshCdnPlugin extends PluginBase {
  readonly watch: string;
  /** What stands in front of the path in the URLs of the site. */
  readonly base: string;
  /** With `regexurl regex="true"`: the URL goes on with group 1 and what follows the match. */
  readonly match?: string;
  /** ChinaCache, as in sersync; absent when `purge` is there. */
  readonly chinaCache?: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    /** Secret: never shown. */
    readonly password: string;
  };
  /** Any other network: one HTTP request for each change. */
  readonly purge?: PurgeRequest;
}

/** Templates: `{path}`, `{url}`, and in headers `{secret}`. */
export interface PurgeRequest extends Headed {
  readonly method: string;
  readonly url: string;
  /** "" is none. */
  readonly body: string;
}

/** What goes with a request; header values may hold `{secret}`. */
export interface Headed {
  readonly headers: Readonly<Record<string, string>>;
  /** Its first line is the secret; "" is none. */
  readonly secretFile: string;
}

/** Posts each change to a URL. */
export interface HttpPlugin extends PluginBase, Headed {
  readonly watch: string;
  readonly url: string;
  /** `form`: as old sersyncs posted it. */
  readonly format: "form" | "json";
}

/** A plugin of the operator's own. */
export interface ModulePlugin extends PluginBase {
  /** Absolute path of an ES module. */
  readonly path: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly secretFile: string;
}
