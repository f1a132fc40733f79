import type { BytePath } from "../../protocol/index.ts";
import type { Change } from "./change.ts";
import type { Identity } from "./directory.ts";
import type { EventSwitches } from "./events.ts";
import type { KnownMount } from "./mounts.ts";

/** The ways to notice changes; "auto" takes the best one that works for the root. */
export type BackendName = "inotify" | "chokidar" | "poll";

/** What a person should know about the watching; `message` is one complete line. */
export type WatcherState =
  /**
   * Everything is watched. `sameRoot` is false while another directory than the first stands at the
   * root's path: then nothing should be deleted at a target on its evidence alone.
   */
  | { readonly kind: "watching"; readonly sameRoot: boolean; readonly message: string }
  /**
   * - `source gone`: the root cannot be seen, is another and empty, or was emptied at one stroke;
   *   nothing is reported until it is back.
   * - `overflow`: the kernel dropped events; a change of the whole tree follows.
   * - `limit`: part of the tree has no watches and is reported as changed from time to time instead.
   * - `notice`: anything else worth a line.
   */
  | {
      readonly kind: "source gone" | "overflow" | "limit" | "notice";
      readonly message: string;
    };

/** How a tree is watched. */
export interface WatchOptions {
  /** The absolute path of a directory, as a byte string (one char per byte). */
  readonly root: string;
  /** What is reported; default {@link defaultEvents}. */
  readonly events?: EventSwitches;
  /** Paths that are never watched, listed or reported; default none. */
  readonly excluded?: (path: BytePath, isDirectory: boolean) => boolean;
  /** The directory that the path led to before there was this watcher; default unknown. */
  readonly original?: Identity | undefined;
  /** Default "auto". */
  readonly backend?: BackendName | "auto";
  /** Wait for a root that does not exist yet instead of failing; default false. */
  readonly waitForRoot?: boolean;
  /**
   * The caller compares the whole tree after `ready`; default false: files written between the call
   * and the watching of their directory are looked for, which costs an lstat of every file.
   */
  readonly willScan?: boolean;
  /**
   * How often everything is looked at when polling, in ms, default as often as takes a fifth of the
   * time; and what inotify cannot watch, default 60 000.
   */
  readonly pollIntervalMs?: number;
  /** Called with batches that are never empty, in the order in which things happened. */
  readonly onChanges: (changes: readonly Change[]) => void;
  /**
   * Called with all mounts below the root, past ones too, before `ready` and whenever they change. Of
   * what is or was in one whose place another directory has taken, no absence proves anything; when
   * it is back it is reported as a tree.
   */
  readonly onMounts?: (mounts: readonly KnownMount[]) => void;
  /** Called with everything a person should know. */
  readonly onState: (state: WatcherState) => void;
}

/** Counters of one watcher, for status pages. */
export interface WatcherStatus {
  readonly backend: BackendName;
  readonly state: "starting" | "watching" | "source gone" | "closed";
  /** Directories with a watch of their own. */
  readonly directories: number;
  /** Trees without watches (limits, permissions), which are reported from time to time. */
  readonly unwatched: readonly BytePath[];
  /** Mount points below the root whose file system has gone: what was there must not be deleted. */
  readonly missingMounts: readonly BytePath[];
  /** Events read from the kernel since the start. */
  readonly events: number;
  /** How often the kernel dropped events. */
  readonly overflows: number;
}

/** A tree being watched. */
export interface Watcher {
  /**
   * Resolves when every directory is watched: what changes from the call that opened the watcher on
   * is reported; what was there before is not (a caller that wants it scans after this moment).
   *
   * Rejects when the root cannot be watched.
   */
  readonly ready: Promise<void>;
  status(): WatcherStatus;
  /** Resolves when what had happened before the call has been reported, as far as can be known. */
  caughtUp(): Promise<void>;
  /** Stops reporting at once; resolves when everything is released. */
  close(): Promise<void>;
}
