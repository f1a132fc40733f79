import { type Stats, statfsSync } from "node:fs";

/** ext2 to ext4, XFS and tmpfs, as statfs(2) numbers them. */
const countingTypes: ReadonlySet<number> = new Set([0xef53, 0x58465342, 0x01021994]);

/**
 * Tells directories without subdirectories by their link count, so that they need not be listed.
 *
 * On the file systems named above a directory has a link for each subdirectory and two of its own.
 * Others count otherwise (btrfs: always 1) or cannot be relied on, and are listed.
 */
export class Leaves {
  readonly #isCounting = new Map<number, boolean>();

  /** True when `path`, whose stats these are, has certainly no subdirectory. */
  isLeaf(path: string | Buffer, stats: Stats): boolean {
    if (stats.nlink !== 2) return false;
    let isCounting = this.#isCounting.get(stats.dev);
    if (isCounting === undefined) {
      isCounting = typeCounts(path);
      this.#isCounting.set(stats.dev, isCounting);
    }
    return isCounting;
  }
}

function typeCounts(path: string | Buffer): boolean {
  try {
    return countingTypes.has(statfsSync(path).type);
  } catch {
    return false;
  }
}
