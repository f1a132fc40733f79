import { type BytePath, deletion, type FileEntry, isWithin } from "../../protocol/index.ts";
import type { Carrier } from "./carrier.ts";
import type { CarrierReport } from "./carry.ts";
import { deletable, surveyEntries } from "./survey.ts";

/**
 * A deleted directory may hold, at the target, what the rules exclude and nobody sent, or what was in
 * a mount that has gone. Then the daemon is asked first what would go, and only the rest is deleted.
 *
 * @param listed the deletions and the directories above them.
 * @returns the deletions that leave all of that in place.
 */
export async function sparedDeletions(
  deletions: readonly FileEntry[],
  listed: readonly FileEntry[],
  carrier: Carrier,
): Promise<readonly FileEntry[]> {
  const { mounts } = carrier.options;
  const mustAsk = carrier.hasRules || deletions.some(({ path }) => mounts.hidesBelow(path));
  if (!mustAsk || deletions.length === 0) return deletions;
  const found = await surveyEntries(listed, carrier.options, carrier.sessions);
  const hasExcluded = found.some(({ path, isDirectory }) =>
    carrier.rules.excluded(path, isDirectory),
  );
  return hasExcluded ? deletable(found, carrier.rules).map(deletion) : deletions;
}

/** Directories that are to go but for what is excluded: they end when all that may go has gone. */
export class SparedTrees {
  /** Tells on what it is told; what fails in such a directory, of that. */
  readonly report: CarrierReport;
  readonly #open: Set<BytePath>;
  readonly #answer: CarrierReport;

  constructor(trees: readonly BytePath[], answer: CarrierReport) {
    this.#open = new Set(trees);
    this.#answer = answer;
    const inTree = (path: BytePath, tell: (path: BytePath) => void): void => {
      const tree = this.treeOf(path);
      if (tree !== undefined) this.#open.delete(tree);
      tell(tree ?? path);
    };
    this.report = {
      delivered: (delivery) => {
        if (!trees.some((tree) => isWithin(delivery.path, tree))) answer.delivered(delivery);
      },
      failed: ({ path, reason }) => inTree(path, (at) => answer.failed({ path: at, reason })),
      again: (path, until) => inTree(path, (at) => answer.again(at, until)),
      held: (path) => answer.held(path),
    };
  }

  /** The directory that a path is in. */
  treeOf(path: BytePath): BytePath | undefined {
    return [...this.#open].find((tree) => isWithin(path, tree));
  }

  /** All sessions have ended well. */
  end(): void {
    for (const path of this.#open) this.#answer.delivered({ path, kind: "nothing", bytes: 0 });
  }
}
