import { type BytePath, type FileEntry, isDirectory } from "../../protocol/index.ts";
import { TreeView } from "./batch.ts";
import type { CarrierReport, EntryCarrier } from "./carry.ts";

/** Their times are set, which takes a session, when so long no other such directory has come. */
const touchDelayMs = 200;
/** And at least so often while more come: whatever is sent there next sets them, too. */
const longestDelayMs = 2_000;

/**
 * Sets the times of directories that several sessions carried at once: such a time is that of
 * whichever session ended last, perhaps not the one that looked last. Nothing waits for it.
 */
export class DirectoryTimes {
  readonly #carrier: EntryCarrier;
  readonly #onUnsettled: (path: BytePath) => void;
  /** Directories whose time may be an older one than theirs. */
  readonly #stale = new Set<BytePath>();
  /** Those whose times are being set. */
  #underWay: readonly BytePath[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** When the first of them came; `performance.now()`. */
  #since = 0;
  #closed = false;
  #touching: Promise<void> = Promise.resolve();

  /** `onUnsettled`: a path must be looked at again. */
  constructor(carrier: EntryCarrier, onUnsettled: (path: BytePath) => void) {
    this.#carrier = carrier;
    this.#onUnsettled = onUnsettled;
  }

  /** Sets the times of these, too, when they are quiet. */
  touchSoon(directories: readonly BytePath[]): void {
    if (directories.length === 0) return;
    for (const path of directories) this.#stale.add(path);
    // A session may end when another carrier is there already.
    if (this.#closed) this.remember();
    else this.#gather();
  }

  #gather(): void {
    const now = performance.now();
    if (this.#timer === undefined) this.#since = now;
    clearTimeout(this.#timer);
    const delayMs = Math.min(touchDelayMs, this.#since + longestDelayMs - now);
    this.#timer = setTimeout(() => this.#begin(), delayMs);
  }

  /** A session that broke has changed what is in them, and not set their times: that comes last. */
  doubt(entries: readonly FileEntry[]): void {
    this.touchSoon(entries.filter(isDirectory).map(({ path }) => path));
  }

  /** Resolves when all that could be set is. */
  async settle(): Promise<void> {
    if (this.#timer !== undefined) this.#begin();
    await this.#touching;
  }

  /** Tells of all that is not set, instead of setting it. */
  remember(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const path of [...this.#underWay, ...this.#stale]) this.#onUnsettled(path);
    this.#stale.clear();
  }

  close(): void {
    this.#closed = true;
    this.remember();
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#touching = this.#touching.then(() => this.#touch());
  }

  async #touch(): Promise<void> {
    const stale = [...this.#stale];
    this.#stale.clear();
    this.#underWay = stale;
    const report: CarrierReport = {
      delivered: () => {},
      failed: () => {},
      again: (path) => this.#onUnsettled(path),
      held: (path) => this.#onUnsettled(path),
    };
    try {
      await this.#carrier.carryWhenDue("scan", () => this.#directoriesAmong(stale), report);
    } catch {
      // The target is in trouble: who delivers knows when to try again. That it was this session
      // which broke must not begin the next one.
      for (const path of stale) {
        this.#stale.delete(path);
        this.#onUnsettled(path);
      }
    } finally {
      this.#underWay = [];
    }
  }

  #directoriesAmong(paths: readonly BytePath[]): FileEntry[] {
    const view = new TreeView(this.#carrier.options);
    const found = paths.map((path) => view.glance(path)).filter((entry) => entry !== undefined);
    return view.withParents(found.filter(isDirectory));
  }
}
