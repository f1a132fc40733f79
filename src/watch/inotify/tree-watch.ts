import type { BytePath } from "../../../protocol/index.ts";
import { ChangeBatch } from "../batch.ts";
import type { Change } from "../change.ts";
import type { EventSwitches } from "../events.ts";
import { Doubts } from "./doubts.ts";
import { InotifyInstance, inMask } from "./kernel.ts";
import { moveGraceMs } from "./moves.ts";
import { visitRecords } from "./record.ts";
import { EventStream } from "./stream.ts";
import { rootSlot, type Slot, WatchTable } from "./table.ts";
import { Translator } from "./translator.ts";
import { silenceMs } from "./unclosed.ts";
import { missing, tentative, unwatchable, Walker } from "./walker.ts";

/** How long the watcher works before it lets the event loop turn. */
const budgetMs = 15;
/** How long the second half of a move is waited for while events are still being read. */
const busyMoveGraceMs = 1000;

/** What one watching of a tree needs, and whom it tells. */
export interface TreeWatchOptions {
  readonly root: string;
  readonly events: EventSwitches;
  readonly excluded: ((path: BytePath, isDirectory: boolean) => boolean) | undefined;
  /** What changed after this (ms since 1970) is reported also where no watch stood yet. */
  readonly sinceMs: number | undefined;
  /** Look for files written between `sinceMs` and the watching of their directory. */
  readonly catchesUp: boolean;
  /** False when the root is not the directory that was opened: then nothing is reported. */
  readonly isRootIntact: () => boolean;
  /** True when all that was in the root has gone at one stroke: that is not reported either. */
  readonly wasRootEmptied: () => boolean;
  readonly onChanges: (changes: readonly Change[]) => void;
  /** So many directories are watched; while the first watches are placed. */
  readonly onProgress: (directories: number) => void;
  /** Every directory has its watch. */
  readonly onComplete: () => void;
  readonly onUnwatchable: (path: BytePath, errno: number) => void;
  /** The watching has ended: it must be closed, and begun again when that makes sense. */
  readonly onLost: (reason: "overflow" | "root" | "error", error?: Error) => void;
  /** Something was unmounted: mounts below the root should be compared. */
  readonly onUnmount: () => void;
}

/** One life of an inotify instance: from the first watch to an overflow, or the loss of the root. */
export class TreeWatch {
  readonly table: WatchTable = new WatchTable();
  readonly #options: TreeWatchOptions;
  readonly #instance: InotifyInstance = new InotifyInstance();
  readonly #stream: EventStream;
  readonly #batch: ChangeBatch = new ChangeBatch();
  readonly #doubts: Doubts = new Doubts();
  readonly #walker: Walker;
  readonly #translator: Translator;
  readonly #unwatched = new Set<Slot>();
  #position = 0;
  #events = 0;
  #isComplete = false;
  #isOver = false;
  #rootTouched = false;
  #turn: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Who waits until so much has been read, and reported. */
  #waiting: { readonly until: number; readonly tell: () => void }[] = [];

