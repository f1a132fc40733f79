import {
  asBytePath,
  displayPath,
  rootPath,
  type Target as TargetAddress,
} from "../protocol/index.ts";
import type { Remote } from "./config/schema.ts";
import { compileRules } from "./filter/rules.ts";
import { failedPaths, type OldFailure } from "./journal/old-script.ts";
import { pluginEvents } from "./plugin/events.ts";
import type { HandedOver, PendingPaths, SourceOptions } from "./source-options.ts";
import { addressOf, disorderlyEnd, missingSource, nameOf, replacedRoot } from "./target/address.ts";
import { Announcer } from "./target/announcer.ts";
import { tellAll } from "./target/listeners.ts";
import { doubtOf } from "./target/memory.ts";
import type { SourceStatus } from "./target/mirror-status.ts";
import type { NamedTarget } from "./target/named-target.ts";
import { PasswordWatch } from "./target/password-watch.ts";
import { pathPatience } from "./target/retry.ts";
import { settingsOf } from "./target/settings.ts";
import { type Backlog, noBacklog } from "./target/status.ts";
import { Target } from "./target/target.ts";
import { isRescan } from "./watch/change.ts";
import { type Identity, isSameDirectory, readIdentity } from "./watch/directory.ts";
import { type KnownMount, openWatcher, type Watcher, type WatcherState } from "./watch/watcher.ts";

/** One watched directory, its watcher and its targets. */
export class MirroredSource {
  readonly targets: readonly NamedTarget[];
  readonly #options: SourceOptions;
  #watcher: Watcher | undefined;
  /** The directory that is mirrored now. */
  #identity: Identity | undefined;
  /** The one that was mirrored first, perhaps by the mirror whose place this one takes. */
  #original: Identity | undefined;
  /** The one whose changes were left to each target when the last process ended. */
  readonly #former = new Map<string, { readonly identity: Identity | undefined }>();
  #mounts: readonly KnownMount[] = [];
  /** False where what stands there now says nothing about what was there before. */
  #deletes = true;
  #rescans = 0;
  #hasWatched = false;
  /** The source cannot be seen. */
  #isGone = false;
  /** What the kernel told has not been read to the end, for lack of time. */
  #isBehind = false;

