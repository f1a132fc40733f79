import { RsyncError } from "../errors.ts";
import { asBytePath, type BytePath } from "../path.ts";
import type { Cursor } from "../wire/cursor.ts";
import { readInt32 } from "../wire/int.ts";
import { readVarint, readVarlong } from "../wire/varint.ts";
import type { AttributeReader } from "./attribute-reader.ts";
import {
  type EntryFormat,
  entryFlags,
  type FileEntry,
  fileTypes,
  isDevice,
  isSpecial,
  topOfRoot,
} from "./entry.ts";
import type { OwnerNames } from "./owner-names.ts";

/** Longer names and link targets no system has; a peer that announces one wants our memory. */
const longestName = 4_095;
/** In bytes. */
const longestTarget = 4_095;
const mostNanoseconds = 999_999_999;
/** `00` ends a list; with byte flags these two bytes end it, too, and an error number follows. */
const endWithError = entryFlags.extended | 0x1000;

const knownTypes: ReadonlySet<number> = new Set(
  Object.entries(fileTypes).flatMap(([name, type]) => (name === "mask" ? [] : [type])),
);

/** What the entry before had; both ends keep it for the whole session. */
interface Previous {
  readonly name: string;
  readonly mode: number;
  readonly mtimeSeconds: number;
  readonly atimeSeconds: number;
  readonly uid: number;
  readonly gid: number;
  readonly major: number;
}

/** An entry while it is read; what is spread into it costs more than all else that reads it. */
type Described = { -readonly [Field in keyof FileEntry]: FileEntry[Field] };

/** The end of a list; bits of {@link ioErrors} say what the sender could not read. */
export interface ListEnd {
  readonly kind: "end";
  readonly ioError: number;
}

/**
 * Reads entries one after the other; the twin of {@link EntryWriter}, and suspicious: whatever no
 * sender writes ends the session.
 *
 * Wire: protocol 30 and later (spec 1 §7.2).
 */
