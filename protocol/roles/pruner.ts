import type { Steps } from "../destination/location.ts";
import { isDirectory } from "../flist/entry.ts";
import { type BytePath, baseName, parentPath } from "../path.ts";
import type { Slots } from "./incoming-lists.ts";
import { drain, type Pace } from "./pace.ts";
import type { ReceivingJob } from "./receiving.ts";

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
    }
    if (this.when === "before") await this.#pruneAll(slots);
  }

  /** A directory is there, and all names in it are known. */
  async visit(directory: BytePath): Promise<void> {
    if (this.when === "during") await this.#prune(directory);
    if (this.when === "delay") this.#delayed.push(...this.#extraneous(directory));
  }

  /** All files are in place. @param slots of the only list, if there is just one. */
  async finish(slots: Slots): Promise<void> {
    const { deleter, events } = this.#job;
    if (this.when === "after") await this.#pruneAll(slots);
    if (this.when === "delay" && this.#mayDelete()) {
      for (const path of this.#delayed) await this.#drain(deleter.remove(path));
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
    for (const path of this.#extraneous(directory)) {
      if (!this.#mayDelete()) return;
      await this.#drain(this.#job.deleter.remove(path, this.#job.tree.find(directory)?.device));
    }
  }

  #extraneous(directory: BytePath): BytePath[] {
    if (!this.#mayDelete()) return [];
    return this.#job.deleter.extraneous(directory, this.#listed.get(directory) ?? new Set());
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
