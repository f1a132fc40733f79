import type { Watcher, WatchOptions } from "./contract.ts";
import { InotifyWatcher } from "./inotify.ts";

export type {
  BackendName,
  Watcher,
  WatcherState,
  WatcherStatus,
  WatchOptions,
} from "./contract.ts";
export { defaultEvents, type EventSwitches } from "./events.ts";

/** Watches a tree with the best backend that works for it, or the one asked for. */
export function openWatcher(options: WatchOptions): Watcher {
  return new InotifyWatcher(options);
}
