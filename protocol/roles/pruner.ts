import type { Steps } from "../destination/location.ts";
import { isDirectory, isSymlink } from "../flist/entry.ts";
import { type BytePath, baseName, parentPath } from "../path.ts";
import type { Slots } from "./incoming-lists.ts";
import { bytesPerEntry, drain, type Pace } from "./pace.ts";
import type { ReceivingJob } from "./receiving.ts";

/** Remembering a name counts for so much in a step. */
const bytesPerName = 64;

/** Deletes what nobody lists, when it is time for that (spec 2 §6.5). */
export class Pruner {
  readonly when: "before" | "during" | "delay" | "after" | undefined;
  readonly #job: ReceivingJob;
  readonly #pace: Pace;
  /** The names that are listed in a directory. */
  readonly #listed = new Map<BytePath, Set<string>>();
  readonly #delayed: BytePath[] = [];
  #saidKept = false;

  constructor(job: ReceivingJob, pace: Pace) {
    this.#job = job;
    this.#pace = pace;
    this.when = whenOf(job);
  }

  /** A list is about to be worked off. */
  async begin(slots: Slots): Promise<void> {
    if (this.when === undefined) return;
    if (this.#job.lists.isIncremental) this.#listed.clear(); // it has all that is in its directory
    for (const entry of slots) {
      if (entry === undefined || entry.path === "") continue;
      const directory = parentPath(entry.path);
      const names = this.#listed.get(directory) ?? new Set();
      names.add(baseName(entry.path));
      this.#listed.set(directory, names);
      this.#pace.spend(bytesPerName);
      if (this.#pace.isDue) await this.#pace.take();
    }
    if (this.when === "before") await this.#pruneAll(slots);
  }

  /** A directory is there, and all names in it are known. */
  async visit(directory: BytePath): Promise<void> {
    if (this.when === "during") await this.#prune(directory);
    if (this.when === "delay") {
      for (const path of await this.#extraneous(directory)) this.#delayed.push(path);
    }
  }

  /** All files are in place. @param slots of the only list, if there is just one. */
  async finish(slots: Slots): Promise<void> {
    const { deleter, events } = this.#job;
    if (this.when === "after") await this.#pruneAll(slots);
    if (this.when === "delay" && this.#mayDelete()) {
      for (const path of this.#delayed) await this.#remove(path);
    }
    if (deleter.skipped > 0) events.deletionsStopped(deleter.skipped);
  }

  async #pruneAll(slots: Slots): Promise<void> {
    for (const entry of slots) {
      if (entry !== undefined && isDirectory(entry) && entry.hasContent) {
        await this.#prune(entry.path);
      }
    }
  }

  async #prune(directory: BytePath): Promise<void> {
    const extraneous = await this.#extraneous(directory);
    const device = extraneous.length > 0 ? this.#job.tree.find(directory)?.device : undefined;
    for (const path of extraneous) {
      if (!this.#mayDelete()) return;
      await this.#remove(path, device);
    }
  }

  /** Also what goes in one step is work, and is told: the other side may be slower than we are. */
  async #remove(path: BytePath, parentDevice?: number): Promise<void> {
    await this.#drain(this.#job.deleter.remove(path, parentDevice));
    this.#pace.spend(bytesPerEntry);
    if (this.#pace.isDue) await this.#pace.take();
  }

  async #extraneous(directory: BytePath): Promise<readonly BytePath[]> {
    if (!this.#mayDelete()) return [];
    const { tree, transfer } = this.#job;
    const here = transfer.keepDirlinks ? tree.find(directory) : undefined;
    if (here !== undefined && isSymlink(here)) tree.adopt(directory);
    const listed = this.#listed.get(directory) ?? new Set();
    return this.#drain(this.#job.deleter.extraneous(directory, listed));
  }

  /** What a sender could not read is missing from its list, and must not be deleted. */
  #mayDelete(): boolean {
    const { senderFailed, transfer, events } = this.#job;
    if (!senderFailed() || transfer.ignoreErrors) return true;
    if (!this.#saidKept) events.told("IO error encountered -- skipping file deletion");
    this.#saidKept = true;
    return false;
  }

  #drain<T>(steps: Steps<T>): Promise<T> {
    return drain(steps, this.#pace);
  }
}

function whenOf({ transfer, protocol }: ReceivingJob): Pruner["when"] {
  if (!transfer.delete) return undefined;
  if (transfer.delete !== true) return transfer.delete;
  return protocol < 30 ? "before" : "during";
}
