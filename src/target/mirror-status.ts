import type { WatcherStatus } from "../watch/watcher.ts";
import type { TargetStatus } from "./status.ts";

/** One watched directory and its targets, at one moment. */
export interface SourceStatus {
  /** The directory, absolute, as a byte string. */
  readonly root: string;
  /** Undefined before the start. */
  readonly watcher: WatcherStatus | undefined;
  /** How often the watcher had everything looked at again. */
  readonly rescans: number;
  /** Another directory than the first is mirrored: nothing that it lacks is deleted. */
  readonly isReplaced: boolean;
  readonly targets: readonly (TargetStatus & { readonly name: string })[];
}

/** What has become of the changes that a plugin was told of, since the start. */
export interface PluginReport {
  readonly name: string;
  /** False while the other side cannot be reached or asks for patience. */
  readonly isAnswered: boolean;
  readonly done: number;
  readonly failed: number;
  /** Left out because too many waited. */
  readonly dropped: number;
  readonly waiting: number;
  readonly running: number;
}

/** A whole mirror at one moment. */
export interface MirrorStatus {
  /** The configuration's file, as it was given. */
  readonly file: string;
  readonly sources: readonly SourceStatus[];
  /** Undefined when there is none. */
  readonly plugin: PluginReport | undefined;
}
