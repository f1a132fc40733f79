import type { ModeChange } from "../flist/chmod.ts";
import { type FileEntry, isDirectory, isSymlink } from "../flist/entry.ts";
import { munged } from "../flist/munge.ts";
import type { PatternMatch } from "../flist/pattern.ts";
import { eachOf, paced } from "../flist/stepwise.ts";
import type { TransferOptions } from "../options.ts";
import type { BytePath } from "../path.ts";
import type { Slots } from "../roles/incoming-lists.ts";
import { isUnsafe, unsafeText } from "../roles/object-maker.ts";
import type { ClientSession } from "./client-session.ts";

export interface IncomingNeeds {
  readonly session: ClientSession;
  readonly transfer: TransferOptions;
  readonly isHidden: PatternMatch;
  /** Told of each entry that the module does not take. */
  readonly onRefused: (path: BytePath) => void;
  readonly changeMode: ModeChange | undefined;
}

/** How a pushed list becomes one that the module takes. */
export interface IncomingChanges {
  /** What the module hides is left out, modes and links are as it has them. */
  readonly changes: (listed: Slots) => Promise<Slots>;
  readonly transfer: TransferOptions;
}

/** Prepares for the lists of one session. */
export function incomingChanges({
  session,
  transfer: wanted,
  isHidden,
  onRefused,
  changeMode,
}: IncomingNeeds): IncomingChanges {
  const { safeLinks = false } = wanted;
  const munges = session.module.mungeSymlinks ?? false;
  const change = (entry: FileEntry | undefined): FileEntry | undefined => {
    if (entry === undefined) return undefined;
    if (entry.path !== "" && isHidden(entry.path, isDirectory(entry))) {
      onRefused(entry.path);
      return undefined;
    }
    if (munges && isSymlink(entry) && entry.linkTarget !== undefined) {
      if (!safeLinks || !isUnsafe(entry.linkTarget, entry.path)) return munged(entry);
      if (session.options.verbosity > 0) {
        session.tell("info", unsafeText(entry.path, entry.linkTarget));
      }
      return undefined;
    }
    return changeMode === undefined ? entry : changeMode(entry);
  };
  return {
    changes: async (listed) => {
      const changed: (FileEntry | undefined)[] = [];
      await paced(
        eachOf(listed, (entry) => changed.push(change(entry))),
        () => new Promise(setImmediate),
      );
      return changed;
    },
    // A munged target looks unsafe; the real ones have been looked at above.
    transfer: munges ? { ...wanted, safeLinks: false } : wanted,
  };
}
