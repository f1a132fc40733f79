import { constants, readdirSync, readFileSync, unlinkSync } from "node:fs";
import { deletion, type FileEntry, fileTypes, isDevice, isRegularFile } from "../flist/entry.ts";
import type { Stepwise } from "../flist/stepwise.ts";
import type { TransferOptions } from "../options.ts";
import { type BytePath, nativePath } from "../path.ts";
import { type OpenAttributes, openAttributes } from "./attributes.ts";
import { fileCalls } from "./calls-choice.ts";
import { longDirectory, readNames } from "./directory-names.ts";
import { type FileCalls, type FileStatus, nodeCalls, statusOf } from "./file-calls.ts";
import { isGone, type LinkOptions, readLink } from "./links.ts";
import type { FileSource, FileState, OpenFile } from "./source.ts";

/** Followed by nobody: not the last component, and no wait for a fifo's writer. */
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** O_NOATIME, which Node has no name for. */
const leaveAccessTime = process.platform === "linux" ? 0o1000000 : 0;

/** How objects of a tree are listed and read. */
export type TreeOptions = LinkOptions &
  Pick<TransferOptions, "atimes" | "openNoatime" | "copyDevices">;

/** Shorter files are read, and closed, in one turn of the loop. */
const longestTurn = 128 * 1024;

/** A directory tree on this machine. */
export class LocalTree implements FileSource {
  /** The directory, absolute, as a byte string. */
  readonly root: string;
  readonly #options: TreeOptions;

  /** @param options default: symlinks are symlinks, devices are devices. */
  constructor(root: string, options: TreeOptions = {}) {
    this.root = root;
    this.#options = options;
  }

  /** What lies at `path` now, or undefined when nothing does. */
  lstat(path: BytePath): FileEntry | undefined {
    const native = this.native(path);
    const status = fileCalls().lstat(native);
    if (status === undefined) return undefined;
    const entry = this.#entryOf(path, status);
    if ((entry.mode & fileTypes.mask) !== fileTypes.symlink) return entry;
    const meaning = readLink(native, path, this.#options);
    if (meaning === undefined) return undefined;
    if ("linkTarget" in meaning) return { ...entry, linkTarget: meaning.linkTarget };
    return { ...this.#entryOf(path, statusOf(meaning.referent)), isFollowed: true };
  }

  #entryOf(path: BytePath, status: FileStatus): FileEntry {
    const { atimes, copyDevices } = this.#options;
    const plain = entryOf(path, status);
    const entry = copyDevices && plain.device ? contentOf(plain, plain.device) : plain;
    return atimes ? { ...entry, atimeSeconds: status.atimeSeconds } : entry;
  }

  /** As {@link lstat}, but a name that is gone becomes its deletion. */
  current(path: BytePath): FileEntry {
    return this.lstat(path) ?? deletion(path);
  }

  open(entry: FileEntry): OpenFile | undefined {
    // What stays open while others run, Node closes with its thread if Node has opened it.
    const isShort = entry.size <= longestTurn && !entry.isDevice;
    const calls = isShort ? fileCalls() : nodeCalls;
    const native = this.native(entry.path);
    const flags = entry.isFollowed ? openFlags & ~constants.O_NOFOLLOW : openFlags;
    const untouched = this.#options.openNoatime ? openUntouched(calls, native, flags) : undefined;
    const descriptor = untouched ?? openQuietly(calls, native, flags);
    return descriptor === undefined ? undefined : new LocalFile(calls, descriptor, entry);
  }

  attributes(entry: FileEntry): OpenAttributes {
    return openAttributes(this.native(entry.path), entry);
  }

  /** Names in a directory, as byte strings. @throws what the system says. */
  names(directory: BytePath): string[] {
    return readdirSync(this.native(directory), "latin1");
  }

  /** The same in steps. @param sizeBytes what lstat says of the directory. */
  *nameSteps(directory: BytePath, sizeBytes: number): Stepwise<string[]> {
    if (sizeBytes < longDirectory) return this.names(directory);
    return yield* readNames(this.native(directory));
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
  readonly #calls: FileCalls;
  readonly #descriptor: number;
  readonly #entry: FileEntry;

  constructor(calls: FileCalls, descriptor: number, entry: FileEntry) {
    this.#calls = calls;
    this.#descriptor = descriptor;
    this.#entry = entry;
  }

  read(into: Uint8Array, length: number, position: number): number {
    return this.#calls.read(this.#descriptor, into, length, position);
  }

  /** The inode decides: a name whose parent has become a symlink leads to another one. */
  state(): FileState {
    const { identity, size, mtimeSeconds, mtimeNanoseconds } = this.#entry;
    const now = this.#calls.fstat(this.#descriptor);
    const same =
      identity === undefined || (now.inode === identity.inode && now.device === identity.device);
    if (same && this.#entry.isDevice) return "as listed";
    if (!same || !isRegularFile(now)) return "replaced";
    const isAsListed =
      now.size === size &&
      now.mtimeSeconds === mtimeSeconds &&
      now.mtimeNanoseconds === mtimeNanoseconds;
    return isAsListed ? "as listed" : "changed";
  }

  close(): void {
    this.#calls.close(this.#descriptor);
  }
}

/** An entry from lstat's answer; a symlink's target is added by who reads it. */
export function entryOf(path: BytePath, status: FileStatus): FileEntry {
  const { mode, linkCount } = status;
  const hasOneName = linkCount < 2 || (mode & fileTypes.mask) === fileTypes.directory;
  const isOfDevice = isDevice(status);
  return {
    path,
    mode,
    size: isOfDevice ? 0 : status.size,
    mtimeSeconds: status.mtimeSeconds,
    mtimeNanoseconds: status.mtimeNanoseconds,
    uid: status.uid,
    gid: status.gid,
    identity: { device: status.device, inode: status.inode },
    linkCount: hasOneName ? undefined : linkCount,
    changedNs: hasOneName ? undefined : status.changedNs,
    device: isOfDevice ? { major: status.major, minor: status.minor } : undefined,
    // What others fill in stands here already: V8 gives every single copy that has one property more
    // than its model a hidden class of its own, and all that reads entries is slow from then on.
    linkTarget: undefined,
    atimeSeconds: undefined,
    hasContent: undefined,
    digest: undefined,
    tree: undefined,
  };
}

/** A device as a file with its content: that of a character device has no end, and is not sent. */
function contentOf(
  entry: FileEntry,
  { major, minor }: NonNullable<FileEntry["device"]>,
): FileEntry {
  const { device: _, ...rest } = entry;
  const isBlock = (entry.mode & fileTypes.mask) === fileTypes.blockDevice;
  const mode = fileTypes.regular | (entry.mode & ~fileTypes.mask);
  const size = isBlock ? sectorsOf(`/sys/dev/block/${major}:${minor}/size`) * 512 : 0;
  return { ...rest, mode, size, isDevice: true };
}

/** 0 where the system does not say. */
function sectorsOf(file: string): number {
  try {
    return Number(readFileSync(file, "latin1")) || 0;
  } catch {
    return 0;
  }
}

/** Undefined where its time of access is not ours to leave. */
function openUntouched(
  calls: FileCalls,
  native: string | Buffer,
  flags: number,
): number | undefined {
  try {
    return calls.open(native, flags | leaveAccessTime);
  } catch {
    return undefined;
  }
}

/** Whatever was listed through a link may be opened through one: its inode must be the listed one. */
function openQuietly(calls: FileCalls, native: string | Buffer, flags: number): number | undefined {
  try {
    return calls.open(native, flags);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
