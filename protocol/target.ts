import type { IdNames } from "./flist/list.ts";
import type { SessionFeatures } from "./handshake/argv.ts";
import type { Credentials } from "./handshake/auth.ts";
import type { TargetKnowledge } from "./knowledge.ts";
import type { TransferOptions } from "./options.ts";
import type { BytePath } from "./path.ts";
import type { Address } from "./transport/connect.ts";
import type { SshOptions } from "./transport/ssh/options.ts";

/** A directory of a module of a daemon, or on a machine behind ssh. */
export interface Target extends Address {
  /** Over ssh "" for a directory there; else a daemon is started there for the session. */
  readonly module: string;
  /** Below the module, or over ssh a path; default its root, or the home directory there. */
  readonly directory?: BytePath | undefined;
  /** The machine is reached over ssh, port 22 unless the address says otherwise. Default not. */
  readonly ssh?: SshOptions | undefined;
  /** A single file takes the directory's name instead of a place in it. Default false. */
  readonly namesFile?: boolean;
  readonly credentials?: Credentials | undefined;
  /** `--early-input`: what a module's "early exec" reads, at most 5,120 bytes; rsync 3.2.1. */
  readonly earlyInput?: Uint8Array | undefined;
  /** Announce this protocol instead of the newest; 27 to 32. */
  readonly protocol?: number | undefined;
}

export interface SessionOptions {
  readonly transfer: TransferOptions;
  readonly features?: SessionFeatures;
  /** Shared by the sessions to one daemon; without it each session asks for everything anew. */
  readonly knowledge?: TargetKnowledge;
  readonly signal?: AbortSignal | undefined;
  /** Names of owners; without it, or with `numericIds`, owners travel as numbers. */
  readonly idNames?: IdNames;
  /** Told of each line of the daemon's message of the day. */
  readonly onMotd?: (line: string) => void;
  /** Limit of silence during set-up; default {@link timeoutMs}, at most 30,000 ms. */
  readonly handshakeTimeoutMs?: number | undefined;
  /** Limit of silence during the transfer, default 300,000 ms. */
  readonly timeoutMs?: number | undefined;
}
