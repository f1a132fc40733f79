import { type FileEntry, fileTypes } from "./flist/entry.ts";

/** How many objects, and how many of each kind. */
export interface ObjectCounts {
  readonly all: number;
  readonly files: number;
  readonly directories: number;
  readonly symlinks: number;
  readonly devices: number;
  /** Fifos and sockets. */
  readonly specials: number;
}

/** What `rsync --stats` tells of a push. */
export interface PushTotals {
  /** Everything that was listed. */
  readonly listed: ObjectCounts;
  /** What was not there before. */
  readonly created: ObjectCounts;
  /** What the daemon deleted; of which kind is told by some daemons only. */
  readonly deleted: ObjectCounts;
  /** Files whose content was asked for. */
  readonly transferredFiles: number;
  /** Of the files and symlinks that were listed. */
  readonly totalBytes: number;
  /** Of the files whose content was asked for, as they were listed. */
  readonly transferredBytes: number;
  /** Content that travelled. */
  readonly literalBytes: number;
  /** Content that the daemon had already. */
  readonly matchedBytes: number;
  /** On the wire, with everything. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

type Kind = Exclude<keyof ObjectCounts, "all">;

const kindsByType: Readonly<Record<number, Kind>> = {
  [fileTypes.regular]: "files",
  [fileTypes.directory]: "directories",
  [fileTypes.symlink]: "symlinks",
  [fileTypes.characterDevice]: "devices",
  [fileTypes.blockDevice]: "devices",
  [fileTypes.fifo]: "specials",
  [fileTypes.socket]: "specials",
};

/** Counts objects by kind; deletions are not objects. */
export class ObjectCounter implements ObjectCounts {
  all = 0;
  files = 0;
  directories = 0;
  symlinks = 0;
  devices = 0;
  specials = 0;

  add({ mode }: Pick<FileEntry, "mode">): void {
    const kind = kindsByType[mode & fileTypes.mask];
    if (kind === undefined) return;
    this.all += 1;
    this[kind] += 1;
  }
}

/** Counts what was listed: objects, and the bytes of files and symlinks. */
export class ListedTotals {
  readonly counts: ObjectCounter = new ObjectCounter();
  bytes = 0;

  constructor(entries: readonly FileEntry[] = []) {
    this.add(entries);
  }

  add(entries: readonly FileEntry[]): void {
    for (const entry of entries) {
      this.counts.add(entry);
      if (hasSize(entry)) this.bytes += entry.size;
    }
  }
}

/** The daemon's own counts, or, where it told none, what its messages say. */
export function deletedCounts(
  told: readonly number[] | undefined,
  seen: { readonly all: number; readonly directories: number },
): ObjectCounts {
  if (told === undefined || told.every((count) => count === 0)) {
    const { all, directories } = seen;
    const files = all - directories;
    return { all, files, directories, symlinks: 0, devices: 0, specials: 0 };
  }
  const [files = 0, directories = 0, symlinks = 0, devices = 0, specials = 0] = told;
  const all = files + directories + symlinks + devices + specials;
  return { all, files, directories, symlinks, devices, specials };
}

/** True for what counts in {@link PushTotals.totalBytes}. */
export function hasSize({ mode }: Pick<FileEntry, "mode">): boolean {
  const type = mode & fileTypes.mask;
  return type === fileTypes.regular || type === fileTypes.symlink;
}
