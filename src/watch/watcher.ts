import { asBytePath, displayPath } from "../../protocol/index.ts";
import { ChokidarWatcher } from "./chokidar.ts";
import type { Watcher, WatchOptions } from "./contract.ts";
import { remoteFileSystem } from "./filesystem.ts";
import { hasInotify } from "./inotify/kernel.ts";
import { InotifyWatcher } from "./inotify.ts";

export type {
  BackendName,
  Watcher,
  WatcherState,
  WatcherStatus,
  WatchOptions,
} from "./contract.ts";
export type { Identity } from "./directory.ts";
export { defaultEvents, type EventSwitches } from "./events.ts";
export type { KnownMount } from "./mounts.ts";

/** Watches a tree with the best backend that works for it, or the one asked for. */
export function openWatcher(options: WatchOptions): Watcher {
  const { backend = "auto" } = options;
  if (backend === "chokidar" || backend === "poll") return new ChokidarWatcher(options, backend);
  if (backend === "inotify") return new InotifyWatcher(options);
  const remote = remoteFileSystem(options.root);
  if (remote !== undefined) return pollRemote(options, remote);
  return hasInotify() ? new InotifyWatcher(options) : new ChokidarWatcher(options, "chokidar");
}

function pollRemote(options: WatchOptions, remote: string): Watcher {
  const root = displayPath(asBytePath(options.root));
  const message = `${root} is on ${remote}, which sends no events for changes made elsewhere: it is polled`;
  options.onState({ kind: "notice", message });
  return new ChokidarWatcher(options, "poll");
}
