import type { Logger } from "pino";
import {
  type BytePath,
  displayPath,
  RsyncError,
  rootPath,
  type Target as TargetAddress,
} from "../protocol/index.ts";
import { readPassword } from "./config/password.ts";
import type { Config, Remote, Source } from "./config/schema.ts";
import { compileRules } from "./filter/rules.ts";
import { Target, type TargetEvents } from "./push/target.ts";
import { PushThreads } from "./push/threads.ts";
import { type Identity, isSameDirectory, readIdentity } from "./watch/directory.ts";
import {
  type BackendName,
  type KnownMount,
  openWatcher,
  type Watcher,
  type WatcherState,
} from "./watch/watcher.ts";

export interface MirrorOptions {
  readonly log: Logger;
  /** Sessions in flight at the same time, over all targets; default 10. */
  readonly sessions?: number;
  /** Compare and push everything first, as `-r` does. Default false. */
  readonly fullPush?: boolean;
  readonly watcher?: BackendName | "auto";
  /** Wait for a source that is not there yet instead of failing. Default false. */
  readonly wait?: boolean;
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

  constructor(config: Config, options: MirrorOptions) {
    this.#config = config;
    this.#options = options;
    this.#log = options.log;
    const remotes = config.sources.reduce((sum, { remotes }) => sum + remotes.length, 0);
    const { threads = Math.max(1, Math.min(remotes, 2)) } = options;
    this.#threads = new PushThreads(threads, (id, text) => {
      this.#log.warn({ target: this.#names[id] }, text);
    });
    this.#mirrored = config.sources.map((source) => this.#mirroredOf(source));
  }

  /**
   * Watches first, then pushes: what changes during the first push arrives too.
   *
   * @throws {RsyncError} SOURCE_MISSING when a source is no directory and is not waited for.
   */
  async start(): Promise<void> {
    await Promise.all(this.#mirrored.map((mirrored) => this.#startSource(mirrored)));
  }

  /** Stops watching, lets what is in flight finish within `deadlineMs`, and says what is left. */
  async stop(deadlineMs: number): Promise<{ readonly undelivered: number }> {
    await Promise.all(this.#mirrored.map(async ({ watcher }) => watcher?.close()));
    const targets = this.#mirrored.flatMap(({ targets }) => targets);
    await withDeadline(Promise.all(targets.map(({ target }) => target.drain())), deadlineMs);
    await this.#threads.close();
    const undelivered = targets.reduce((sum, { target }) => sum + target.backlog.paths, 0);
    return { undelivered };
  }

  #mirroredOf(source: Source): Mirrored {
    const targets = source.remotes.map((remote) => {
      const id = this.#names.length;
      this.#names.push(nameOf(remote));
      const events = this.#eventsOf(nameOf(remote));
      return { id, remote, target: new Target({ id, threads: this.#threads, events }) };
    });
    return {
      source,
      targets,
      watcher: undefined,
      identity: undefined,
      mounts: [],
    };
  }

  async #startSource(mirrored: Mirrored): Promise<void> {
    const { source, targets } = mirrored;
    const rules = compileRules(this.#config.filter);
    const { watcher: backend, wait = false } = this.#options;
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
      onMounts: (mounts) => {
        mirrored.mounts = mounts;
        for (const { id } of targets) if (mirrored.identity) this.#threads.setMounts(id, mounts);
      },
      onChanges: (changes) => {
        for (const { target } of targets) target.add(changes);
      },
      onState: (state) => this.#watcherSays(mirrored, state),
    });
    // A root that is waited for is pushed as a whole when it comes.
    if (identity === undefined) return;
    await mirrored.watcher.ready;
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
    for (const { id, remote } of targets) {
      this.#threads.addTarget({
        id,
        target: this.#addressOf(remote),
        root: source.watch,
        rootIdentity,
        mounts,
        transfer: params,
        filter,
        deletes: events.delete && deletes,
        sessions: this.#options.sessions ?? 10,
        timeoutMs: timeoutSeconds === undefined ? undefined : timeoutSeconds * 1_000,
      });
      this.#threads.prepare(id, this.#options.fullPush ? ["scan", "small"] : ["small"]);
    }
  }

  #addressOf({ host, port, module, subPath, user }: Remote): TargetAddress {
    const { auth } = this.#config;
    const address = { host, port, module, directory: subPath };
    const name = user ?? auth?.user;
    if (name === undefined) return address;
    const fromFile = auth?.passwordFile && readPassword(auth.passwordFile);
    const password = fromFile ?? process.env["RSYNC_PASSWORD"] ?? "";
    return {
      ...address,
      credentials: {
        user: Buffer.from(name, "latin1"),
        password: Buffer.from(password, fromFile === undefined ? "utf8" : "latin1"),
      },
    };
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

  #eventsOf(target: string): TargetEvents {
    const log = this.#log.child({ target });
    return {
      delivered: ({ path, kind, bytes }, sinceMs) => {
        log.info({ path: displayPath(path), kind, bytes, ms: rounded(sinceMs) }, "delivered");
      },
      failed: ({ path, reason }, retryMs) => {
        const again = `trying again in ${seconds(retryMs)} s`;
        log.error({ path: displayPath(path) }, `cannot deliver: ${displayText(reason)}; ${again}`);
      },
      down: ({ code, message }, retryMs) => {
        log.error({ code }, `${displayText(message)}; trying again in ${seconds(retryMs)} s`);
      },
      up: () => log.info("the target is back"),
      reconciled: (entries, bytes, ms) => {
        log.info({ entries, bytes, ms: rounded(ms) }, "full push complete");
      },
    };
  }
}

const replacedRoot =
  "another directory is there now: nothing is deleted at the targets until the old one is back, or the program is started again";

function missingSource({ watch }: Source): RsyncError {
  const root = displayPath(watch as BytePath);
  return new RsyncError("SOURCE_MISSING", `Cannot watch ${root}: no such directory`);
}

function nameOf({ host, port, name }: Remote): string {
  return `${host}:${port}::${displayPath(name as BytePath)}`;
}

/** A daemon's text may hold any bytes. */
function displayText(text: string): string {
  return displayPath(text as BytePath);
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(ms < 10_000 ? 1 : 0);
}

async function withDeadline(promise: Promise<unknown>, deadlineMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, deadlineMs);
  });
  await Promise.race([promise, deadline]);
  clearTimeout(timer);
}
