import { lstatSync, type Stats } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type FSWatcher, watch } from "chokidar";
import {
  asBytePath,
  type BytePath,
  joinPath,
  nativePath,
  pathFromText,
  pathToBytes,
  rootPath,
} from "../../protocol/index.ts";
import { counted } from "../amount.ts";
import { defaultEvents, type EventSwitches } from "./events.ts";
import type { Engine, EngineHost } from "./portable.ts";

/** Events are on their way for so long at most, where the machine is not busy. */
const mostDelayMs = 250;

/** chokidar hides lost events, so the whole tree is looked at again this often. */
export const reconcileMs = 600_000;

/** What changes before chokidar really watches a directory is seen by looking again after this. */
const freshMs = 1_000;

/** Stands in a name for bytes that are not UTF-8. */
const undecodable = "\ufffd";

/**
 * Notices changes with chokidar, by events: on macOS and Windows, and where koffi is missing.
 *
 * chokidar is made to watch directories only, by taking its raw events and letting it ignore all
 * else: by itself it takes a watch for every file, and stats it at every event.
 *
 * Weaker than inotify of our own: renames are two changes, a file is reported while it is being
 * written, and events get lost unnoticed. Hence the whole tree is reported as changed from time to
 * time ({@link reconcileMs}).
 */
export class ChokidarEngine implements Engine {
  readonly #host: EngineHost;
  readonly #root: string;
  readonly #events: EventSwitches;
  /** The root as chokidar has it: text. */
  readonly #rootText: string;
  /** Directories that are looked at a second time. */
  readonly #fresh = new Set<BytePath>();
  #freshTimer: NodeJS.Timeout | undefined;
  #watcher: FSWatcher | undefined;
  #eventCount = 0;
  #isClosed = false;

  constructor(host: EngineHost) {
    const { root, events = defaultEvents } = host.options;
    this.#host = host;
    this.#root = root;
    this.#events = events;
    this.#rootText = pathToBytes(asBytePath(root)).toString("utf8");
  }

  get directories(): number {
    // The directory above the root stands among them, though it is not watched.
    const paths = Object.keys(this.#watcher?.getWatched() ?? {});
    return paths.filter((each) => each !== path.dirname(this.#rootText)).length;
  }

  get unwatched(): readonly BytePath[] {
    return [];
  }

  get events(): number {
    return this.#eventCount;
  }

  async open(): Promise<void> {
    const watcher = watch(this.#rootText, {
      ignoreInitial: true,
      followSymlinks: false,
      atomic: false,
      ignorePermissionErrors: true,
      ignored: (name, stats) => this.#isIgnored(name, stats),
    });
    this.#watcher = watcher;
    watcher.on("raw", (event, name, details) => {
      const { watchedPath = this.#rootText } = details as { readonly watchedPath?: string };
      this.#heard(event, name, this.#relative(watchedPath));
    });
    watcher.on("addDir", (name) => this.#lookAgain(this.#relative(name)));
    watcher.on("unlinkDir", (name) => this.#directoryGone(this.#relative(name)));
    watcher.on("error", (error) => {
      this.#host.options.onState({ kind: "notice", message: `chokidar: ${String(error)}` });
    });
    await new Promise<void>((resolve) => {
      watcher.once("ready", () => resolve());
    });
    // What changes right after chokidar says "ready" may be in its first look already.
    this.#lookAgain(rootPath);
  }

  /** Nothing tells whether more is on its way. */
  async caughtUp(): Promise<void> {
    await sleep(mostDelayMs);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#freshTimer);
    await this.#watcher?.close();
  }

  describe(): string {
    return `with chokidar: ${counted(this.directories, "directory", "directories")}; everything is compared every ${reconcileMs / 60_000} min`;
  }

  #isIgnored(name: string, stats: Stats | undefined): boolean {
    if (stats === undefined) return false;
    if (!stats.isDirectory()) return true;
    const relative = this.#relative(name);
    return relative !== rootPath && (this.#host.options.excluded?.(relative, true) ?? false);
  }

  /** Takes what fs.watch says of a name in a watched directory. */
  #heard(event: string, name: string | null, directory: BytePath): void {
    if (this.#isClosed) return;
    this.#eventCount += 1;
    // Which name it is cannot be told.
    if (name === null || name.includes(undecodable)) this.#lookAgain(directory);
    else this.#changed(joinPath(directory, pathFromText(name)), event);
  }

  #changed(changed: BytePath, event: string): void {
    const { excluded } = this.#host.options;
    const stats = this.#stat(changed);
    const isDirectory = stats?.isDirectory() ?? false;
    if (excluded?.(changed, isDirectory) || !this.#counts(event, stats)) return;
    this.#host.report((batch) => {
      if (stats === undefined) batch.gone(changed, false);
      else if (isDirectory && event === "rename") batch.tree(changed);
      else batch.path(changed);
    });
  }

  #directoryGone(path: BytePath): void {
    if (this.#isClosed || path === rootPath || !this.#counts("rename", undefined)) return;
    this.#host.report((batch) => batch.gone(path, true));
  }

  #counts(event: string, stats: Stats | undefined): boolean {
    const { delete: deletes, moveFrom, moveTo, ...on } = this.#events;
    if (stats === undefined) return deletes || moveFrom;
    if (event !== "rename") return on.closeWrite || on.modify || on.attrib;
    return moveTo || (stats.isDirectory() ? on.createFolder : on.createFile || on.closeWrite);
  }

  #lookAgain(directory: BytePath): void {
    this.#fresh.add(directory);
    this.#freshTimer ??= setTimeout(() => {
      this.#freshTimer = undefined;
      this.#host.report((batch) => {
        for (const fresh of this.#fresh) batch.tree(fresh);
        this.#fresh.clear();
      });
    }, freshMs);
  }

  #stat(changed: BytePath): Stats | undefined {
    try {
      return lstatSync(nativePath(this.#root, changed), { throwIfNoEntry: false });
    } catch {
      return undefined; // a directory above it has gone
    }
  }

  #relative(name: string): BytePath {
    return pathFromText(path.relative(this.#rootText, name).replaceAll(path.sep, "/"));
  }
}
