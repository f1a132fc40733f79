import { type BigIntStats, closeSync, fstatSync, lstatSync, openSync, readSync } from "node:fs";

/** What the system knows of an object. Valid until the next question. */
export interface FileStatus {
  readonly mode: number;
  readonly size: number;
  readonly mtimeSeconds: number;
  /** 0 to 999,999,999, before 1970, too. */
  readonly mtimeNanoseconds: number;
  readonly atimeSeconds: number;
  readonly uid: number;
  readonly gid: number;
  /** As Node has them: doubles, whatever their bits. */
  readonly device: number;
  readonly inode: number;
  readonly linkCount: number;
  /** `st_ctime`, ns since 1970. */
  readonly changedNs: bigint;
  /** Of a device: its own number, where `device` is that of what it lies on. */
  readonly major: number;
  readonly minor: number;
}

/** What is asked of the file system for each of very many files. All calls are synchronous. */
export interface FileCalls {
  /** Undefined when nothing is there, or what is above leads nowhere. @throws what the system says. */
  lstat(path: string | Buffer): FileStatus | undefined;
  /**
   * The same of a name in an open directory, in a third of the time: the system looks no path up.
   * Undefined where Node's own functions are all there is.
   *
   * @param name one component, as a byte string.
   */
  readonly lstatAt?: (directory: number, name: string) => FileStatus | undefined;
  /** @throws what the system says. */
  open(path: string | Buffer, flags: number): number;
  /** Reads up to `length` bytes at `position` to the front of `into`. @throws what the system says. */
  read(descriptor: number, into: Uint8Array, length: number, position: number): number;
  /** @throws what the system says. */
  fstat(descriptor: number): FileStatus;
  /** Closes what this `open` has opened. */
  close(descriptor: number): void;
}

/** Parents that are no directories any more, or have become links that lead nowhere. */
const parentGoneCodes = new Set(["ENOTDIR", "ELOOP"]);

/** By Node's own functions. */
export const nodeCalls: FileCalls = {
  lstat: (path) => {
    try {
      const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
      return stats && statusOf(stats);
    } catch (error) {
      // Its own option takes ENOENT for absence only.
      if (parentGoneCodes.has((error as NodeJS.ErrnoException).code ?? "")) return undefined;
      throw error;
    }
  },
  open: openSync,
  read: (descriptor, into, length, position) => readSync(descriptor, into, 0, length, position),
  fstat: (descriptor) => statusOf(fstatSync(descriptor, { bigint: true })),
  close: closeSync,
};

const nanosecondsPerSecond = 1_000_000_000n;

/** The same from what Node says. */
export function statusOf(stats: BigIntStats): FileStatus {
  const nanoseconds = Number(stats.mtimeNs % nanosecondsPerSecond);
  return {
    mode: Number(stats.mode),
    size: Number(stats.size),
    // Milliseconds are exact as numbers; before 1970 both round down, as the wire wants it.
    mtimeSeconds: Math.floor(Number(stats.mtimeMs) / 1_000),
    mtimeNanoseconds: nanoseconds < 0 ? nanoseconds + 1_000_000_000 : nanoseconds,
    atimeSeconds: Math.floor(Number(stats.atimeMs) / 1_000),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    device: Number(stats.dev),
    inode: Number(stats.ino),
    linkCount: Number(stats.nlink),
    changedNs: stats.ctimeNs,
    ...splitDevice(stats.rdev),
  };
}

/** Linux packs both numbers into one: major in bits 8-19 and 44-63, minor in 0-7 and 20-43. */
function splitDevice(device: bigint): { major: number; minor: number } {
  return {
    major: Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n)),
    minor: Number((device & 0xffn) | ((device >> 12n) & 0xffffff00n)),
  };
}
