import type { Logger } from "pino";
import { asBytePath, type BytePath, displayPath, rootPath } from "../protocol/index.ts";
import type { Config, Source } from "./config/schema.ts";
import type { FilterConfig } from "./filter/filter.ts";
import { MirroredSource } from "./mirrored-source.ts";
import { leaveOutOwn } from "./own-files.ts";
import { PluginHost } from "./plugin/host.ts";
import type { GuardOptions } from "./push/guard.ts";
import { PushThreads } from "./push/threads.ts";
import type { PendingPaths, TargetListener } from "./source-options.ts";
import { Memory } from "./target/memory.ts";
import type { MirrorStatus } from "./target/mirror-status.ts";
import { Schedule } from "./target/schedule.ts";
import type { BackendName } from "./watch/watcher.ts";

export type { PendingPaths, TargetListener } from "./source-options.ts";

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
  /** Where what is pending survives a restart; default: nowhere. */
  readonly stateDirectory?: string;
  /** What else this program writes to; it is not mirrored, nor is what it keeps in the state directory. */
  readonly ownFiles?: readonly string[];
  /** Of an earlier mirror of these sources ({@link Mirror.pendingPaths}); default nothing. */
  readonly pending?: PendingPaths;
  /** How much a comparison may delete before a person is asked; goes before the configuration. */
  readonly guard?: GuardOptions;
  /** More pending paths than these, per target, are gathered into whole trees; default 200,000. */
  readonly pendingLimit?: number;
  /** Who is told, beside the log, what happens at a target; default nobody. */
  readonly listener?: TargetListener;
  /** Push threads; default as many as there are targets, at most two. */
  readonly threads?: number;
}

/** What a person may want of targets. */
export type SteerOrder = "pause" | "resume" | "retry";

/**
 * The whole mirror: watches every source and keeps every target of it equal.
 *
 *     kernel ─► watch ─► filter ─► pending set ─► batch ─► session ─► rsync daemon
 */
export class Mirror {
  readonly #config: Config;
  readonly #threads: PushThreads;
  readonly #memory: Memory;
  readonly #sources: readonly MirroredSource[];
  #schedule: Schedule | undefined;
  #plugin: PluginHost | undefined;
  readonly #log: Logger;

