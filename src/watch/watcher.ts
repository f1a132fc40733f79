import { asBytePath, displayPath } from "../../protocol/index.ts";
import { ChokidarEngine, reconcileMs } from "./chokidar.ts";
import type { Watcher, WatchOptions } from "./contract.ts";
import { remoteFileSystem } from "./filesystem.ts";
import { hasInotify } from "./inotify/kernel.ts";
import { InotifyWatcher } from "./inotify.ts";
import { PollEngine } from "./poll.ts";
import { type EngineKind, PortableWatcher } from "./portable.ts";

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

const byChokidar: EngineKind = {
  backend: "chokidar",
  create: (host) => new ChokidarEngine(host),
  reconcileMs,
};

const byPolling: EngineKind = { backend: "poll", create: (host) => new PollEngine(host) };

/** Watches a tree with the best backend that works for it, or the one asked for. */
export function openWatcher(options: WatchOptions): Watcher {
  const { backend = "auto" } = options;
  if (backend === "chokidar") return new PortableWatcher(options, byChokidar);
  if (backend === "poll") return new PortableWatcher(options, byPolling);
  if (backend === "inotify") return new InotifyWatcher(options);
  const remote = remoteFileSystem(options.root);
  if (remote !== undefined) return pollRemote(options, remote);
  return hasInotify() ? new InotifyWatcher(options) : new PortableWatcher(options, byChokidar);
}

function pollRemote(options: WatchOptions, remote: string): Watcher {
  const root = displayPath(asBytePath(options.root));
  const message = `${root} is on ${remote}, which sends no events for changes made elsewhere: it is polled`;
  options.onState({ kind: "notice", message });
  return new PortableWatcher(options, byPolling);
}
