import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  unlinkSync,
} from "node:fs";
import { deletion, type FileEntry, fileTypes } from "../flist/entry.ts";
import { type BytePath, nativePath } from "../path.ts";
import { type OpenAttributes, openAttributes } from "./attributes.ts";
import { isGone, type LinkOptions, readLink } from "./links.ts";
import type { FileSource, FileState, OpenFile } from "./source.ts";

/** Followed by nobody: not the last component, and no wait for a fifo's writer. */
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const nanosecondsPerSecond = 1_000_000_000n;

/** A directory tree on this machine. */
export class LocalTree implements FileSource {
  /** The directory, absolute, as a byte string. */
  readonly root: string;
  readonly #links: LinkOptions;

  /** @param links which symlinks stand for what they lead to. Default: none. */
  constructor(root: string, links: LinkOptions = {}) {
    this.root = root;
    this.#links = links;
  }

  /** What lies at `path` now, or undefined when nothing does. */
  lstat(path: BytePath): FileEntry | undefined {
    const native = this.native(path);
    const stats = lstatQuietly(native);
    if (stats === undefined) return undefined;
    const entry = entryOf(path, stats);
    if ((entry.mode & fileTypes.mask) !== fileTypes.symlink) return entry;
    const meaning = readLink(native, path, this.#links);
    if (meaning === undefined) return undefined;
    if ("linkTarget" in meaning) return { ...entry, linkTarget: meaning.linkTarget };
    return { ...entryOf(path, meaning.referent), isFollowed: true };
  }

  /** As {@link lstat}, but a name that is gone becomes its deletion. */
  current(path: BytePath): FileEntry {
    return this.lstat(path) ?? deletion(path);
  }

  open(entry: FileEntry): OpenFile | undefined {
    const descriptor = openQuietly(this.native(entry.path), entry.isFollowed);
    return descriptor === undefined ? undefined : new LocalFile(descriptor, entry);
  }

  attributes(entry: FileEntry): OpenAttributes {
    return openAttributes(this.native(entry.path), entry);
  }

  /** Names in a directory, as byte strings. @throws what the system says. */
  names(directory: BytePath): string[] {
    return readdirSync(this.native(directory), "latin1");
  }

  /** The whole of a small file, as a byte string. @throws what the system says. */
  text(path: BytePath): string {
    return readFileSync(this.native(path), "latin1");
  }

  /** Removes what is no directory. @throws what the system says. */
  remove(path: BytePath): void {
    unlinkSync(this.native(path));
  }

  /** What file system calls take for a path, at once. */
  protected native(path: BytePath): string | Buffer {
    return nativePath(this.root, path);
  }
}

class LocalFile implements OpenFile {
  readonly #descriptor: number;
  readonly #entry: FileEntry;

  constructor(descriptor: number, entry: FileEntry) {
    this.#descriptor = descriptor;
    this.#entry = entry;
  }

  read(into: Uint8Array, length: number, position: number): number {
    return readSync(this.#descriptor, into, 0, length, position);
  }

  /** The inode decides: a name whose parent has become a symlink leads to another one. */
  state(): FileState {
    const { identity, size, mtimeSeconds, mtimeNanoseconds } = this.#entry;
    const stats = fstatSync(this.#descriptor);
    const same =
      identity === undefined || (stats.ino === identity.inode && stats.dev === identity.device);
    if (!same || !stats.isFile()) return "replaced";
    // The same sum as Node's own, so that equal times give equal doubles.
    const mtimeMs = mtimeSeconds * 1_000 + mtimeNanoseconds / 1_000_000;
    return stats.size === size && stats.mtimeMs === mtimeMs ? "as listed" : "changed";
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** An entry from lstat's answer; a symlink's target is added by who reads it. */
export function entryOf(path: BytePath, stats: BigIntStats): FileEntry {
  const mode = Number(stats.mode);
  const type = mode & fileTypes.mask;
  // Milliseconds are exact as numbers; before 1970 both round down, as the wire wants it.
  const mtimeSeconds = Math.floor(Number(stats.mtimeMs) / 1_000);
  const nanoseconds = Number(stats.mtimeNs % nanosecondsPerSecond);
  const entry: FileEntry = {
    path,
    mode,
    size: Number(stats.size),
    mtimeSeconds,
    mtimeNanoseconds: nanoseconds < 0 ? nanoseconds + 1_000_000_000 : nanoseconds,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    identity: { device: Number(stats.dev), inode: Number(stats.ino) },
  };
  const isDevice = type === fileTypes.characterDevice || type === fileTypes.blockDevice;
  const hasOneName = stats.nlink < 2n || type === fileTypes.directory;
  const linked = hasOneName
    ? entry
    : { ...entry, linkCount: Number(stats.nlink), changedNs: stats.ctimeNs };
  return isDevice ? { ...linked, size: 0, device: splitDevice(stats.rdev) } : linked;
}

/** Linux packs both numbers into one: major in bits 8-19 and 44-63, minor in 0-7 and 20-43. */
function splitDevice(device: bigint): { major: number; minor: number } {
  return {
    major: Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n)),
    minor: Number((device & 0xffn) | ((device >> 12n) & 0xffffff00n)),
  };
}

/** Parents that are no directories any more, or have become links that lead nowhere. */
const parentGoneCodes = new Set(["ENOTDIR", "ELOOP"]);

/** Node's own option takes ENOENT for absence only. */
function lstatQuietly(native: string | Buffer): BigIntStats | undefined {
  try {
    return lstatSync(native, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    if (parentGoneCodes.has((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

/** Whatever was listed through a link may be opened through one: its inode must be the listed one. */
function openQuietly(native: string | Buffer, isFollowed = false): number | undefined {
  try {
    return openSync(native, isFollowed ? openFlags & ~constants.O_NOFOLLOW : openFlags);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
