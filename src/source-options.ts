import type { Logger } from "pino";
import type { Config, Source } from "./config/schema.ts";
import type { PluginHost } from "./plugin/host.ts";
import type { GuardOptions } from "./push/guard.ts";
import type { PushThreads } from "./push/threads.ts";
import type { Memory } from "./target/memory.ts";
import type { Backlog } from "./target/status.ts";
import type { TargetEvents } from "./target/target.ts";
import type { BackendName, Identity } from "./watch/watcher.ts";

/** What is to be done at one target, and for which directory. */
export interface HandedOver extends Backlog {
  /** The directory that was mirrored: what another one lacks is not deleted. Default unknown. */
  readonly identity?: Identity | undefined;
  /** None was mirrored yet: what is to be done was left by an earlier process, from this one. */
  readonly former?: { readonly identity: Identity | undefined } | undefined;
}

/** What is to be done, by root and target: what one mirror hands over to the next. */
export type PendingPaths = ReadonlyMap<string, HandedOver>;

/** Names who is told of one target; `root` is the watched directory, a byte string. */
export type TargetListener = (root: string, target: string) => Partial<TargetEvents>;

/** What one watched directory and its targets are made of. */
export interface SourceOptions {
  readonly config: Config;
  readonly source: Source;
  readonly threads: PushThreads;
  readonly memory: Memory;
  readonly log: Logger;
  /** The plugin, once there is one. */
  readonly plugin: () => PluginHost | undefined;
  readonly listener: TargetListener | undefined;
  /** The number of the first target; the others follow. */
  readonly firstId: number;
  readonly sessions: number;
  readonly fullPush: boolean;
  readonly wait: boolean;
  readonly watcher: BackendName | "auto";
  readonly pollIntervalMs: number | undefined;
  readonly guard: GuardOptions;
  readonly pendingLimit: number;
  readonly pending: PendingPaths | undefined;
}
