import type { PluginName } from "../config/schema.ts";
import type { MirrorSettings } from "../config/template.ts";
import type { Request } from "../control/message.ts";
import type { StatusAddress } from "../status/address.ts";
import type { BackendName } from "../watch/contract.ts";
import type { ListCommand } from "./list-command.ts";
import type { PullCommand } from "./pull/command.ts";
import type { PushCommand } from "./push/command.ts";
import type { ServeCommand } from "./serve/command.ts";

/** How a mirror is run, whatever says what is mirrored. */
export interface RunOptions {
  /** `-r`: compare and push everything first. */
  readonly fullPush: boolean;
  /** `-d` */
  readonly daemon: boolean;
  /** `-n`: sessions in flight at a time; 10 unless said. */
  readonly sessions: number;
  readonly watcher: BackendName | "auto";
  /** `--wait`: a directory to watch that is missing is waited for. */
  readonly wait?: boolean | undefined;
  /** `--poll-interval`: how often what sends no events is looked at; default the watcher's own. */
  readonly pollIntervalMs?: number | undefined;
  /** `--log-file`: log lines go there; default the standard output. */
  readonly logFile?: string | undefined;
  /** `--pid-file`: holds the process's number while it runs. */
  readonly pidFile?: string | undefined;
  /** `--token-file`: whoever knows what is in it may act over HTTP; undefined: nobody. */
  readonly tokenFile?: string | undefined;
  /** `--state-dir`; undefined: the usual place. */
  readonly stateDirectory?: string;
  /** `--pending-limit`, of each target; default 200,000. */
  readonly pendingLimit?: number;
  /** `--delete-guard`, a share from 0 to 1; undefined: as configured. */
  readonly deleteGuard?: number;
  /** `--ready-share`: the share of targets that must be reachable, from 0 to 1; default all. */
  readonly readyShare?: number;
}

/** `sersync [-d] [-r] [-n N] [-o FILE]… [-m NAME]` */
export interface MirrorCommand extends RunOptions {
  readonly kind: "mirror";
  /** At least one. */
  readonly files: readonly string[];
  /** `-m`: this plugin alone, nothing is mirrored. */
  readonly plugin?: PluginName;
  /** The letters of sersync's options in the order in which they were given. */
  readonly given: readonly string[];
  /** What was put right silently otherwise, one line each. */
  readonly warnings: readonly string[];
}

/** `sersync watch SRC URL…` */
export interface WatchCommand extends RunOptions {
  readonly kind: "watch";
  readonly settings: MirrorSettings;
  /** What is set for us and has no effect, one line each. */
  readonly warnings: readonly string[];
}

/** `sersync watch [SRC] [-o FILE]… --print`: tells changes, mirrors nothing. */
export interface PrintCommand extends Pick<RunOptions, "watcher" | "wait" | "pollIntervalMs"> {
  readonly kind: "print";
  /** Configurations whose filters and switches count, and whose directories without a source. */
  readonly files: readonly string[];
  readonly settings: Partial<MirrorSettings>;
  /** One JSON object per line. */
  readonly json: boolean;
  /** What is set for us and has no effect, one line each. */
  readonly warnings: readonly string[];
}

/** The subcommands that answer and end; `answer` carries them out. */
export type Question =
  | { readonly kind: "check"; readonly files: readonly string[]; readonly json: boolean }
  | { readonly kind: "diff"; readonly files: readonly string[]; readonly json: boolean }
  | { readonly kind: "explain"; readonly files: readonly string[]; readonly path: string }
  | {
      readonly kind: "init";
      /** What is not known yet is asked for. */
      readonly settings: Partial<MirrorSettings>;
      /** Undefined: the standard output. */
      readonly output: string | undefined;
    };

/** `sersync health`: asks the status page of a program on this machine whether it is ready. */
export interface HealthCommand {
  readonly kind: "health";
  readonly page: StatusAddress;
  readonly timeoutMs: number;
}

/** The subcommands that talk to a running program. */
export interface ControlCommand {
  readonly kind: "control";
  readonly request: Request;
  /** Which programs: by the configurations they run… */
  readonly files: readonly string[];
  /** …or by the directory that `sersync watch` watches. */
  readonly source?: string | undefined;
  readonly json: boolean;
  /** Again and again, for `status`. */
  readonly watch: boolean;
}

/** What a command line asks for. */
export type Command =
  | MirrorCommand
  | WatchCommand
  | PrintCommand
  | ControlCommand
  | HealthCommand
  | PushCommand
  | PullCommand
  | ListCommand
  | ServeCommand
  | Question
  /** Nothing to do but to print: on the standard output when `exitCode` is 0, else on stderr. */
  | { readonly kind: "text"; readonly text: string; readonly exitCode: number };