export class EntryReader {
  readonly #format: EntryFormat;
  #previous: Previous = {
    name: "",
    mode: 0,
    mtimeSeconds: 0,
    atimeSeconds: 0,
    uid: 0,
    gid: 0,
    major: 0,
  };
  /** Entries of this list by place, kept only where later ones may be names of the same object. */
  #leaders: FileEntry[] = [];
  /** The number of the list's first entry. */
  #first = 0;
  /** Told of the names of owners that entries bring along. */
  readonly #onName: OwnerNames;
  readonly #attributes: AttributeReader | undefined;

  /** @param attributes of entries that have access lists or extended attributes. */
  constructor(format: EntryFormat, onName: OwnerNames = nobody, attributes?: AttributeReader) {
    this.#attributes = attributes;
    this.#format = format;
    this.#onName = onName;
  }

  /** The entries from here on are those of a list whose numbers begin with `first`. */
  beginList(first: number): void {
    this.#first = first;
    this.#leaders = [];
  }

  /**
   * The next entry, or the end of the list. Nothing is remembered of an entry that is not complete.
   *
   * @throws {RsyncError} BAD_STREAM for what no sender writes.
   */
  read(from: Cursor): FileEntry | ListEnd {
    const flags = this.#readFlags(from);
    if (flags === 0)
      return { kind: "end", ioError: this.#format.varintFlags ? readVarint(from) : 0 };
    if (!this.#format.varintFlags && flags === endWithError) {
      return { kind: "end", ioError: readVarint(from) };
    }
    const name = readName(from, flags, this.#previous.name, this.#format);
    const told = this.#readLinked(from, flags, name);
    const attributes = this.#attributes?.read(from, told);
    const entry = attributes === undefined ? told : { ...told, attributes };
    const { mode, mtimeSeconds, uid, gid, device } = entry;
    const { major } = device ?? this.#previous;
    const { atimeSeconds = this.#previous.atimeSeconds } = entry;
    this.#previous = { name, mode, mtimeSeconds, atimeSeconds, uid, gid, major };
    if (this.#format.hardLinks) this.#leaders.push(entry);
    return entry;
  }

  #readFlags(from: Cursor): number {
    if (this.#format.varintFlags) return readVarint(from);
    const first = from.uint8();
    return (first & entryFlags.extended) === 0 ? first : first | (from.uint8() << 8);
  }

  /**
   * A later name of an object that was listed has the first name's attributes; those of one that
   * was listed in an earlier list are told again.
   */
  #readLinked(from: Cursor, flags: number, name: string): FileEntry {
    const { hardLinked, hardLinkFirst } = entryFlags;
    if (!this.#format.hardLinks || (flags & (hardLinked | hardLinkFirst)) !== hardLinked) {
      return this.#readAttributes(from, flags, name);
    }
    const linkGroup = readVarint(from);
    if (linkGroup >= 0 && linkGroup < this.#first) {
      return { ...this.#readAttributes(from, flags, name), linkGroup };
    }
    const first = this.#leaders[linkGroup - this.#first];
    if (first === undefined) throw badEntry(name, `it is a name of entry ${linkGroup}`);
    return { ...first, path: pathOf(name), linkGroup: first.linkGroup ?? linkGroup };
  }

  #readAttributes(from: Cursor, flags: number, name: string): FileEntry {
    const has = (bit: number): boolean => (flags & bit) !== 0;
    const previous = this.#previous;
    const size = readVarlong(from, 3);
    if (size < 0) throw badEntry(name, `its size is ${size}`);
    const mtimeSeconds = has(entryFlags.sameTime) ? previous.mtimeSeconds : readVarlong(from, 4);
    const mtimeNanoseconds = has(entryFlags.nanoseconds) ? readVarint(from) : 0;
    if (mtimeNanoseconds < 0 || mtimeNanoseconds > mostNanoseconds) {
      throw badEntry(name, `its time has ${mtimeNanoseconds} nanoseconds`);
    }
    const mode = has(entryFlags.sameMode) ? previous.mode : readInt32(from);
    const type = checkedType(mode, name, this.#format);
    const atimeSeconds = this.#readAccess(from, flags, type);
    const { user, group } = this.#onName;
    const uid = has(entryFlags.sameUid)
      ? previous.uid
      : readOwner(from, flags & userNameFollows, user);
    const gid = has(entryFlags.sameGid)
      ? previous.gid
      : readOwner(from, flags & groupNameFollows, group);
    const device = this.#readDevice(from, flags, mode);
    const linkTarget = this.#readTarget(from, type, name);
    const digest = this.#readDigest(from, type);
    const isFirst = this.#format.hardLinks && has(entryFlags.hardLinkFirst);
    const path = pathOf(name);
    const entry: Described = { path, mode, size, mtimeSeconds, mtimeNanoseconds, uid, gid };
    if (atimeSeconds !== undefined) entry.atimeSeconds = atimeSeconds;
    if (type === fileTypes.directory) {
      entry.hasContent = !has(entryFlags.noContent);
      if (has(entryFlags.topDirectory) && has(entryFlags.noContent)) entry.isImplied = true;
    }
    if (device !== undefined) entry.device = device;
    if (linkTarget !== undefined) entry.linkTarget = linkTarget;
    if (digest !== undefined) entry.digest = digest;
    if (isFirst) entry.linkGroup = this.#first + this.#leaders.length;
    return entry;
  }

  #readAccess(from: Cursor, flags: number, type: number): number | undefined {
    if (this.#format.accessTimes !== true || type === fileTypes.directory) return undefined;
    const isSame = (flags & entryFlags.sameAccessTime) !== 0;
    return isSame ? this.#previous.atimeSeconds : readVarlong(from, 4);
  }

  #readDevice(from: Cursor, flags: number, mode: number): FileEntry["device"] {
    const { devices, deviceOfSpecials } = this.#format;
    const isNumbered = (devices && isDevice({ mode })) || (deviceOfSpecials && isSpecial({ mode }));
    if (!isNumbered) return undefined;
    const sameMajor = (flags & entryFlags.sameMajor) !== 0;
    const major = sameMajor ? this.#previous.major : readVarint(from);
    return { major, minor: readVarint(from) };
  }

  #readTarget(from: Cursor, type: number, name: string): string | undefined {
    if (type !== fileTypes.symlink || !this.#format.links) return undefined;
    return readTarget(from, readVarint(from), name);
  }

  #readDigest(from: Cursor, type: number): Uint8Array | undefined {
    const { digestLength } = this.#format;
    if (type !== fileTypes.regular || digestLength === 0) return undefined;
    return Uint8Array.from(from.bytes(digestLength));
  }
}

const userNameFollows = 0x400;
const groupNameFollows = 0x800;

const nobody: OwnerNames = { user: () => {}, group: () => {} };

/** An id, and the name that may follow it. */
function readOwner(from: Cursor, nameFollows: number, tell: OwnerNames["user"]): number {
  const id = readVarint(from) >>> 0;
  if (nameFollows !== 0) tell(id, from.latin1(from.uint8()));
  return id;
}

/**
 * A name, as its difference to the name before; `readLength` reads a length of more than 255 bytes.
 *
 * @throws {RsyncError} BAD_STREAM for what is no path below the root.
 */
export function readName(
  from: Cursor,
  flags: number,
  previous: string,
  format: Pick<EntryFormat, "relative">,
  readLength: (from: Cursor) => number = readVarint,
): string {
  const shared = (flags & entryFlags.sameName) === 0 ? 0 : from.uint8();
  const length = (flags & entryFlags.longName) === 0 ? from.uint8() : readLength(from);
  if (shared > previous.length || length < 0 || shared + length > longestName) {
    throw badEntry(previous, `the name after it shares ${shared} bytes and has ${length} more`);
  }
  return checkedName(previous.slice(0, shared) + from.latin1(length), format);
}

/** A component that is empty, or leads up. */
const stray = /(?:^|\/)(?:\.\.)?(?:\/|$)/;

/** A name must lie below the root: what follows it to the disk must not leave the transfer. */
function checkedName(name: string, { relative = false }: Pick<EntryFormat, "relative">): string {
  const below = relative ? name.replace(/^\//, "") : name;
  if (below.includes("\0") || stray.test(below)) {
    throw badEntry(name, "it is no path below the root");
  }
  return name;
}

/** The path that a name on the wire stands for; one from the root down keeps its `/` until then. */
export function pathOf(name: string): BytePath {
  if (!name.startsWith(".")) return asBytePath(name);
  return asBytePath(name === "." ? "" : name.replace(/^(?:\.\/)+/, ""));
}

/** The type bits of a mode. @throws {RsyncError} BAD_STREAM for a type that nothing has. */
export function checkedType(
  mode: number,
  name: string,
  { deletions = false }: Pick<EntryFormat, "deletions">,
): number {
  const type = mode & fileTypes.mask;
  if (type !== fileTypes.directory && (pathOf(name) === "" || name === topOfRoot))
    throw badEntry(name, "the root is no directory");
  const isDeletion = mode === 0 && deletions;
  if (!isDeletion && !knownTypes.has(type))
    throw badEntry(name, `its mode is ${(mode >>> 0).toString(8)}`);
  return type;
}

/** What a symlink points to: `length` bytes. */
export function readTarget(from: Cursor, length: number, name: string): string {
  if (length <= 0 || length > longestTarget) {
    throw badEntry(name, `it points to a name of ${length} bytes`);
  }
  return from.latin1(length);
}

/** The failure for an entry that cannot be read. */
export function badEntry(name: string, found: string): RsyncError {
  const shown = JSON.stringify(name.slice(0, 200));
  return new RsyncError("BAD_STREAM", `Cannot read the file list at ${shown}: ${found}`);
}
