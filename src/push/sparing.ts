import { deletion, type FileEntry } from "../../protocol/index.ts";
import type { Carrier } from "./carrier.ts";
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
