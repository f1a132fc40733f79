import { displayPath, rootPath } from "../../protocol/index.ts";
import { counted } from "../amount.ts";
import type { Watcher, WatcherStatus, WatchOptions } from "./contract.ts";
import { defaultEvents } from "./events.ts";
import { errorName } from "./inotify/kernel.ts";
import { describeUse, explainNeed, isNearLimit, readLimits, warnOfUse } from "./inotify/limits.ts";
import { Rest, type RestOptions } from "./inotify/rest.ts";
import { TreeWatch } from "./inotify/tree-watch.ts";
import { describeMountChanges, Mounts } from "./mounts.ts";
import { Root } from "./root.ts";

/** How often the root and the mounts below it are looked at: of some of their ends no event tells. */
const lookMs = 1000;
/** A file system's clock may lag behind by one tick of the kernel, 10 ms at most. */
const clockTickMs = 10;
/** The least time between two overflows answered, so that a storm cannot keep us busy for ever. */
const overflowRestMs = 1000;
const defaultPollMs = 60_000;
/** How long to wait when watching cannot be begun again after it was lost. */
const retryMs = 2_000;
/** How many watches are needed is told again when it has grown so much. */
const growthTold = 1.1;

/** Watches a tree with inotify: one watch per directory, on Linux. */
export class InotifyWatcher implements Watcher {
  readonly ready: Promise<void>;
  readonly #options: WatchOptions;
  readonly #root: Root;
  readonly #mounts: Mounts;
  readonly #looking: NodeJS.Timeout;
  readonly #comparing: NodeJS.Timeout;
  readonly #openedMs: number = Date.now();
  readonly #pollMs: number;
  #settleReady: { resolve: () => void; reject: (error: Error) => void } | undefined;
  #watch: TreeWatch | undefined;
  /** Scans what gets no watches. */
  #rest: Rest | undefined;
  #closing: Promise<void> = Promise.resolve();
  #restart: NodeJS.Timeout | undefined;
  #state: WatcherStatus["state"] = "starting";
  #sameRoot = true;
  #overflows = 0;
  #eventsBefore = 0;
  readonly #limits = readLimits();
  #isWarned = false;
  /** True when watches ran out. */
  #isShort = false;
  #toldNeed = 0;
  /** What could not be watched since that was last told, by the name of the error. */
  readonly #untold = new Map<string, { count: number; readonly first: string }>();

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#root = new Root(options.root, options.original);
    this.#mounts = new Mounts(options.root);
    this.ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject };
    });
    this.ready.catch(() => {}); // whoever does not await it learns of the failure by onState
    this.#looking = setInterval(() => this.#look(), lookMs);
    this.#pollMs = options.pollIntervalMs ?? defaultPollMs;
    this.#comparing = setInterval(() => this.#lookAtRest(), this.#pollMs);
    this.#open();
  }

  status(): WatcherStatus {
    return {
      backend: "inotify",
      state: this.#state,
      directories: this.#watch?.table.watched ?? 0,
      unwatched: this.#watch?.unwatched ?? [],
      missingMounts: this.#mounts.missing,
      events: this.#eventsBefore + (this.#watch?.events ?? 0),
      overflows: this.#overflows,
    };
  }

  async caughtUp(): Promise<void> {
    await this.#watch?.caughtUp();
  }

  async close(): Promise<void> {
    this.#state = "closed";
    clearInterval(this.#looking);
    clearInterval(this.#comparing);
    clearTimeout(this.#restart);
    this.#endWatch();
    this.#settleReady?.reject(new Error(`Cannot watch ${this.#root.display}: closed before ready`));
    await this.#closing;
  }

  #open(): void {
    const { obstacle } = this.#root;
    const message = `Cannot watch ${this.#root.display}: ${obstacle}`;
    if (obstacle === undefined) this.#begin(this.#openedMs - clockTickMs);
    else if (this.#options.waitForRoot) this.#sourceGone(`${message}; waiting for it`);
    else this.#fail(new Error(message));
  }

  #fail(error: Error): void {
    this.#settleReady?.reject(error);
    this.#settleReady = undefined;
    void this.close();
  }

  /** Begins to watch; `sinceMs` is undefined when the whole tree will be reported anyway. */
  #begin(sinceMs: number | undefined): void {
    this.#sameRoot = this.#root.remember();
    this.#mounts.check({ isThorough: true });
    this.#options.onMounts?.(this.#mounts.known);
    try {
      this.#watch = this.#newWatch(sinceMs);
      this.#rest = this.#newRest();
      this.#watch.start();
    } catch (error) {
      const explained = this.#explain(error as NodeJS.ErrnoException);
      if (sinceMs === undefined) this.#tryLater(explained);
      else this.#fail(explained);
    }
  }

  /** Who watched once must not be left without a word, and without watching. */
  #tryLater({ message }: Error): void {
    this.#state = "starting";
    const again = `trying again in ${retryMs / 1000} s, then all of it will be compared`;
    this.#options.onState({ kind: "limit", message: `${message}; ${again}` });
    this.#restart = setTimeout(() => this.#resume(), retryMs);
  }

  #newWatch(sinceMs: number | undefined): TreeWatch {
    const { root, events = defaultEvents, excluded, willScan = false, onChanges } = this.#options;
    return new TreeWatch({
      root,
      events,
      excluded,
      sinceMs,
      catchesUp: !willScan,
      onChanges,
      isRootIntact: () => this.#root.isIntact(),
      wasRootEmptied: () => this.#root.wasEmptied(),
      onProgress: (directories) => this.#warnEarly(directories),
      onComplete: () => this.#complete(sinceMs === undefined),
      onUnwatchable: (path, errno) => this.#noteUnwatchable(displayPath(path), errno),
      onLost: (reason, error) => this.#lost(reason, error),
      onUnmount: () => this.#compareMounts({ isThorough: true }),
    });
  }

  #newRest(): Rest {
    const { root, events = defaultEvents, excluded = () => false } = this.#options;
    const report: RestOptions["report"] = (add) => this.#watch?.report(add);
    return new Rest({ root, events, excluded, report, onScanned: () => this.#tellNeed() });
  }

  #complete(reportsAll: boolean): void {
    this.#state = "watching";
    this.#tellUse();
    this.#tellUnwatched();
    this.#settleReady?.resolve();
    this.#settleReady = undefined;
    if (reportsAll) this.#options.onChanges([{ kind: "tree", path: rootPath }]);
  }

  #tellUse(): void {
    const count = this.#watch?.table.watched ?? 0;
    const message = `Watching ${this.#root.display}: ${describeUse(count, readLimits())}`;
    this.#options.onState({ kind: "watching", sameRoot: this.#sameRoot, message });
  }

  /** Warns before the limit is met, once in a life. */
  #warnEarly(directories: number): void {
    if (this.#isWarned || !isNearLimit(directories, this.#limits)) return;
    this.#isWarned = true;
    this.#options.onState({ kind: "limit", message: warnOfUse(directories, this.#limits) });
  }

  #lost(reason: "overflow" | "root" | "error", error?: Error): void {
    this.#endWatch();
    if (reason === "root") this.#rootGone();
    else this.#startOver(error);
  }

  #startOver(error: Error | undefined): void {
    if (!error) this.#overflows += 1;
    this.#state = "starting"; // who ends it now must know that not all was seen
    const cause = error ? `reading events failed: ${error.message}` : "the kernel dropped events";
    const message = `${cause}; watching ${this.#root.display} anew, all of it will be compared`;
    this.#options.onState({ kind: "overflow", message });
    this.#restart = setTimeout(() => this.#resume(), this.#overflows > 1 ? overflowRestMs : 0);
  }

  #resume(): void {
    if (this.#state === "closed") return;
    if (this.#root.isIntact()) this.#begin(undefined);
    else this.#rootGone();
  }

  #rootGone(): void {
    this.#sourceGone(this.#root.loss);
  }

  #sourceGone(message: string): void {
    this.#state = "source gone";
    this.#options.onState({ kind: "source gone", message });
  }

  #endWatch(): void {
    if (!this.#watch) return;
    this.#eventsBefore += this.#watch.events;
    this.#rest?.close();
    this.#closing = this.#watch.close();
    this.#watch = undefined;
  }

  #look(): void {
    if (this.#state === "source gone") {
      if (this.#root.isBack()) this.#begin(undefined);
    } else if (this.#watch && !this.#root.isIntact()) this.#lost("root");
    else {
      this.#root.observe();
      this.#warnEarly(this.#watch?.table.watched ?? 0);
      this.#compareMounts({ isThorough: false });
    }
  }

  #compareMounts(how: { readonly isThorough: boolean }): void {
    const changes = this.#mounts.check(how);
    const { appeared, vanished, hidden } = changes;
    if (appeared.length + vanished.length + hidden.length === 0) return;
    // Before anything is reported of them: it must be known what to make of it.
    this.#options.onMounts?.(this.#mounts.known);
    for (const message of describeMountChanges(changes)) {
      this.#options.onState({ kind: "notice", message });
    }
    for (const path of [...vanished, ...hidden]) this.#watch?.replace(path, "nothing");
    for (const path of appeared) this.#watch?.replace(path, "tree");
  }

  /** Once in a while: tries to watch what could not be watched, and looks at what still cannot. */
  #lookAtRest(): void {
    this.#watch?.retryUnwatched();
    this.#tellUnwatched();
    void this.#rest?.scan(this.#watch?.unwatched ?? []);
  }

  #tellNeed(): void {
    const limits = readLimits();
    const needed = (this.#watch?.table.watched ?? 0) + (this.#rest?.directories ?? 0);
    if (!this.#isShort || needed < this.#toldNeed * growthTold) return;
    this.#toldNeed = needed;
    this.#options.onState({ kind: "limit", message: explainNeed(needed, limits) });
  }

  #noteUnwatchable(path: string, errno: number): void {
    const name = errorName(errno);
    this.#isShort ||= name === "ENOSPC";
    const noted = this.#untold.get(name);
    if (noted) noted.count += 1;
    else this.#untold.set(name, { count: 1, first: path });
    if (this.#state === "watching") this.#tellUnwatched();
  }

  #tellUnwatched(): void {
    for (const [name, { count, first }] of this.#untold) {
      const more = count > 1 ? ` and ${count - 1} more` : "";
      const message =
        `Cannot watch ${first}${more} with all below: ${this.#explainRefusal(name)}; ` +
        `looked at every ${this.#pollMs / 1000} s instead`;
      this.#options.onState({ kind: "limit", message });
    }
    if (this.#untold.size > 0) void this.#rest?.scanNew(this.#watch?.unwatched ?? []);
    this.#untold.clear();
  }

  #explainRefusal(name: string): string {
    if (name !== "ENOSPC") return name;
    const count = this.#watch?.table.watched ?? 0;
    const { watches } = readLimits();
    return `${counted(count, "directory is", "directories are")} watched, and ${watches.name} (${watches.value}, for all programs of this user) is used up`;
  }

  #explain(error: NodeJS.ErrnoException): Error {
    if (error.code !== "EMFILE") return error;
    const { instances } = readLimits();
    return new Error(
      `Cannot watch ${this.#root.display}: ${instances.name} (${instances.value}) is used up by this user's programs, or no file descriptors are left`,
      { cause: error },
    );
  }
}
