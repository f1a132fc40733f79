import { ChokidarWatcher } from "./chokidar.ts";
import type { Watcher, WatchOptions } from "./contract.ts";
import { hasInotify } from "./inotify/kernel.ts";
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
  const { backend = "auto" } = options;
  if (backend === "chokidar" || backend === "poll") return new ChokidarWatcher(options, backend);
  if (backend === "inotify" || hasInotify()) return new InotifyWatcher(options);
  return new ChokidarWatcher(options, "chokidar");
}
