import type { BytePath } from "../../protocol/path.ts";

/** An entry as it is on disk. */
export interface FoundEntry {
  readonly type: "file" | "directory" | "symlink" | "other";
  /** Permission bits in octal; not of a symlink, which has none of its own. */
  readonly mode?: string;
  /** Of a file. */
  readonly mtimeNs?: bigint;
  /** Of everything else. */
  readonly mtimeSeconds?: bigint;
  readonly sizeBytes?: number;
  /** SHA-256 of a file's content, in hex. */
  readonly content?: string;
  /** A symlink's target as a byte string. */
  readonly target?: string;
  /** User and group number. */
  readonly owner: string;
}

/** What counts as a difference besides type, content and link target. */
export interface TreeComparison {
  /** Permission bits. Default true. */
  readonly modes?: boolean;
  /**
   * Modification times: of files to the nanosecond; of symlinks and directories to the second,
   * because a stock daemon leaves theirs alone when the second is right. Default true.
   */
  readonly times?: boolean;
  /** Modification times of directories. Default: as `times`. */
  readonly directoryTimes?: boolean;
  /** User and group numbers. Default false. */
  readonly owners?: boolean;
  /** The attributes of the root itself. Default true. */
  readonly root?: boolean;
}

/** One line of a comparison. */
export interface Difference {
  readonly path: BytePath;
  readonly difference: string;
}

/** A tree as it is on disk, by byte path; the root itself is "". */
export type FoundTree = ReadonlyMap<BytePath, FoundEntry>;

export interface ReadingOptions {
  /** False: files are looked at, and not read. Default true. */
  readonly contents?: boolean;
}

/** Reads everything below `root`, following no link. */
export function readTree(root: string, options?: ReadingOptions): FoundTree;

/** Every difference between two trees, sorted by path; empty when they are equal. */
export function findDifferences(
  wanted: FoundTree,
  found: FoundTree,
  options?: TreeComparison,
): Difference[];
