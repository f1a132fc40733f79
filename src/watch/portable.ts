import { type BytePath, rootPath } from "../../protocol/index.ts";
import { ChangeBatch } from "./batch.ts";
import type { BackendName, Watcher, WatcherStatus, WatchOptions } from "./contract.ts";
import { describeMountChanges, Mounts } from "./mounts.ts";
import { Root } from "./root.ts";

/** How often the root and the mounts below it are looked at: no event tells what becomes of them. */
const lookMs = 1_000;

/** What notices changes below a root that is there; lives until the root is lost. */
export interface Engine {
  /** Directories that are looked after. */
  readonly directories: number;
  readonly unwatched: readonly BytePath[];
  /** Hints that were taken, whatever they are. */
  readonly events: number;
  /** Resolves when every change from now on is noticed. */
  open(): Promise<void>;
  /** Resolves when what had happened before the call has been noticed. */
  caughtUp(): Promise<void>;
  /** Nothing is reported after this call. */
  close(): Promise<void>;
  /** What it does, for people: "by polling ...". */
  describe(): string;
}

/** What an engine works on, and whom it tells. */
export interface EngineHost {
  readonly options: WatchOptions;
  /** Changes that `add` puts into a batch are handed over when the loop turns. */
  report(add: (batch: ChangeBatch) => void): void;
}

/** One way to notice changes. */
export interface EngineKind {
  readonly backend: BackendName;
  readonly create: (host: EngineHost) => Engine;
  /** How often everything is reported as changed, because events get lost; default never. */
  readonly reconcileMs?: number;
}

/**
 * Watches a tree by an engine that knows nothing of lost roots and mounts: this adds them, so that
 * no backend takes what is missing for deleted.
 */
export class PortableWatcher implements Watcher, EngineHost {
  readonly ready: Promise<void>;
  readonly options: WatchOptions;
  readonly #kind: EngineKind;
  readonly #root: Root;
  readonly #mounts: Mounts;
  readonly #batch = new ChangeBatch();
  readonly #timers: NodeJS.Timeout[];
  #engine: Engine | undefined;
  #state: WatcherStatus["state"] = "starting";
  #eventsBefore = 0;
  #flushing: NodeJS.Immediate | undefined;

  constructor(options: WatchOptions, kind: EngineKind) {
    this.options = options;
    this.#kind = kind;
    this.#root = new Root(options.root, options.original);
    this.#mounts = new Mounts(options.root);
    this.#timers = [setInterval(() => this.#look(), lookMs)];
    if (kind.reconcileMs !== undefined) {
      const reconcile = (): void => this.report((batch) => batch.tree(rootPath));
      this.#timers.push(setInterval(reconcile, kind.reconcileMs));
    }
    this.ready = this.#start();
    this.ready.catch(() => {}); // whoever does not await it learns of the failure by onState
  }

  status(): WatcherStatus {
    return {
      backend: this.#kind.backend,
      state: this.#state,
      directories: this.#engine?.directories ?? 0,
      unwatched: this.#engine?.unwatched ?? [],
      missingMounts: this.#mounts.missing,
      events: this.#eventsBefore + (this.#engine?.events ?? 0),
      overflows: 0,
    };
  }

  async caughtUp(): Promise<void> {
    await this.#engine?.caughtUp();
    this.#flush();
  }

  async close(): Promise<void> {
    this.#state = "closed";
    for (const timer of this.#timers) clearInterval(timer);
    clearImmediate(this.#flushing);
    await this.#closeEngine();
  }

  report(add: (batch: ChangeBatch) => void): void {
    add(this.#batch);
    if (!this.#batch.isEmpty) this.#flushing ??= setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = undefined;
    const { mayRemove, mayEmpty } = this.#batch;
    if (mayRemove) this.#compareMounts({ isThorough: true });
    if (!this.#root.isIntact() || (mayEmpty && this.#root.wasEmptied())) this.#lose();
    const changes = this.#batch.take();
    // After a root's return everything is reported: what was heard meanwhile is part of it.
    const isOff = this.#state === "closed" || this.#state === "source gone";
    if (!isOff) this.options.onChanges(changes);
  }

  async #start(): Promise<void> {
    const { waitForRoot = false, onState } = this.options;
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
    const isReturn = this.#state === "source gone";
    this.#state = "starting";
    this.#mounts.check({ isThorough: true });
    this.options.onMounts?.(this.#mounts.known);
    const engine = this.#kind.create(this);
    this.#engine = engine;
    await engine.open();
    if (this.#engine !== engine) return this.#endOpening();
    this.#state = "watching";
    const message = `Watching ${this.#root.display} ${engine.describe()}`;
    this.options.onState({ kind: "watching", sameRoot, message });
    if (isReturn) this.report((batch) => batch.tree(rootPath));
  }

  /** @throws {Error} when the watcher was closed meanwhile, not when the root was lost again. */
  #endOpening(): void {
    if (this.#state !== "closed") return;
    throw new Error(`Cannot watch ${this.#root.display}: closed before ready`);
  }

  /** Notices that the root has gone, or that it is back. */
  #look(): void {
    if (this.#state === "source gone") {
      if (this.#root.isBack()) this.#open().catch(() => {}); // only when closed meanwhile
      return;
    }
    if (!this.#root.isIntact()) this.#lose();
    else {
      this.#root.observe();
      this.#compareMounts({ isThorough: false });
    }
  }

  #lose(): void {
    this.#state = "source gone";
    void this.#closeEngine();
    this.options.onState({ kind: "source gone", message: this.#root.loss });
  }

  #compareMounts(how: { readonly isThorough: boolean }): void {
    const changes = this.#mounts.check(how);
    const messages = describeMountChanges(changes);
    if (messages.length === 0) return;
    // Before anything is reported of them: it must be known what to make of it.
    this.options.onMounts?.(this.#mounts.known);
    for (const message of messages) this.options.onState({ kind: "notice", message });
    this.report((batch) => {
      for (const path of changes.appeared) batch.tree(path);
    });
  }

  async #closeEngine(): Promise<void> {
    const engine = this.#engine;
    this.#engine = undefined;
    this.#eventsBefore += engine?.events ?? 0;
    await engine?.close();
  }
}
