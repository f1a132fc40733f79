import type { TransferOptions } from "../options.ts";
import type { BytePath } from "../path.ts";
import { receivingOptions } from "../roles/receiving-options.ts";
import type { ClientSession } from "./client-session.ts";
import { placeInModule } from "./module-area.ts";
import type { ModuleTree } from "./module-tree.ts";
import { SessionFailure } from "./refusal.ts";

/**
 * What a client that pushes wants done.
 *
 * @throws {SessionFailure} for options that contradict each other, or cannot be had here.
 */
export function wantedTransfer({ options, module, agreement }: ClientSession): TransferOptions {
  const { fuzzy, acls, xattrs } = options.transfer;
  if ((acls || xattrs) && agreement.protocol < 30) {
    throw new SessionFailure(2, "--acls and --xattrs need protocol 30");
  }
  // The sums of a file that is hidden would tell what is in it.
  const isOpen = module.filter === undefined || module.filter.isEmpty;
  try {
    return receivingOptions({ ...options.transfer, ...(fuzzy && !isOpen && { fuzzy: false }) });
  } catch (cause) {
    throw new SessionFailure(4, (cause as Error).message, { cause });
  }
}

/** @throws {SessionFailure} for a directory of an option that the module hides. */
export function refuseHiddenPlaces(
  module: ModuleTree,
  destination: BytePath,
  { backupDir, partialDir, tempDir }: TransferOptions,
): void {
  for (const named of [backupDir, partialDir, tempDir]) {
    if (named === undefined || !module.isHidden(placeInModule(named, destination), true)) continue;
    throw new SessionFailure(1, "Your options have been rejected by the server.");
  }
}
