import type { Logger } from "pino";
import { type BytePath, displayPath, RsyncError, rootPath } from "../protocol/index.ts";
import type { Config, Remote, Source } from "./config/schema.ts";
import { compileRules } from "./filter/rules.ts";
import type { PendingPath } from "./pending/pending.ts";
import { PluginAnnouncer } from "./plugin/announcer.ts";
import { PluginHost } from "./plugin/host.ts";
import { addressOf, nameOf } from "./push/address.ts";
import type { GuardOptions } from "./push/guard.ts";
import type { MirrorStatus } from "./push/mirror-status.ts";
import { Target } from "./push/target.ts";
import { PushThreads } from "./push/threads.ts";
import { type Identity, isSameDirectory, readIdentity } from "./watch/directory.ts";
import {
  type BackendName,
  type KnownMount,
  openWatcher,
  type Watcher,
  type WatcherState,
} from "./watch/watcher.ts";

/** Pending paths by root and target: what one mirror hands over to the next. */
export type PendingPaths = ReadonlyMap<string, readonly PendingPath[]>;

export interface MirrorOptions {
  readonly log: Logger;
  /** Sessions in flight at the same time, over all targets; default 10. */
  readonly sessions?: number;
  /** Compare and push everything first, as `-r` does. Default false. */
  readonly fullPush?: boolean;
  readonly watcher?: BackendName | "auto";
  /** Wait for a source that is not there yet instead of failing. Default false. */
  readonly wait?: boolean | undefined;
  /** How often what sends no events is looked at; default the watcher's own. */
  readonly pollIntervalMs?: number | undefined;
  /** Of an earlier mirror of these sources ({@link Mirror.pendingPaths}); default nothing. */
  readonly pending?: PendingPaths;
  /** How much a comparison may delete before a person is asked. */
  readonly guard?: GuardOptions;
  /** More pending paths than these, per target, are gathered into whole trees; default 200,000. */
  readonly pendingLimit?: number;
  /** Push threads; default as many as there are targets, at most two. */
  readonly threads?: number;
}

/** One watched directory, its watcher and its targets. */
interface Mirrored {
  readonly source: Source;
  readonly targets: readonly {
    readonly target: Target;
    readonly id: number;
    readonly remote: Remote;
    readonly name: string;
  }[];
  watcher: Watcher | undefined;
  /** The directory that is mirrored now. */
  identity: Identity | undefined;
  mounts: readonly KnownMount[];
}

/**
 * The whole mirror: watches every source and keeps every target of it equal.
 *
 *     kernel ─► watch ─► filter ─► pending set ─► batch ─► session ─► rsync daemon
 */
export class Mirror {
  readonly #config: Config;
  readonly #log: Logger;
  readonly #options: MirrorOptions;
  readonly #threads: PushThreads;
  readonly #mirrored: readonly Mirrored[];
  readonly #names: string[] = [];
  #plugin: PluginHost | undefined;

