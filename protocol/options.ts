/** rsync's own compression names; which of them a session uses is negotiated with the daemon. */
export type CompressionName = "zstd" | "lz4" | "zlibx" | "zlib";

/** Directories at the daemon, at most 20, that may hold files which are not at the destination. */
export interface AlternateDestination {
  /** Whether such a file is left where it is, copied from there, or linked. */
  readonly how: "compare" | "copy" | "link";
  /**
   * From the module's root when they begin with "/", else from the destination directory; text, and
   * for a push also bytes as they are.
   */
  readonly directories: readonly (string | Uint8Array)[];
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
  /** `--usermap`, `--groupmap`: rules such as `0-99:nobody,wheel:admin`; the daemon applies them. */
  readonly userMap?: string;
  readonly groupMap?: string;
  /** `--super`: the daemon tries what only root may, whoever it is. */
  readonly super?: boolean;
  /** `-E`: without `perms`, the right to execute is kept. */
  readonly executability?: boolean;
  /** `--chmod`: changes the modes that are told, as chmod(1) does; `D755,F644`. */
  readonly chmod?: string;
  /** `-A`: access lists, and with them permissions. Protocol 30 and later. */
  readonly acls?: boolean;
  /**
   * `-X`: extended attributes, those of all namespaces when we are root; "all", `-XX`: also those
   * in which `--fake-super` keeps what it may not set. Protocol 30 and later.
   */
  readonly xattrs?: boolean | "all";
  /** `-U`: times of access, of all but directories. Protocol 30 and later. */
  readonly atimes?: boolean;
  /** `--open-noatime`: reading a file leaves its time of access, where we may do so. */
  readonly openNoatime?: boolean;
  /** `--copy-devices`: devices are sent as files, with their content. */
  readonly copyDevices?: boolean;
  /** `--write-devices`: content is written into devices that are there; implies `inplace`. */
  readonly writeDevices?: boolean;
  /** `-O` */
  readonly omitDirTimes?: boolean;
  /** `-J` */
  readonly omitLinkTimes?: boolean;
  /** `-K`: a symlink to a directory at the destination is taken for that directory. */
  readonly keepDirlinks?: boolean;
  /** `-L`: symlinks are sent as what they lead to. */
  readonly copyLinks?: boolean;
  /** `--copy-unsafe-links`: those that lead out of the tree are. */
  readonly copyUnsafeLinks?: boolean;
  /** `-k`: those that lead to directories are. */
  readonly copyDirlinks?: boolean;
  /** `--munge-links`: what a daemon has put in front of symlinks' targets is taken off. */
  readonly mungeLinks?: boolean;
  /** `--safe-links`: symlinks that lead out of the tree are left out. */
  readonly safeLinks?: boolean;
  /** `-u`: a file that is newer at the destination is kept. */
  readonly update?: boolean;
  /** `-c`: compare by checksum instead of size and time. */
  readonly checksum?: boolean;
  /**
   * `--checksum-choice`: xxh128, xxh3, xxh64, md5, md4, sha1 or none, perhaps another one behind a comma for what
   * `checksum` compares. Default: negotiated.
   */
  readonly checksumChoice?: string;
  /** `--checksum-seed`, a number of 32 bits; 0 or absent: the daemon takes its own. */
  readonly checksumSeed?: number;
  /** `-I`: send even when size and time are equal. */
  readonly ignoreTimes?: boolean;
  /** `--size-only` */
  readonly sizeOnly?: boolean;
  /** `--max-size`, `--min-size`: larger and smaller files are left out; in bytes. */
  readonly maxSizeBytes?: number;
  readonly minSizeBytes?: number;
  /** `--existing` */
  readonly existing?: boolean;
  /** `--ignore-existing` */
  readonly ignoreExisting?: boolean;
  /** `-W`: no delta search. */
  readonly wholeFile?: boolean;
  /** `--inplace` */
  readonly inplace?: boolean;
  /**
   * `--append`: where a file is shorter, only what is missing at its end is sent; "verify" for
   * `--append-verify`, which then compares the whole.
   */
  readonly append?: boolean | "verify";
  /** `-S`: runs of zeros become holes at the destination. */
  readonly sparse?: boolean;
  /** `--preallocate` */
  readonly preallocate?: boolean;
  /** `--fsync` */
  readonly fsync?: boolean;
  /**
   * `-y`: a file of a similar name is the basis of a new one; "alternates", `-yy`: also one in the
   * alternate directories. Protocol 29 and later.
   */
  readonly fuzzy?: boolean | "alternates";
  /** `-n` */
  readonly dryRun?: boolean;
  /** `-z`, or a `--compress-choice`. */
  readonly compress?: boolean | CompressionName;
  /** `--compress-level`, as the chosen algorithm counts. */
  readonly compressLevel?: number;
  /**
   * `--skip-compress`: files with these suffixes travel as they are, under zlib and zlibx; `*` for
   * all. Default: what would not become shorter does.
   */
  readonly skipCompress?: readonly string[];
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
  /** `--partial-dir`; wins over `partial`. */
  readonly partialDir?: string;
  /** `--delay-updates`: all files are put in place at the end. */
  readonly delayUpdates?: boolean;
  /** `--temp-dir` */
  readonly tempDir?: string;
  /** `--compare-dest`, `--copy-dest` or `--link-dest`: where the daemon looks for files, too. */
  readonly alternate?: AlternateDestination;
  /** `--backup`, `--backup-dir`, `--suffix` */
  readonly backup?: boolean;
  readonly backupDir?: string;
  readonly suffix?: string;
  /** `--mkpath`: missing directories above the destination are made. Daemons of 3.2.3 and later. */
  readonly makePath?: boolean;
  /** `-d`: directories are listed, but not what is in them. */
  readonly dirs?: boolean;
  /** `-R`: names keep the whole path that was given; the directories above them are implied. */
  readonly relative?: boolean;
  /** Off with `--no-implied-dirs`: implied directories do not get our attributes. Default true. */
  readonly impliedDirs?: boolean;
  /** `-m` */
  readonly pruneEmptyDirs?: boolean;
  /** `--delete-excluded`: what is excluded here is not protected there. */
  readonly deleteExcluded?: boolean;
  /** `-C`: what CVS ignores is left out, and kept there. Default false. */
  readonly cvsExclude?: boolean;
  /** `--ignore-errors`: deletes even when something could not be listed here. */
  readonly ignoreErrors?: boolean;
  /**
   * `--iconv`: names have this character set here; the daemon is told which they have there. Such
   * a push is listed before it is sent.
   */
  readonly iconv?: { readonly local: string; readonly remote: string };
  /** `-M`: options for the daemon alone. */
  readonly remoteOptions?: readonly string[];
}