  /** @throws {Error} with `code` EMFILE when there are no inotify instances left. */
  constructor(options: TreeWatchOptions) {
    this.#options = options;
    this.#walker = this.#newWalker();
    this.#translator = new Translator({
      root: options.root,
      events: options.events,
      excluded: options.excluded,
      table: this.table,
      walker: this.#walker,
      doubts: this.#doubts,
      batch: this.#batch,
      onOverflow: () => this.#lose("overflow"),
      onRootTouched: () => {
        this.#rootTouched = true;
      },
    });
    this.#stream = new EventStream(this.#instance, {
      onRecords: (bytes) => this.#read(bytes),
      onError: (error) => this.#lose("error", error),
    });
  }

  /** Events read so far. */
  get events(): number {
    return this.#events;
  }

  /** The tops of the trees that have no watches. */
  get unwatched(): readonly BytePath[] {
    return this.#unwatchedSlots().flatMap((slot) => this.table.path(slot) ?? []);
  }

  /** Begins to place watches. */
  start(): void {
    const { sinceMs } = this.#options;
    this.#walker.start(
      sinceMs === undefined
        ? { top: rootSlot, report: "nothing" }
        : { top: rootSlot, report: "recent", sinceMs },
    );
    this.#work();
  }

  /** Tries again to watch the trees that have no watches; where that works they are reported. */
  retryUnwatched(): void {
    for (const top of this.#unwatchedSlots()) this.#walker.start({ top, report: "tree" });
    this.#work();
  }

  /** Looks at a directory whose content was exchanged as a whole, by a mount for instance. */
  replace(path: BytePath, report: "tree" | "nothing"): void {
    let slot: Slot = rootSlot;
    for (const name of path.split("/")) if (slot >= 0) slot = this.table.find(slot, name);
    if (slot < 0) return;
    for (const child of this.table.children(slot)) this.#walker.drop(child);
    this.#walker.start({ top: slot, report });
    this.#work();
  }

  /** Resolves when what stands in the queue has been read, and reported. */
  caughtUp(): Promise<void> {
    return new Promise((tell) => {
      const until = this.#isOver ? 0 : this.#position + this.#instance.pendingBytes();
      this.#waiting.push({ until, tell });
      this.#tellWaiting();
    });
  }

  close(): Promise<void> {
    this.#isOver = true;
    this.#tellWaiting();
    clearImmediate(this.#turn);
    clearTimeout(this.#timer);
    return this.#stream.close();
  }

  #newWalker(): Walker {
    const { root, events, excluded = () => false } = this.#options;
    return new Walker({
      root,
      excluded,
      mask: maskFor(events),
      instance: this.#instance,
      table: this.table,
      doubts: this.#doubts,
      onFile: (path) => this.#batch.path(path),
      onTree: (path) => this.#batch.tree(path),
      onUnwatchable: (slot, errno) => this.#leaveUnwatched(slot, errno),
    });
  }

  #read(bytes: Buffer): void {
    this.#events += visitRecords(bytes, (wd, mask, cookie, name) => {
      if (!this.#isOver) this.#translator.record(wd, mask, cookie, name);
    });
    this.#position += bytes.length;
    this.#work();
  }

  /** Everything that follows from what has been read: walks, expiries, and the report. */
  #work(): void {
    if (this.#isOver) return;
    if (this.#rootTouched && !this.#checkRoot()) return;
    this.#walker.run(budgetMs);
    this.#expireMoves();
    this.#translator.reportUnclosed();
    this.#settleDoubts();
    this.#flush();
    this.#tellWaiting();
    if (this.#isOver) return;
    this.#schedule();
    if (this.#isComplete) return;
    this.#options.onProgress(this.table.watched);
    if (!this.#walker.isIdle) return;
    this.#isComplete = true;
    this.#options.onComplete();
    this.#catchUp();
  }

  /** Looks for files that were written after the call but before their directory was watched. */
  #catchUp(): void {
    const { sinceMs, catchesUp } = this.#options;
    if (sinceMs === undefined || !catchesUp || this.#isOver) return;
    const untilMs = Date.now();
    this.#walker.start({ top: rootSlot, report: "recent files", sinceMs, untilMs, isDeep: true });
    this.#schedule();
  }

  #expireMoves(): void {
    const { renames } = this.#translator;
    if (!renames.isWaiting) return;
    // The other half may stand in the queue: then it is waited for, but not for ever.
    const graceMs = this.#instance.pendingBytes() === 0 ? moveGraceMs : busyMoveGraceMs;
    renames.expire(performance.now() - graceMs);
  }

  #checkRoot(): boolean {
    this.#rootTouched = false;
    if (!this.#options.isRootIntact() || this.table.watch(rootSlot) === 0) {
      this.#lose("root");
      return false;
    }
    this.#options.onUnmount();
    return !this.#isOver;
  }

  #settleDoubts(): void {
    this.#doubts.seal(this.#position + this.#instance.pendingBytes());
    for (const slot of this.#doubts.settle(this.#position)) this.#settle(slot);
  }

  /** A directory without a watch of which no event spoke either: its parent is listed again. */
  #settle(slot: Slot): void {
    const { table } = this;
    if (!table.isUsed(slot) || !table.hasFlag(slot, missing)) return;
    const path = table.path(slot);
    if (path === undefined) return;
    if (slot === rootSlot) {
      this.#lose("root");
      return;
    }
    const top = table.parent(slot);
    const wasThere = !table.hasFlag(slot, tentative);
    this.#walker.drop(slot);
    if (!wasThere) return;
    this.#batch.tree(path);
    this.#walker.start({ top, report: "strangers" });
  }

  #leaveUnwatched(slot: Slot, errno: number): void {
    const path = this.table.path(slot);
    if (path === undefined) return;
    if (!this.table.hasFlag(slot, unwatchable)) this.#options.onUnwatchable(path, errno);
    this.table.setFlag(slot, unwatchable, true);
    this.#unwatched.add(slot);
  }

  /** Reports what was noticed by other means, as it is reported here. */
  report(add: (batch: ChangeBatch) => void): void {
    if (this.#isOver) return;
    add(this.#batch);
    this.#flush();
  }

  #unwatchedSlots(): Slot[] {
    for (const slot of this.#unwatched) {
      const isStill = this.table.isUsed(slot) && this.table.hasFlag(slot, unwatchable);
      if (!isStill) this.#unwatched.delete(slot);
    }
    return [...this.#unwatched];
  }

  #flush(): void {
    if (this.#batch.isEmpty) return;
    // Names may have gone because the root has: then that is all there is to say.
    const { isRootIntact, wasRootEmptied } = this.#options;
    const isLost =
      (this.#batch.mayRemove && !isRootIntact()) || (this.#batch.mayEmpty && wasRootEmptied());
    if (isLost) this.#lose("root");
    else this.#options.onChanges(this.#batch.take());
  }

  #tellWaiting(): void {
    if (this.#waiting.length === 0) return;
    const isBusy = !this.#walker.isIdle || this.#translator.renames.isWaiting;
    const reached = this.#isOver ? Infinity : isBusy ? -1 : this.#position;
    for (const { until, tell } of this.#waiting) if (until <= reached) tell();
    this.#waiting = this.#waiting.filter(({ until }) => until > reached);
  }

  #schedule(): void {
    clearImmediate(this.#turn);
    clearTimeout(this.#timer);
    const { renames } = this.#translator;
    if (!this.#walker.isIdle) this.#turn = setImmediate(() => this.#work());
    else if (renames.isWaiting) this.#timer = setTimeout(() => this.#work(), moveGraceMs);
    else if (!renames.unclosed.isEmpty) this.#timer = setTimeout(() => this.#work(), silenceMs);
  }

  #lose(reason: "overflow" | "root" | "error", error?: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.onLost(reason, error);
  }
}

function maskFor(events: EventSwitches): number {
  let mask = inMask.create | inMask.delete | inMask.movedFrom | inMask.movedTo;
  mask |= inMask.onlyDir | inMask.dontFollow | inMask.exclUnlink;
  if (events.closeWrite) mask |= inMask.closeWrite;
  if (events.attrib) mask |= inMask.attrib;
  if (events.modify) mask |= inMask.modify;
  return mask;
}
