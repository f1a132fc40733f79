/** rsync's own compression names; which of them a session uses is negotiated with the daemon. */
export type CompressionName = "zstd" | "lz4" | "zlibx" | "zlib";

/** Directories at the daemon, at most 20, that may hold files which are not at the destination. */
export interface AlternateDestination {
  /** Whether such a file is left where it is, copied from there, or linked. */
  readonly how: "compare" | "copy" | "link";
  /** From the module's root when they begin with "/", else from the destination directory. */
  readonly directories: readonly string[];
}

/**
 * What is transferred and how it is compared: the subset of rsync(1)'s options that a push has,
 * under rsync's long names. Everything is off unless said.
 */
export interface TransferOptions {
  /** `-r`: descend into directories. */
  readonly recursive?: boolean;
  /** `-l`: symlinks are sent as symlinks; without it they are skipped. */
  readonly links?: boolean;
  /** `-H`: names of one file become names of one file at the destination. */
  readonly hardLinks?: boolean;
  /** `-p` */
  readonly perms?: boolean;
  /** `-t` */
  readonly times?: boolean;
  /** `-o` */
  readonly owner?: boolean;
  /** `-g` */
  readonly group?: boolean;
  /** `--devices`, half of `-D` */
  readonly devices?: boolean;
  /** `--specials`, half of `-D`: fifos and sockets */
  readonly specials?: boolean;
  /** `--numeric-ids`: owners travel as numbers, names are not mapped. */
  readonly numericIds?: boolean;
  /** `-O` */
  readonly omitDirTimes?: boolean;
  /** `-u`: a file that is newer at the destination is kept. */
  readonly update?: boolean;
  /** `-c`: compare by checksum instead of size and time. */
  readonly checksum?: boolean;
  /** `-I`: send even when size and time are equal. */
  readonly ignoreTimes?: boolean;
  /** `--size-only` */
  readonly sizeOnly?: boolean;
  /** `--existing` */
  readonly existing?: boolean;
  /** `--ignore-existing` */
  readonly ignoreExisting?: boolean;
  /** `-W`: no delta search. */
  readonly wholeFile?: boolean;
  /** `--inplace` */
  readonly inplace?: boolean;
  /** `-S`: runs of zeros become holes at the destination. */
  readonly sparse?: boolean;
  /** `-n` */
  readonly dryRun?: boolean;
  /** `-z`, or a `--compress-choice`. */
  readonly compress?: boolean | CompressionName;
  /** `--compress-level`, as the chosen algorithm counts. */
  readonly compressLevel?: number;
  /** `--delete` in any of its forms. */
  readonly delete?: boolean | "before" | "during" | "delay" | "after";
  /** `--force`: a directory in the way of something else is emptied and removed. */
  readonly force?: boolean;
  /** `--max-delete` */
  readonly maxDelete?: number;
  /** `--timeout` in seconds, enforced on our side; 0 or absent: none. */
  readonly timeoutSeconds?: number;
  /** `--bwlimit` in KiB per second; 0 or absent: none. */
  readonly bandwidthKiB?: number;
  /** `-B` in bytes. */
  readonly blockSizeBytes?: number;
  /** `--modify-window` in seconds; -1 compares nanoseconds. */
  readonly modifyWindowSeconds?: number;
  /** `--partial` */
  readonly partial?: boolean;
  /** `--temp-dir` */
  readonly tempDir?: string;
  /** `--compare-dest`, `--copy-dest` or `--link-dest`: where the daemon looks for files, too. */
  readonly alternate?: AlternateDestination;
  /** `--backup`, `--backup-dir`, `--suffix` */
  readonly backup?: boolean;
  readonly backupDir?: string;
  readonly suffix?: string;
}
