import type { ModeChange } from "../flist/chmod.ts";
import { type FileEntry, isDirectory, isSymlink } from "../flist/entry.ts";
import type { PatternMatch } from "../flist/pattern.ts";
import type { TransferOptions } from "../options.ts";
import { type BytePath, displayPath } from "../path.ts";
import { isUnsafe } from "../roles/object-maker.ts";
import type { ClientSession } from "./client-session.ts";

/** In front of a link's target, so that it leads nowhere (rsyncd.conf(5), "munge symlinks"). */
const mungedPrefix = "/rsyncd-munged/";

export interface IncomingNeeds {
  readonly session: ClientSession;
  readonly transfer: TransferOptions;
  readonly isHidden: PatternMatch;
  /** Told of each entry that the module does not take. */
  readonly onRefused: (path: BytePath) => void;
  readonly changeMode: ModeChange | undefined;
}

type Slots = readonly (FileEntry | undefined)[];

/** A pushed list as the module takes it: what it hides left out, modes and links as it has them. */
export function incomingEntries(
  listed: Slots,
  { session, transfer: wanted, isHidden, onRefused, changeMode }: IncomingNeeds,
): { readonly slots: Slots; readonly transfer: TransferOptions } {
  const { module } = session;
  const { safeLinks = false } = wanted;
  const munges = module.mungeSymlinks ?? false;
  const slots = listed.map((entry) => {
    if (entry === undefined) return undefined;
    if (entry.path !== "" && isHidden(entry.path, isDirectory(entry))) {
      onRefused(entry.path);
      return undefined;
    }
    if (munges && isSymlink(entry) && entry.linkTarget !== undefined) {
      if (!safeLinks || !isUnsafe(entry.linkTarget, entry.path)) return munged(entry);
      session.tell("info", `ignoring unsafe symlink ${displayPath(entry.path)}`);
      return undefined;
    }
    return changeMode === undefined ? entry : changeMode(entry);
  });
  // A munged target looks unsafe; the real ones have been looked at above.
  const transfer = munges ? { ...wanted, safeLinks: false } : wanted;
  return { slots, transfer };
}

function munged(entry: FileEntry): FileEntry {
  return { ...entry, linkTarget: `${mungedPrefix}${entry.linkTarget}` };
}

/** A link as it was before {@link incomingEntries} stored it. */
export function unmunged(entry: FileEntry): FileEntry {
  const { linkTarget } = entry;
  if (!linkTarget?.startsWith(mungedPrefix)) return entry;
  return { ...entry, linkTarget: linkTarget.slice(mungedPrefix.length) };
}
