import { type FileEntry, fileTypes, type Item, itemFlags } from "../../../protocol/index.ts";

/** What the letters of an itemized line stand for, beside the type of the entry (spec 2 §2.2). */
const reports = {
  atime: 0x0001,
  change: 0x0002,
  /** Of a symlink: its time could not be set. */
  size: 0x0004,
  time: 0x0008,
  perms: 0x0010,
  owner: 0x0020,
  group: 0x0040,
  acl: 0x0080,
  xattr: 0x0100,
  crtime: 0x0400,
} as const;

const marks = itemFlags.basisTypeFollows | itemFlags.nameFollows | itemFlags.localChange;

/** True when something about the entry differs at the destination. */
export function isSignificant({ flags }: Item): boolean {
  return (flags & ~marks) !== 0;
}

/** Whether content goes to the daemon or comes from it. */
export type Direction = "send" | "receive";

export interface ItemizeOptions {
  /** `-t`: the time becomes the source's, not that of the transfer. */
  readonly keepsTimes: boolean;
  /** False where the times of symlinks cannot be set. Default true. */
  readonly keepsLinkTimes?: boolean;
  readonly direction: Direction;
}

/** The eleven characters that `rsync -i` prints of an item: `<f.st......`, `>f+++++++++`. */
export function itemize(
  entry: FileEntry,
  { flags }: Item,
  { keepsTimes, keepsLinkTimes = true, direction }: ItemizeOptions,
): string {
  const has = (bit: number): boolean => (flags & bit) !== 0;
  const arrow = direction === "send" ? "<" : ">";
  const kind = kindOf(flags, arrow);
  const type = typeLetter(entry);
  if (has(itemFlags.isNew)) return `${kind}${type}+++++++++`;
  if (has(itemFlags.unknown)) return `${kind}${type}?????????`;
  const isLink = type === "L";
  const timeLetter = keepsTimes && !(isLink && (!keepsLinkTimes || has(reports.size))) ? "t" : "T";
  const letters = [
    has(reports.change) ? "c" : ".",
    !isLink && has(reports.size) ? "s" : ".",
    has(reports.time) ? timeLetter : ".",
    has(reports.perms) ? "p" : ".",
    has(reports.owner) ? "o" : ".",
    has(reports.group) ? "g" : ".",
    accessLetter(flags),
    has(reports.acl) ? "a" : ".",
    has(reports.xattr) ? "x" : ".",
  ].join("");
  const isQuiet = kind !== arrow && letters === ".........";
  return `${kind}${type}${isQuiet ? "         " : letters}`;
}

function kindOf(flags: number, arrow: string): string {
  if ((flags & itemFlags.localChange) !== 0) {
    return (flags & itemFlags.nameFollows) === 0 ? "c" : "h";
  }
  return (flags & itemFlags.transfer) === 0 ? "." : arrow;
}

function typeLetter({ mode }: FileEntry): string {
  switch (mode & fileTypes.mask) {
    case fileTypes.directory:
      return "d";
    case fileTypes.symlink:
      return "L";
    case fileTypes.fifo:
    case fileTypes.socket:
      return "S";
    case fileTypes.characterDevice:
    case fileTypes.blockDevice:
      return "D";
    default:
      return "f";
  }
}

function accessLetter(flags: number): string {
  const letter = [".", "u", "n", "b"] as const;
  const atime = (flags & reports.atime) === 0 ? 0 : 1;
  const crtime = (flags & reports.crtime) === 0 ? 0 : 2;
  return letter[(atime + crtime) as 0 | 1 | 2 | 3];
}
