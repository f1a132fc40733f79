import type { WatcherStatus } from "../watch/watcher.ts";
import type { TargetStatus } from "./status.ts";

/** One watched directory and its targets, at one moment. */
export interface SourceStatus {
  /** The directory, absolute, as a byte string. */
  readonly root: string;
  /** Undefined before the start. */
  readonly watcher: WatcherStatus | undefined;
  readonly targets: readonly (TargetStatus & { readonly name: string })[];
}

/** A whole mirror at one moment. */
export interface MirrorStatus {
  /** The configuration's file, as it was given. */
  readonly file: string;
  readonly sources: readonly SourceStatus[];
  /** Undefined when there is none. */
  readonly plugin: PluginStatus | undefined;
}

/** What has become of the changes that a plugin was told of. */
export interface PluginStatus {
  readonly name: string;
  /** False while the other side cannot be reached or asks for patience. */
  readonly isAnswered: boolean;
  /** Since the start. */
  readonly done: number;
  readonly failed: number;
  /** Left out because too many waited. */
  readonly dropped: number;
  readonly waiting: number;
  readonly running: number;
}