  constructor(config: Config, options: MirrorOptions) {
    this.#config = config;
    this.#options = options;
    this.#log = options.log;
    const remotes = config.sources.reduce((sum, { remotes }) => sum + remotes.length, 0);
    const { threads = Math.min(remotes, 2) } = options;
    this.#threads = new PushThreads(threads, (id, text) => {
      this.#log.warn({ target: this.#names[id] }, text);
    });
    this.#mirrored = config.sources.map((source) => this.#mirroredOf(source));
  }

  /**
   * Watches first, then pushes: what changes during the first push arrives too.
   *
   * @throws {RsyncError} SOURCE_MISSING when a source is no directory and is not waited for,
   *   OPTION_REFUSED when the plugin cannot work.
   */
  async start(): Promise<void> {
    this.#plugin = await PluginHost.open(this.#config, this.#log);
    try {
      await Promise.all(this.#mirrored.map((mirrored) => this.#startSource(mirrored)));
    } catch (error) {
      await this.#plugin?.stop(0);
      throw error;
    }
  }

  /** Everything worth knowing at this moment; looks at every pending path. */
  status(): MirrorStatus {
    const sources = this.#mirrored.map(({ source, watcher, targets }) => ({
      root: source.watch,
      watcher: watcher?.status(),
      targets: targets.map(({ target, name }) => ({ name, ...target.status })),
    }));
    return { file: this.#config.file, sources, plugin: this.#plugin?.status };
  }

  /**
   * Compares everything, or what lies at and below `path`, with every target, and tries at once
   * what waits for a later attempt.
   *
   * @param path relative to the sources' roots; default the roots themselves.
   * @param root the one source that is meant; default all.
   */
  resync(path: BytePath = rootPath, root?: string): void {
    for (const { source, targets } of this.#mirrored) {
      if (root !== undefined && source.watch !== root) continue;
      for (const { target } of targets) {
        target.add([{ kind: "tree", path }]);
        target.hurry();
      }
    }
  }

  /**
   * Makes the deletions that the guard has halted, at the target of that name or at all.
   *
   * @returns the names of the targets where deletions were halted.
   */
  allowDeletions(name?: string): readonly string[] {
    const halted = this.#targets.filter(
      (each) => each.target.status.halt !== undefined && (name ?? each.name) === each.name,
    );
    for (const { target } of halted) target.allowDeletions();
    return halted.map((each) => each.name);
  }

  /** What may differ at each target now. */
  pendingPaths(): PendingPaths {
    const entries = this.#mirrored.flatMap(({ source, targets }) =>
      targets.map(({ target, name }) => [keyOf(source, name), target.pendingPaths()] as const),
    );
    return new Map(entries);
  }

  /** Adds what was pending in another mirror; what belongs to no target here is left out. */
  takeOver(pending: PendingPaths): void {
    for (const { source, targets } of this.#mirrored) {
      for (const { target, name } of targets) {
        target.restore(pending.get(keyOf(source, name)) ?? []);
      }
    }
  }

  /**
   * Lets what is in flight finish within `deadlineMs` and begins nothing more; goes on watching.
   *
   * A configuration is replaced so that no change is lost and no path is sent by two:
   * `await old.drain(ms)`, then `new Mirror(config, { pending: old.pendingPaths() })` and its
   * `start()`; if that fails, `old.proceed()`; else `fresh.takeOver(old.pendingPaths())` for what
   * came meanwhile, and `await old.stop(0)`.
   */
  async drain(deadlineMs: number): Promise<void> {
    await withDeadline(Promise.all(this.#targets.map(({ target }) => target.drain())), deadlineMs);
  }

  /** Goes on delivering after {@link drain}. */
  proceed(): void {
    for (const { target } of this.#targets) target.proceed();
  }

  /** Stops watching, lets what is in flight finish within `deadlineMs`, and says what is left. */
  async stop(deadlineMs: number): Promise<{ readonly undelivered: number }> {
    const stopBy = performance.now() + deadlineMs;
    await Promise.all(this.#mirrored.map(async ({ watcher }) => watcher?.close()));
    await this.drain(deadlineMs);
    await this.#threads.close();
    await this.#plugin?.stop(Math.max(leastPluginMs, stopBy - performance.now()));
    const backlogs = this.#targets.map(({ target }) => target.status.pending.paths);
    return { undelivered: backlogs.reduce((sum, paths) => sum + paths, 0) };
  }

  get #targets(): Mirrored["targets"] {
    return this.#mirrored.flatMap(({ targets }) => targets);
  }

  #mirroredOf(source: Source): Mirrored {
    const targets = source.remotes.map((remote) => {
      const id = this.#names.length;
      const name = nameOf(remote);
      this.#names.push(name);
      const target = this.#targetOf(id, name, source);
      return { id, remote, name, target };
    });
    return {
      source,
      targets,
      watcher: undefined,
      identity: undefined,
      mounts: [],
    };
  }

  #targetOf(id: number, name: string, { watch }: Source): Target {
    const { fullPush = false, pendingLimit = 200_000 } = this.#options;
    const log = this.#log.child({ target: name });
    const plugin = () => this.#plugin;
    return new Target({
      id,
      threads: this.#threads,
      events: new PluginAnnouncer({ log, patience, plugin, root: watch, target: name }),
      patience,
      retryMs: this.#config.failLog.retryMinutes * 60_000,
      pendingLimit,
      unasked: { deletes: fullPush },
    });
  }

  async #startSource(mirrored: Mirrored): Promise<void> {
    const { source, targets } = mirrored;
    const rules = compileRules(this.#config.filter);
    const toPlugin = this.#plugin?.listener(source.watch, rules);
    const { watcher: backend, wait = false, pollIntervalMs } = this.#options;
    const identity = readIdentity(source.watch, rootPath);
    if (identity !== undefined) this.#mirrorFrom(mirrored, identity, { deletes: true });
    else if (!wait) throw missingSource(source);
    mirrored.watcher = openWatcher({
      root: source.watch,
      events: this.#config.events,
      excluded: (path, isDirectory) => rules.excluded(path, isDirectory),
      willScan: this.#options.fullPush ?? false,
      waitForRoot: wait,
      ...(backend && { backend }),
      ...(pollIntervalMs !== undefined && { pollIntervalMs }),
      onMounts: (mounts) => {
        mirrored.mounts = mounts;
        for (const { id } of targets) if (mirrored.identity) this.#threads.setMounts(id, mounts);
      },
      onChanges: (changes) => {
        for (const { target } of targets) target.add(changes);
        toPlugin?.(changes);
      },
      onState: (state) => this.#watcherSays(mirrored, state),
    });
    // A root that is waited for is pushed as a whole when it comes.
    if (identity === undefined) return;
    await mirrored.watcher.ready;
    const { pending } = this.#options;
    for (const { target, name } of targets) target.restore(pending?.get(keyOf(source, name)) ?? []);
    for (const { target } of targets) if (this.#options.fullPush) target.reconcile();
  }

  /** From now on the directory that stands at the source's path is mirrored. */
  #mirrorFrom(
    mirrored: Mirrored,
    rootIdentity: Identity,
    { deletes }: { readonly deletes: boolean },
  ): void {
    const { params, filter, events, timeoutSeconds } = this.#config;
    const { source, targets, mounts } = mirrored;
    mirrored.identity = rootIdentity;
    for (const { id, remote, target } of targets) {
      this.#threads.addTarget({
        id,
        target: addressOf(remote, this.#config.auth),
        root: source.watch,
        rootIdentity,
        mounts,
        transfer: params,
        filter,
        deletes: events.delete && deletes,
        guard: this.#options.guard ?? {},
        holdsDeletions: target.status.halt !== undefined,
        sessions: this.#options.sessions ?? 10,
        timeoutMs: timeoutSeconds === undefined ? undefined : timeoutSeconds * 1_000,
      });
      this.#threads.prepare(id, this.#options.fullPush ? ["scan", "small"] : ["small"]);
    }
  }

  #watcherSays(mirrored: Mirrored, state: WatcherState): void {
    const { source, targets, identity } = mirrored;
    const watch = displayPath(source.watch as BytePath);
    if (state.kind !== "watching") {
      this.#log.warn({ watch }, state.message);
      return;
    }
    this.#log.info({ watch }, state.message);
    const now = readIdentity(source.watch, rootPath);
    // When it is gone again the watcher tells of it.
    if (now === undefined || isSameDirectory(now, identity)) return;
    // The old directory's absence proves nothing about the new one's content (design law 4).
    if (!state.sameRoot) this.#log.warn({ watch }, replacedRoot);
    this.#mirrorFrom(mirrored, now, { deletes: state.sameRoot });
    for (const { target } of targets) target.reconcile();
  }
}

/** However short the time is, the plugin may finish what it has begun. */
const leastPluginMs = 5_000;

/** A path refused so often goes into the journal. */
const patience = 5;

const replacedRoot =
  "another directory is there now: nothing is deleted at the targets until the old one is back, or the program is started again";

function missingSource({ watch }: Source): RsyncError {
  const root = displayPath(watch as BytePath);
  return new RsyncError("SOURCE_MISSING", `Cannot watch ${root}: no such directory`);
}

function keyOf({ watch }: Source, name: string): string {
  return `${watch}\n${name}`;
}

async function withDeadline(promise: Promise<unknown>, deadlineMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, deadlineMs);
  });
  await Promise.race([promise, deadline]);
  clearTimeout(timer);
}
