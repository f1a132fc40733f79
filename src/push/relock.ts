import { type BytePath, type FileEntry, isRegularFile } from "../../protocol/index.ts";
import { TreeView } from "./batch.ts";
import type { CarrierReport, EntryCarrier } from "./carry.ts";

/** Of a file's mode. */
export const ownerMayWrite = 0o200;

/**
 * Files that their owner may not write. A daemon that is not root makes a file writable before it
 * deletes a name of it, and so all other names: new names lose their mode with the old ones.
 */
export class Locked {
  readonly #paths = new Set<BytePath>();

  /** Takes note of what will be made of old names. */
  note(entries: Iterable<FileEntry>): void {
    for (const entry of entries) {
      if (isRegularFile(entry) && (entry.mode & ownerMayWrite) === 0) this.#paths.add(entry.path);
    }
  }

  /**
   * Gives them their mode again, once the old names have gone.
   *
   * @throws what ended the session; then they have been reported as to be looked at again.
   */
  async restore(carrier: EntryCarrier, report: CarrierReport): Promise<void> {
    if (this.#paths.size === 0) return;
    const again = (path: BytePath, until?: Promise<void>): void => report.again(path, until);
    try {
      const view = new TreeView(carrier.options);
      const found = [...this.#paths].map((path) => view.glance(path));
      const entries = view.withParents(
        found.filter((entry) => entry !== undefined).filter(isRegularFile),
      );
      const reports = (path: BytePath): boolean => this.#paths.has(path);
      const told = { ...quiet, again, failed: report.failed.bind(report) };
      await carrier.carry({ kind: "scan", entries, reports }, told);
    } catch (error) {
      for (const path of this.#paths) again(path);
      throw error;
    }
  }
}

const quiet: Pick<CarrierReport, "delivered" | "held"> = { delivered: () => {}, held: () => {} };
