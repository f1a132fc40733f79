import type { Cursor } from "../wire/cursor.ts";
import { readInt32, readLongint, readUint32 } from "../wire/int.ts";
import { classicFlags } from "./classic-entry.ts";
import {
  type EntryFormat,
  entryFlags,
  type FileEntry,
  fileTypes,
  isDevice,
  isRegularFile,
  isSpecial,
} from "./entry.ts";
import { badEntry, checkedType, pathOf, readName, readTarget } from "./entry-reader.ts";
import type { ListFormat } from "./list.ts";

/** What the entry before had. */
interface Previous {
  readonly name: string;
  readonly mode: number;
  readonly mtimeSeconds: number;
  readonly uid: number;
  readonly gid: number;
}

type Device = NonNullable<FileEntry["device"]>;

const noDevice: Device = { major: 0, minor: 0 };

/**
 * Reads entries as the oldest protocols have them; the twin of {@link ClassicEntryWriter}, and
 * suspicious.
 *
 * Which directories are listed with their content is told of the first of a hierarchy only: those
 * below it are, too.
 *
 * Wire: protocol 27 to 29 (spec 1 §7.2).
 */
export class ClassicEntryReader {
  readonly #format: EntryFormat & Pick<ListFormat, "protocol" | "recursive">;
  readonly #protocol: number;
  #previous: Previous = { name: "", mode: 0, mtimeSeconds: 0, uid: 0, gid: 0 };
  #device: Device = noDevice;
  #fileSystem = 0;
  /** The directory whose hierarchy is being listed with its content; undefined outside of any. */
  #hierarchy: string | undefined;
  /** Entries by the object they are a name of, as numbers of groups. */
  readonly #groups = new Map<string, number>();

  constructor(format: EntryFormat & Pick<ListFormat, "protocol" | "recursive">) {
    this.#format = format;
    this.#protocol = format.protocol;
  }

  /**
   * The next entry; undefined at the end of the list.
   *
   * @throws {RsyncError} BAD_STREAM for what no sender writes.
   */
  read(from: Cursor): FileEntry | undefined {
    const flags = this.#readFlags(from);
    if (flags === 0) return undefined;
    const name = readName(from, flags, this.#previous.name, this.#format, readInt32);
    const state = { device: this.#device, fileSystem: this.#fileSystem };
    const entry = this.#readAttributes(from, flags, name, state);
    // Nothing is remembered of an entry that is not complete.
    const { mode, mtimeSeconds, uid, gid } = entry;
    this.#previous = { name, mode, mtimeSeconds, uid, gid };
    this.#device = state.device;
    this.#fileSystem = state.fileSystem;
    const { identity, ...rest } = entry;
    const group = identity && this.#groupOf(identity);
    return {
      ...rest,
      ...((mode & fileTypes.mask) === fileTypes.directory && {
        hasContent: this.#hasContent(flags, name),
      }),
      ...(group !== undefined && { linkGroup: group }),
    };
  }

  #readFlags(from: Cursor): number {
    const first = from.uint8();
    if (this.#protocol < 28 || (first & entryFlags.extended) === 0) return first;
    return first | (from.uint8() << 8);
  }

  #readAttributes(
    from: Cursor,
    flags: number,
    name: string,
    state: { device: Device; fileSystem: number },
  ): FileEntry {
    const has = (bit: number): boolean => (flags & bit) !== 0;
    const previous = this.#previous;
    const size = readLongint(from);
    if (size < 0) throw badEntry(name, `its size is ${size}`);
    const mtimeSeconds = has(entryFlags.sameTime) ? previous.mtimeSeconds : readUint32(from);
    const mode = has(entryFlags.sameMode) ? previous.mode : readInt32(from);
    const type = checkedType(mode, name, this.#format);
    const uid = has(entryFlags.sameUid) ? previous.uid : readUint32(from);
    const gid = has(entryFlags.sameGid) ? previous.gid : readUint32(from);
    state.device = this.#readDevice(from, flags, mode);
    const linkTarget = this.#readTarget(from, type, name);
    const identity = this.#readIdentity(from, flags, mode, state);
    const digest = this.#readDigest(from, mode);
    return {
      path: pathOf(name),
      mode,
      size,
      mtimeSeconds,
      mtimeNanoseconds: 0,
      uid,
      gid,
      ...(isDevice({ mode }) && this.#format.devices && { device: state.device }),
      ...(linkTarget !== undefined && { linkTarget }),
      ...(identity && { identity }),
      ...(digest && { digest }),
    };
  }

  #readDevice(from: Cursor, flags: number, mode: number): Device {
    const { devices, deviceOfSpecials } = this.#format;
    const isNumbered = (devices && isDevice({ mode })) || (deviceOfSpecials && isSpecial({ mode }));
    if (this.#protocol < 28) {
      if (!isNumbered) return noDevice;
      return (flags & classicFlags.sameDevice) === 0 ? unpackDevice(readInt32(from)) : this.#device;
    }
    if (!isNumbered) return this.#device;
    const major = (flags & entryFlags.sameMajor) === 0 ? readInt32(from) : this.#device.major;
    const minor = (flags & classicFlags.smallMinor) === 0 ? readInt32(from) : from.uint8();
    return { major, minor };
  }

  #readTarget(from: Cursor, type: number, name: string): string | undefined {
    if (type !== fileTypes.symlink || !this.#format.links) return undefined;
    return readTarget(from, readInt32(from), name);
  }

  /** Which object an entry is a name of; protocol 27 tells that of every file. */
  #readIdentity(
    from: Cursor,
    flags: number,
    mode: number,
    state: { fileSystem: number },
  ): FileEntry["identity"] {
    if (!this.#format.hardLinks) return undefined;
    const isNamed =
      this.#protocol < 28 ? isRegularFile({ mode }) : (flags & entryFlags.hardLinked) !== 0;
    if (!isNamed) return undefined;
    const isSame = this.#protocol >= 28 && (flags & classicFlags.sameFileSystem) !== 0;
    if (!isSame) state.fileSystem = readLongint(from);
    return { device: state.fileSystem, inode: readLongint(from) };
  }

  #readDigest(from: Cursor, mode: number): Uint8Array | undefined {
    const { digestLength } = this.#format;
    if (digestLength === 0 || !(isRegularFile({ mode }) || this.#protocol < 28)) return undefined;
    const digest = Uint8Array.from(from.bytes(digestLength));
    return isRegularFile({ mode }) ? digest : undefined;
  }

  #groupOf({ device, inode }: NonNullable<FileEntry["identity"]>): number {
    const key = `${device}:${inode}`;
    const known = this.#groups.get(key) ?? this.#groups.size;
    this.#groups.set(key, known);
    return known;
  }

  #hasContent(flags: number, name: string): boolean {
    if ((flags & entryFlags.topDirectory) !== 0) {
      const hierarchy = name === "." ? "" : name.replace(/\/\.$/, "");
      this.#hierarchy = this.#format.recursive ? hierarchy : undefined;
      return true;
    }
    const hierarchy = this.#hierarchy;
    if (hierarchy === undefined) return false;
    if (hierarchy === "" || name.startsWith(`${hierarchy}/`)) return true;
    this.#hierarchy = undefined;
    return false;
  }
}

/** As Linux packs them, which is what protocol 27 sends. */
function unpackDevice(packed: number): Device {
  const bits = packed >>> 0;
  return {
    major: (bits >>> 8) & 0xfff,
    minor: (bits & 0xff) | ((bits >>> 12) & 0xfff00),
  };
}
