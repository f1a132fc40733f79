import type { Writer } from "../wire/writer.ts";
import {
  type EntryFormat,
  entryFlags,
  type FileEntry,
  isDevice,
  isDirectory,
  isRegularFile,
  isSpecial,
} from "./entry.ts";
import { sharedLength } from "./entry-writer.ts";

/** Bits that later protocols use otherwise. */
export const classicFlags = {
  /** Protocol 27: the device number is that of the entry before. */
  sameDevice: 0x04,
  /** Protocols 28 and 29: the object is on the device of the one before that has several names. */
  sameFileSystem: 0x400,
  /** Protocols 28 and 29: the minor number is one byte. */
  smallMinor: 0x800,
} as const;

const digestBytes = 16;
const noDigest = new Uint8Array(digestBytes);

/**
 * Writes entries as the oldest protocols have them: fixed integers, no names of owners in between,
 * no word of which directories are listed with their content.
 *
 *     flags [shared] length suffix size [mtime] [mode] [uid] [gid] [device] [link target]
 *       [file system] [inode] [digest]
 *
 * Wire: protocol 27 to 29 (spec 1 §7.2).
 */
export class ClassicEntryWriter {
  readonly #format: EntryFormat;
  readonly #protocol: number;
  #previous: Pick<FileEntry, "mode" | "mtimeSeconds" | "uid" | "gid"> = {
    mode: 0,
    mtimeSeconds: 0,
    uid: -1,
    gid: -1,
  };
  #path = "";
  #major = 0;
  #fileSystem = Number.NaN;
  #unidentified = 1;

  constructor(format: EntryFormat, protocol: number) {
    this.#format = format;
    this.#protocol = protocol;
  }

  write(to: Writer, entry: FileEntry): void {
    const path = entry.path === "" ? "." : entry.path;
    const shared = sharedLength(this.#path, path);
    const flags = this.#writeFlags(to, this.#flags(entry, path, shared), entry);
    if (shared > 0) to.uint8(shared);
    if ((flags & entryFlags.longName) !== 0) to.int32(path.length - shared);
    else to.uint8(path.length - shared);
    to.latin1(path.slice(shared));
    writeLongint(to, entry.size);
    if ((flags & entryFlags.sameTime) === 0) to.int32(entry.mtimeSeconds);
    if ((flags & entryFlags.sameMode) === 0) to.int32(entry.mode);
    if ((flags & entryFlags.sameUid) === 0) to.int32(entry.uid);
    if ((flags & entryFlags.sameGid) === 0) to.int32(entry.gid);
    this.#writeDevice(to, entry, flags);
    if (this.#format.links && entry.linkTarget !== undefined) {
      to.int32(entry.linkTarget.length);
      to.latin1(entry.linkTarget);
    }
    this.#writeIdentity(to, entry, flags);
    this.#writeDigest(to, entry);
    this.#path = path;
    this.#previous = entry;
  }

  #flags(entry: FileEntry, path: string, shared: number): number {
    const { owner, group } = this.#format;
    const previous = this.#previous;
    let flags = this.#deviceFlags(entry) | this.#linkFlags(entry);
    // Where one is listed with its content, so is every directory after it that is not marked.
    if (isDirectory(entry) && entry.hasContent === true) flags |= entryFlags.topDirectory;
    if (entry.mode === previous.mode) flags |= entryFlags.sameMode;
    if (entry.mtimeSeconds === previous.mtimeSeconds) flags |= entryFlags.sameTime;
    if (!owner || entry.uid === previous.uid) flags |= entryFlags.sameUid;
    if (!group || entry.gid === previous.gid) flags |= entryFlags.sameGid;
    if (shared > 0) flags |= entryFlags.sameName;
    if (path.length - shared > 0xff) flags |= entryFlags.longName;
    return flags;
  }

  /** A first byte of 0 would end the list. Returns the flags that were written. */
  #writeFlags(to: Writer, flags: number, entry: FileEntry): number {
    let some = flags;
    if (some === 0 && !isDirectory(entry)) some = entryFlags.topDirectory;
    if (this.#protocol < 28) {
      if (some === 0) some = entryFlags.longName;
      to.uint8(some);
    } else if (some > 0xff || some === 0) {
      to.uint16(some | entryFlags.extended);
    } else {
      to.uint8(some);
    }
    return some;
  }

  #deviceFlags(entry: FileEntry): number {
    const kind = this.#numbered(entry);
    if (kind === "none") return 0;
    if (this.#protocol < 28) return kind === "special" ? classicFlags.sameDevice : 0;
    const { major, minor } = numbersOf(entry, this.#major);
    const sameMajor = major === this.#major ? entryFlags.sameMajor : 0;
    return sameMajor | (minor <= 0xff ? classicFlags.smallMinor : 0);
  }

  #writeDevice(to: Writer, entry: FileEntry, flags: number): void {
    if (this.#numbered(entry) === "none") return;
    const { major, minor } = numbersOf(entry, this.#major);
    if (this.#protocol < 28) {
      if ((flags & classicFlags.sameDevice) === 0) to.int32(packDevice(major, minor));
      return;
    }
    if ((flags & entryFlags.sameMajor) === 0) to.int32(major);
    if ((flags & classicFlags.smallMinor) === 0) to.int32(minor);
    else to.uint8(minor);
    this.#major = major;
  }

  /** Fifos and sockets have a number, too, which nobody looks at. */
  #numbered(entry: FileEntry): "device" | "special" | "none" {
    if (isDevice(entry)) return this.#format.devices ? "device" : "none";
    return isSpecial(entry) && this.#format.deviceOfSpecials ? "special" : "none";
  }

  /** Names of one object are told by its inode; protocol 27 tells that of every file. */
  #hasIdentity(entry: FileEntry): boolean {
    if (!this.#format.hardLinks || entry.mode === 0 || isDirectory(entry)) return false;
    return this.#protocol < 28 ? isRegularFile(entry) : (entry.linkCount ?? 1) > 1;
  }

  #linkFlags(entry: FileEntry): number {
    if (this.#protocol < 28 || !this.#hasIdentity(entry)) return 0;
    const same = entry.identity?.device === this.#fileSystem;
    return entryFlags.hardLinked | (same ? classicFlags.sameFileSystem : 0);
  }

  #writeIdentity(to: Writer, entry: FileEntry, flags: number): void {
    if (!this.#hasIdentity(entry)) return;
    // What is not on a disk has no other name, and must not look as if it had.
    const { device, inode } = entry.identity ?? { device: -1, inode: this.#unidentified++ };
    if ((flags & classicFlags.sameFileSystem) === 0) writeLongint(to, device + 1);
    writeLongint(to, inode);
    this.#fileSystem = device;
  }

  /** Protocol 27 has room for a digest in every entry. */
  #writeDigest(to: Writer, entry: FileEntry): void {
    if (this.#format.digestLength === 0) return;
    if (isRegularFile(entry)) to.bytes(entry.digest ?? noDigest);
    else if (this.#protocol < 28) to.bytes(noDigest);
  }
}

function numbersOf({ device }: FileEntry, major: number): { major: number; minor: number } {
  return device ?? { major, minor: 0 };
}

/** As Linux packs them, which is what protocol 27 sends. */
function packDevice(major: number, minor: number): number {
  return (minor & 0xff) | ((major & 0xfff) << 8) | ((minor & 0xfff00) << 12);
}

/** Four bytes, or a mark and eight. */
export function writeLongint(to: Writer, value: number): void {
  if (value <= 0x7fffffff) {
    to.int32(value);
    return;
  }
  to.int32(-1);
  to.int32(value >>> 0);
  to.int32(Math.floor(value / 2 ** 32));
}