  constructor(config: Config, options: MirrorOptions) {
    this.#config = config;
    const { log, stateDirectory } = options;
    this.#log = log;
    const remotes = config.sources.reduce((sum, { remotes }) => sum + remotes.length, 0);
    const { threads = Math.min(remotes, 2) } = options;
    this.#threads = new PushThreads(threads, (ids, { stack }) => {
      log.error(`a push thread has failed, and is begun anew: ${stack}`);
      for (const source of this.#sources) source.addAgain(ids);
    });
    this.#memory = new Memory({ config, stateDirectory, tell: (warning) => log.warn(warning) });
    this.#sources = this.#sourcesOf(config, options);
  }

  /**
   * Watches first, then pushes: what changes during the first push arrives too.
   *
   * @throws {RsyncError} SOURCE_MISSING when a source is no directory and is not waited for,
   *   OPTION_REFUSED when the plugin cannot work.
   */
  async start(): Promise<void> {
    this.#plugin = await PluginHost.open(this.#config, this.#log);
    for (const source of this.#sources) source.recall();
    await this.#memory.mark();
    const old = this.#targets.length > 0 ? this.#memory.inherit() : [];
    for (const source of this.#sources) source.inherit(old);
    try {
      await Promise.all(this.#sources.map((source) => source.start()));
    } catch (error) {
      await this.#memory.unmark();
      await this.#plugin?.stop(0);
      throw error;
    }
    await this.#memory.begin();
    this.#schedule = this.#scheduleOf(this.#config);
  }

  /** Everything worth knowing at this moment; looks at every pending path. */
  status(): MirrorStatus {
    return {
      file: this.#config.file,
      sources: this.#sources.map(({ status }) => status),
      plugin: this.#plugin?.status,
    };
  }

  /**
   * Compares everything, or what lies at and below `path`, with every target, and tries at once
   * what waits for a later attempt.
   *
   * @param path relative to the sources' roots; default the roots themselves.
   * @param root the one source that is meant; default all.
   */
  resync(path: BytePath = rootPath, root?: string): void {
    for (const source of this.#sources) {
      if (root !== undefined && source.status.root !== root) continue;
      for (const { target } of source.targets) {
        target.add([{ kind: "tree", path }]);
        target.hurry();
      }
    }
  }

  /**
   * Makes the deletions that the guard has halted, at the targets of that name or at all.
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

  /**
   * `pause`: nothing is sent to the targets of that name, or to any, and what changes is remembered;
   * `resume`: it goes on; `retry`: what waits for a later attempt is tried now.
   *
   * @returns the names of the targets for which that changes something; with `retry` all of them.
   */
  steer(order: SteerOrder, name?: string): readonly string[] {
    const meant = this.#targets.filter((each) => (name ?? each.name) === each.name);
    const steered = meant.filter(
      ({ target }) => order === "retry" || target.status.paused !== (order === "pause"),
    );
    for (const { target } of steered) {
      if (order === "retry") target.hurry();
      else target.steer(order === "pause" ? "pause" : "go on");
    }
    return steered.map((each) => each.name);
  }

  /** What may differ at each target now. */
  pendingPaths(): PendingPaths {
    return new Map(this.#sources.flatMap((source) => source.pendingPaths()));
  }

  /** Adds what was pending in another mirror; what belongs to no target here is left out. */
  takeOver(pending: PendingPaths): void {
    for (const source of this.#sources) source.takeOver(pending);
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

  /** Resolves when what had happened before the call is pending, within `deadlineMs` at most. */
  async caughtUp(deadlineMs: number): Promise<void> {
    await withDeadline(Promise.all(this.#sources.map((each) => each.caughtUp())), deadlineMs);
  }

  /** Goes on delivering after {@link drain}. */
  proceed(): void {
    for (const { target } of this.#targets) target.proceed();
  }

  /** Stops watching, lets what is in flight finish within `deadlineMs`, and says what is left. */
  async stop(deadlineMs: number): Promise<{ readonly undelivered: number }> {
    const stopBy = performance.now() + deadlineMs;
    this.#schedule?.close();
    // What happened before the end was asked for is delivered, or remembered. Where there is no time
    // at all, another mirror watches already.
    if (deadlineMs > 0) await this.caughtUp(Math.min(deadlineMs, mostCatchUpMs));
    const saw = await Promise.all(this.#sources.map((source) => source.closeWatcher()));
    await this.drain(deadlineMs);
    const told = Promise.all(this.#targets.map(({ id }) => this.#threads.remember(id)));
    await withDeadline(told, mostTellingMs);
    for (const [index, { targets }] of this.#sources.entries()) {
      // Begun at the next start.
      if (!saw[index]) for (const { target } of targets) target.reconcile({ deletes: false });
    }
    await this.#threads.close();
    await this.#plugin?.stop(Math.max(leastPluginMs, stopBy - performance.now()));
    await this.#memory.close();
    const backlogs = this.#targets.map(({ target }) => target.status.pending.paths);
    return { undelivered: backlogs.reduce((sum, paths) => sum + paths, 0) };
  }

  get #targets(): MirroredSource["targets"] {
    return this.#sources.flatMap(({ targets }) => targets);
  }

  #sourcesOf(config: Config, options: MirrorOptions): readonly MirroredSource[] {
    let firstId = 0;
    return config.sources.map((source) => {
      const mirrored = new MirroredSource({
        config: { ...config, filter: this.#filterOf(source, config, options) },
        source,
        threads: this.#threads,
        memory: this.#memory,
        log: options.log,
        plugin: () => this.#plugin,
        listener: options.listener,
        firstId,
        sessions: options.sessions ?? 10,
        fullPush: options.fullPush ?? false,
        wait: options.wait ?? false,
        watcher: options.watcher ?? "auto",
        pollIntervalMs: options.pollIntervalMs,
        guard: { ...config.deleteGuard, ...options.guard },
        pendingLimit: options.pendingLimit ?? 200_000,
        pending: options.pending,
      });
      firstId += source.remotes.length;
      return mirrored;
    });
  }

  #filterOf({ watch }: Source, { filter }: Config, options: MirrorOptions): FilterConfig {
    const { stateDirectory, ownFiles: files = [] } = options;
    const { leftOut, ...sparing } = leaveOutOwn(filter, watch, { stateDirectory, files });
    const shown = displayPath(asBytePath(watch));
    for (const file of leftOut) {
      const name = displayPath(asBytePath(file));
      this.#log.info({ watch: shown }, `${name} is this program's own, and is not mirrored`);
    }
    return sparing.filter;
  }

  #scheduleOf({ crontab }: Config): Schedule | undefined {
    if (crontab === undefined) return undefined;
    const { excludes } = crontab;
    return new Schedule(crontab, () => {
      for (const { target } of this.#targets) target.reconcile({ deletes: true, excludes });
    });
  }
}

/** In a storm, or while a big tree is still being watched, a watcher may be busy for ever. */
const mostCatchUpMs = 1_000;
/** What could not be done is told at once, if the threads can be spoken to at all. */
const mostTellingMs = 1_000;
/** However short the time is, the plugin may finish what it has begun. */
const leastPluginMs = 5_000;

async function withDeadline(promise: Promise<unknown>, deadlineMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    // One turn more: after a time in which the process stood still, news may be there unread.
    timer = setTimeout(() => setImmediate(resolve), deadlineMs);
  });
  await Promise.race([promise, deadline]);
  clearTimeout(timer);
}
