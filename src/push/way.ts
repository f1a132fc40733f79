import { type BytePath, deletion, isDirectory } from "../../protocol/index.ts";
import { TreeView } from "./batch.ts";
import type { Carrier, CarrierReport } from "./carrier.ts";
import type { PathFailure } from "./message.ts";
import { deletable, surveyEntries } from "./survey.ts";

/**
 * Makes way for what replaces a directory at the target where rules exclude anything: all in it goes
 * but what is excluded (design law 5). Such a directory stays, and what was to replace it waits.
 */
export class Way {
  /** Tells on what it is told, but for entries that a directory stands in the way of. */
  readonly report: CarrierReport;
  readonly #carrier: Carrier;
  readonly #failed: (failure: PathFailure) => void;
  readonly #blocked = new Map<BytePath, PathFailure>();

  constructor(carrier: Carrier, report: CarrierReport) {
    this.#carrier = carrier;
    this.#failed = report.failed;
    this.report = { ...report, failed: (failure) => this.#take(failure) };
  }

  /** Deletes what may go, and has the rest reported. @throws what ended a session. */
  async clear(): Promise<void> {
    if (this.#blocked.size === 0) return;
    const { options, sessions, rules } = this.#carrier;
    const view = new TreeView(options);
    const blocked = [...this.#blocked.keys()].filter((path) => this.#isStillOther(path));
    const asked = view.withParents(blocked.map(deletion));
    const gone = deletable(await surveyEntries(asked, options, sessions), rules);
    // Below a name that is no directory here: only what is above it can be listed.
    const entries = [...gone.map(deletion), ...asked.filter(isDirectory)];
    const reports = (): boolean => false;
    await this.#carrier.carry({ kind: "removal", entries, reports }, this.report);
    const cleared = new Set(gone);
    for (const [path, failure] of this.#blocked) {
      if (cleared.has(path)) this.report.again(path);
      else this.#failed({ ...failure, reason: `${failure.reason}; what is excluded is in it` });
    }
  }

  /** False when a directory is here again, too: then nothing is in its way. */
  #isStillOther(path: BytePath): boolean {
    const entry = this.#carrier.options.tree.lstat(path);
    if (entry !== undefined && !isDirectory(entry)) return true;
    this.#blocked.delete(path);
    this.report.again(path);
    return false;
  }

  #take(failure: PathFailure): void {
    const isBlocked = this.#carrier.hasRules && /non-empty directory|make way/.test(failure.reason);
    if (isBlocked && !this.#blocked.has(failure.path)) this.#blocked.set(failure.path, failure);
    else if (!isBlocked) this.#failed(failure);
  }
}
