import type { Stats } from "node:fs";
import path from "node:path";
import { type FSWatcher, watch } from "chokidar";
import { type BytePath, pathFromText, pathToBytes, rootPath } from "../../protocol/index.ts";
import { ChangeBatch } from "./batch.ts";
import type { Watcher, WatcherStatus, WatchOptions } from "./contract.ts";
import { defaultEvents, type EventSwitches } from "./events.ts";
import { Root } from "./root.ts";

/** How often the root is looked at: chokidar does not tell when it is replaced. */
const lookMs = 1_000;
/** chokidar hides lost events, so the whole tree is looked at again this often. */
const reconcileMs = 600_000;

/** What changes before chokidar really watches a directory is seen by looking again after this. */
const freshMs = 1_000;

const switchOf: Readonly<Record<string, (events: EventSwitches) => boolean>> = {
  add: (events) => events.closeWrite || events.createFile || events.moveTo,
  change: (events) => events.closeWrite || events.modify || events.attrib,
  addDir: (events) => events.createFolder || events.moveTo,
  unlink: (events) => events.delete || events.moveFrom,
  unlinkDir: (events) => events.delete || events.moveFrom,
};

/**
 * Watches a tree with chokidar, by events or by polling: on macOS and Windows, where koffi is
 * missing, and on file systems that send no events.
 *
 * Weaker than inotify: renames are two changes, a file is reported while it is being written, lost
 * events and names that are not UTF-8 go unnoticed. Hence the whole tree is reported as changed
 * every ten minutes.
 */
export class ChokidarWatcher implements Watcher {
  readonly ready: Promise<void>;
  readonly #options: WatchOptions;
  readonly #backend: "chokidar" | "poll";
  readonly #events: EventSwitches;
  readonly #root: Root;
  /** The root as chokidar has it: text. */
  readonly #rootText: string;
  readonly #batch = new ChangeBatch();
  /** Directories that are looked at a second time. */
  readonly #fresh = new Set<BytePath>();
  #freshTimer: NodeJS.Timeout | undefined;
  readonly #timers: readonly NodeJS.Timeout[];
  #watcher: FSWatcher | undefined;
  #state: WatcherStatus["state"] = "starting";
  #eventCount = 0;
  #flushing = false;

  constructor(options: WatchOptions, backend: "chokidar" | "poll") {
    this.#options = options;
    this.#backend = backend;
    this.#events = options.events ?? defaultEvents;
    this.#root = new Root(options.root);
    this.#rootText = pathToBytes(options.root as BytePath).toString("utf8");
    this.#timers = [
      setInterval(() => this.#look(), lookMs),
      setInterval(() => this.#report((batch) => batch.tree(rootPath)), reconcileMs),
    ];
    this.ready = this.#start();
    this.ready.catch(() => {}); // whoever does not await it learns of the failure by onState
  }

  status(): WatcherStatus {
    const watched = this.#watcher?.getWatched() ?? {};
    return {
      backend: this.#backend,
      state: this.#state,
      directories: Object.keys(watched).length,
      unwatched: [],
      missingMounts: [],
      events: this.#eventCount,
      overflows: 0,
    };
  }

  async close(): Promise<void> {
    this.#state = "closed";
    for (const timer of this.#timers) clearInterval(timer);
    clearTimeout(this.#freshTimer);
    await this.#watcher?.close();
  }

  async #start(): Promise<void> {
    const { waitForRoot = false, onState } = this.#options;
    const { obstacle, display } = this.#root;
    if (obstacle === undefined) return this.#open();
    const message = `Cannot watch ${display}: ${obstacle}`;
    if (!waitForRoot) {
      await this.close();
      throw new Error(message);
    }
    this.#state = "source gone";
    onState({ kind: "source gone", message: `${message}; waiting for it` });
  }

  async #open(): Promise<void> {
    const sameRoot = this.#root.remember();
    const wasGone = this.#state === "source gone";
    const watcher = watch(this.#rootText, {
      ignoreInitial: true,
      followSymlinks: false,
      atomic: false,
      alwaysStat: false,
      ignorePermissionErrors: true,
      usePolling: this.#backend === "poll",
      ignored: (name, stats) => this.#isExcluded(name, stats),
    });
    this.#watcher = watcher;
    watcher.on("all", (event, name) => this.#heard(event, name));
    watcher.on("error", (error) => {
      this.#options.onState({ kind: "notice", message: `chokidar: ${String(error)}` });
    });
    await new Promise<void>((resolve) => {
      watcher.once("ready", () => resolve());
    });
    this.#state = "watching";
    const how = this.#backend === "poll" ? "by polling" : "with chokidar";
    const message = `Watching ${this.#root.display} ${how}; everything is compared every ${reconcileMs / 60_000} min`;
    this.#options.onState({ kind: "watching", sameRoot, message });
    if (wasGone) this.#report((batch) => batch.tree(rootPath));
    // What changes right after chokidar says "ready" may be in its first look already.
    this.#lookAgain(rootPath);
  }

  #isExcluded(name: string, stats: Stats | undefined): boolean {
    const relative = this.#relative(name);
    if (relative === rootPath || stats === undefined) return false;
    return this.#options.excluded?.(relative, stats.isDirectory()) ?? false;
  }

  #heard(event: string, name: string): void {
    this.#eventCount += 1;
    if (!switchOf[event]?.(this.#events)) return;
    const changed = this.#relative(name);
    if (changed === rootPath) return;
    if (event === "addDir") this.#lookAgain(changed);
    this.#report((batch) => {
      if (event === "addDir" || event === "unlinkDir") batch.tree(changed);
      else batch.path(changed);
    });
  }

  #lookAgain(directory: BytePath): void {
    this.#fresh.add(directory);
    this.#freshTimer ??= setTimeout(() => {
      this.#freshTimer = undefined;
      this.#report((batch) => {
        for (const path of this.#fresh) batch.tree(path);
        this.#fresh.clear();
      });
    }, freshMs);
  }

  /** Hands changes over when the loop turns; nothing while the root is not what it was. */
  #report(add: (batch: ChangeBatch) => void): void {
    add(this.#batch);
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      const changes = this.#batch.take();
      // After a root's return everything is reported: what was heard meanwhile is part of it.
      const isOff = this.#state === "closed" || this.#state === "source gone";
      if (isOff || changes.length === 0) return;
      if (this.#root.isIntact()) this.#options.onChanges(changes);
      else this.#look();
    });
  }

  /** Notices that the root has gone, or that it is back. */
  #look(): void {
    if (this.#state === "watching" && !this.#root.isIntact()) {
      this.#state = "source gone";
      void this.#watcher?.close();
      const message = `${this.#root.display} is gone; nothing is deleted at the targets because of that`;
      this.#options.onState({ kind: "source gone", message });
    } else if (this.#state === "source gone" && this.#root.isBack()) {
      void this.#open();
    }
  }

  #relative(name: string): BytePath {
    return pathFromText(path.relative(this.#rootText, name).replaceAll(path.sep, "/"));
  }
}
