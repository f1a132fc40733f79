/** The bits of the daemon's first number after the arguments (spec 1 §3.2). */
export const compatFlags = {
  incrementalRecursion: 0x001,
  symlinkTimes: 0x002,
  symlinkIconv: 0x004,
  safeFileList: 0x008,
  avoidXattrOptimization: 0x010,
  checksumSeedFix: 0x020,
  inplacePartialDir: 0x040,
  varintFlags: 0x080,
  id0Names: 0x100,
} as const;

/** What both sides have agreed on when a session is ready for its file list. */
export interface Agreement {
  readonly protocol: number;
  /** A sum of {@link compatFlags}. */
  readonly compat: number;
  readonly checksum: string;
  /** Of lists that are compared by content, where that is another one. */
  readonly listChecksum?: string;
  readonly compression: string | undefined;
  /** Goes into block checksums. */
  readonly seed: number;
  /** The daemon acknowledges what is in place; without it, a clean end has to do. */
  readonly acknowledges: boolean;
  /** Names are deleted by rules for a delete pass, not by entries of the list. */
  readonly deletesByRules: boolean;
}

/** True when the file list goes out in pieces, and must: numbers are other ones then. */
export function isIncremental({ compat }: Pick<Agreement, "compat">): boolean {
  return (compat & compatFlags.incrementalRecursion) !== 0;
}

/** The names a daemon offers, where it was asked. */
export interface OfferedNames {
  readonly checksums?: readonly string[] | undefined;
  readonly compressions?: readonly string[] | undefined;
}