  constructor(options: SourceOptions) {
    this.#options = options;
    const { source, firstId } = options;
    this.targets = source.remotes.map((remote, index) => this.#targetOf(remote, firstId + index));
  }

  get status(): SourceStatus {
    return {
      root: this.#options.source.watch,
      watcher: this.#watcher?.status(),
      rescans: this.#rescans,
      isReplaced: !this.#deletes,
      targets: this.targets.map(({ target, name }) => ({ name, ...target.status })),
    };
  }

  /** What may differ at each target now. */
  pendingPaths(): readonly (readonly [string, HandedOver])[] {
    return this.targets.map(({ target, name }) => {
      const former = this.#original === undefined ? this.#former.get(name) : undefined;
      return [this.#keyOf(name), { ...target.backlog, identity: this.#original, former }];
    });
  }

  takeOver(pending: PendingPaths): void {
    for (const { target, name } of this.targets)
      target.restore(pending.get(this.#keyOf(name)) ?? noBacklog);
  }

  /** Reads what was pending when the last process ended; it is pushed after the start. */
  recall(): void {
    const { source, memory, pending, fullPush, log } = this.#options;
    const now = readIdentity(source.watch, rootPath);
    for (const { target, name } of this.targets) {
      const handedOver = pending?.get(this.#keyOf(name));
      this.#original ??= handedOver?.identity;
      const record = handedOver === undefined ? memory.recall(source, name) : undefined;
      const former = record ?? handedOver?.former;
      if (former !== undefined) this.#former.set(name, { identity: former.identity });
      const left = handedOver ?? record ?? noBacklog;
      const doubt = this.#doubtOf(name, left, now);
      if (doubt !== undefined) target.haltDeletions(doubt);
      target.restore(left, record?.reconciledAt);
      if (record === undefined || fullPush) continue;
      if (record.clean && doubt === undefined) continue;
      target.reconcile({ deletes: false });
      if (!record.clean) log.warn({ target: name, pending: record.paths.length }, disorderlyEnd);
    }
  }

  /** Takes over what sersync 2.5 had not been able to do; whatever is of another place is left. */
  inherit(failures: readonly OldFailure[]): void {
    for (const { remote, target } of this.targets) {
      const place = `${remote.host}::${remote.name}`;
      const paths = failedPaths(failures, this.#options.source.watch, place);
      target.add(paths.map((path) => ({ kind: "tree", path }) as const));
    }
  }

  /**
   * Watches first, then pushes: what changes during the first push arrives too.
   *
   * @throws {RsyncError} SOURCE_MISSING when the source is no directory and is not waited for.
   */
  async start(): Promise<void> {
    const { source, wait, fullPush } = this.#options;
    const identity = readIdentity(source.watch, rootPath);
    const isStranger = !isSameDirectory(identity, this.#original ?? identity);
    if (identity !== undefined) this.#mirrorFrom(identity, { deletes: !isStranger });
    else if (!wait) throw missingSource(source.watch);
    this.#watcher = this.#openWatcher();
    // A root that is waited for is pushed as a whole when it comes.
    if (identity === undefined) return;
    await this.#watcher.ready;
    this.#hasWatched = true;
    for (const { target } of this.targets) target.hold(false);
    for (const { target } of this.targets) if (fullPush || isStranger) target.reconcile();
  }

  /** Their push thread has failed, and a new one takes its place. */
  addAgain(targetIds: readonly number[]): void {
    for (const named of this.targets) if (targetIds.includes(named.id)) this.#addTarget(named);
  }

  async caughtUp(): Promise<void> {
    this.#isBehind = true;
    await this.#watcher?.caughtUp();
    this.#isBehind = false;
  }

  /** Returns false when it was not watching any more, or is behind: something may be unseen. */
  async closeWatcher(): Promise<boolean> {
    for (const { password } of this.targets) password.close();
    const isWatching = this.#watcher?.status().state === "watching" && !this.#isBehind;
    await this.#watcher?.close();
    return isWatching || !this.#hasWatched;
  }

  #targetOf(remote: Remote, id: number): NamedTarget {
    const { threads, log, config, pendingLimit, fullPush, source, memory, plugin, listener } =
      this.#options;
    const name = nameOf(remote);
    const password = new PasswordWatch(
      () => addressOf(remote, config),
      (address) => this.#usePassword(id, address),
    );
    const events = tellAll([
      new Announcer(log.child({ target: name }), pathPatience),
      pluginEvents({ root: source.watch, target: name }, plugin),
      listener?.(source.watch, name) ?? {},
      {
        down: ({ code }) => {
          const { address } = this.#named(id);
          if (code === "AUTH_FAILED" && address !== undefined) password.refused(address);
        },
      },
    ]);
    const target = new Target({
      id,
      threads,
      events,
      patience: pathPatience,
      retryMs: config.failLog.retryMinutes * 60_000,
      pendingLimit,
      unasked: { deletes: fullPush },
    });
    target.hold(true); // until there is a directory to push from
    const identity = (): Identity | undefined => this.#identityOf(name);
    memory.keep({ source, remote, name, target, identity });
    return { id, remote, name, target, password, address: undefined };
  }

  /** The directory that what is to be done is about: not a stranger that took its place. */
  #identityOf(name: string): Identity | undefined {
    const mirrored = this.#deletes ? this.#identity : undefined;
    return mirrored ?? this.#original ?? this.#former.get(name)?.identity;
  }

  #openWatcher(): Watcher {
    const { source, config, watcher, pollIntervalMs, wait, fullPush, threads } = this.#options;
    const rules = compileRules(config.filter);
    const toPlugin = this.#options.plugin()?.listener(source.watch, rules);
    return openWatcher({
      root: source.watch,
      events: config.events,
      excluded: (path, isDirectory) => rules.excluded(path, isDirectory),
      original: this.#original,
      willScan: fullPush,
      waitForRoot: wait,
      backend: watcher,
      ...(pollIntervalMs !== undefined && { pollIntervalMs }),
      onMounts: (mounts) => {
        this.#mounts = mounts;
        if (this.#identity === undefined) return;
        for (const { id } of this.targets) threads.setMounts(id, mounts);
      },
      onChanges: (changes) => {
        this.#rescans += changes.filter(isRescan).length;
        for (const { target } of this.targets) target.add(changes);
        toPlugin?.(changes);
      },
      onState: (state) => this.#watcherSays(state),
    });
  }

  /** The directory that was waited for may be another one than what was left to do is about. */
  #doubtRecords(now: Identity): void {
    for (const { target, name } of this.targets) {
      const doubt = this.#doubtOf(name, target.backlog, now);
      if (doubt !== undefined) target.haltDeletions(doubt);
    }
  }

  #doubtOf(name: string, left: Backlog, now: Identity | undefined): string | undefined {
    const former = this.#former.get(name);
    if (former === undefined) return left.halted;
    return doubtOf({ root: this.#options.source.watch, ...left, ...former }, now);
  }

  /**
   * From now on the directory that stands at the source's path is mirrored. Of another than the
   * first, nothing that it lacks is deleted: the absence of that proves nothing (design law 4).
   */
  #mirrorFrom(rootIdentity: Identity, { deletes }: { readonly deletes: boolean }): void {
    const { source, log } = this.#options;
    if (!deletes) log.warn({ watch: displayPath(asBytePath(source.watch)) }, replacedRoot);
    this.#identity = rootIdentity;
    this.#original ??= rootIdentity;
    this.#deletes = deletes;
    for (const named of this.targets) {
      named.address = addressOf(named.remote, this.#options.config);
      this.#addTarget(named);
    }
  }

  #addTarget({ id, target, address, remote }: NamedTarget): void {
    const { threads, fullPush } = this.#options;
    if (this.#identity === undefined || address === undefined) return;
    const settings = settingsOf(this.#options, {
      id,
      address,
      rootIdentity: this.#identity,
      mounts: this.#mounts,
      mayDelete: this.#deletes,
      isShared: remote.isShared,
      holdsDeletions: target.status.halt !== undefined,
    });
    threads.addTarget(settings);
    threads.prepare(id, fullPush ? ["scan", "small"] : ["small"]);
  }

  #usePassword(id: number, address: TargetAddress): void {
    const named = this.#named(id);
    named.address = address;
    this.#addTarget(named);
    named.target.hurry();
  }

  #watcherSays(state: WatcherState): void {
    const { source, log } = this.#options;
    const watch = displayPath(asBytePath(source.watch));
    if (state.kind !== "watching") {
      this.#isGone ||= state.kind === "source gone";
      log.warn({ watch }, state.message);
      return;
    }
    log.info({ watch }, state.message);
    // What failed for want of it need not wait any longer.
    if (this.#isGone) for (const { target } of this.targets) target.hurry();
    this.#isGone = false;
    const now = readIdentity(source.watch, rootPath);
    // When it is gone again the watcher tells of it.
    if (now === undefined || isSameDirectory(now, this.#identity)) return;
    if (this.#identity === undefined) this.#doubtRecords(now);
    this.#mirrorFrom(now, { deletes: state.sameRoot });
    this.#hasWatched = true;
    for (const { target } of this.targets) {
      target.reconcile();
      target.hold(false);
    }
  }

  #named(id: number): NamedTarget {
    return this.targets[id - this.#options.firstId] as NamedTarget;
  }

  #keyOf(name: string): string {
    return `${this.#options.source.watch}\n${name}`;
  }
}
