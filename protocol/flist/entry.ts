import type { BytePath } from "../path.ts";
import { writeVarint, writeVarlong } from "../wire/varint.ts";
import type { Writer } from "../wire/writer.ts";
import { type FirstName, HardLinks } from "./hard-links.ts";
import { type IdNames, NamesOnce, writeIdName } from "./id-names.ts";

/** One object of a tree as the file list describes it. */
export interface FileEntry {
  readonly path: BytePath;
  /** `st_mode`: type and permissions. 0 means "delete this name" (spec 1 §7.5). */
  readonly mode: number;
  readonly size: number;
  readonly mtimeSeconds: number;
  readonly mtimeNanoseconds: number;
  /** When its content was last read, where that is sent; seconds since 1970. */
  readonly atimeSeconds?: number;
  readonly uid: number;
  readonly gid: number;
  /** Of a symlink: where it points, as a byte string. */
  readonly linkTarget?: string;
  /** Of a device: its major and minor number. */
  readonly device?: { readonly major: number; readonly minor: number };
  /** Of a regular file: it is a device, whose content is sent (`--copy-devices`). */
  readonly isDevice?: boolean;
  /** Of a directory: its content is listed too, so that a delete pass may look inside. */
  readonly hasContent?: boolean;
  /** Of a directory: it is listed for what is below it, under `-R`. */
  readonly isImplied?: boolean;
  /** Of a regular file: what must still be behind the name when it is opened. */
  readonly identity?: { readonly device: number; readonly inode: number };
  /** It is what a symlink leads to that has this name. Default: it lies there itself. */
  readonly isFollowed?: boolean;
  /** Of a regular file: the sum of its content, where lists are compared by it (`--checksum`). */
  readonly digest?: Uint8Array;
  /** How many names the object has, where it is no directory. Default 1. */
  readonly linkCount?: number;
  /** When it was last changed in any way (`st_ctime`), ns since 1970; where it has several names. */
  readonly changedNs?: bigint;
  /** Of a list that was received: what has the same number is a name of the same object. */
  readonly linkGroup?: number;
  /** Whose content is sent when the daemon asks for this entry's; default its own. */
  readonly servedBy?: FileEntry;
}

/** The file type bits of `st_mode`. */
export const fileTypes = {
  mask: 0o170000,
  regular: 0o100000,
  directory: 0o040000,
  symlink: 0o120000,
  characterDevice: 0o020000,
  blockDevice: 0o060000,
  fifo: 0o010000,
  socket: 0o140000,
} as const;

export function isDirectory(entry: Pick<FileEntry, "mode">): boolean {
  return (entry.mode & fileTypes.mask) === fileTypes.directory;
}

export function isRegularFile(entry: Pick<FileEntry, "mode">): boolean {
  return (entry.mode & fileTypes.mask) === fileTypes.regular;
}

export function isSymlink(entry: Pick<FileEntry, "mode">): boolean {
  return (entry.mode & fileTypes.mask) === fileTypes.symlink;
}

function isDevice(entry: FileEntry): boolean {
  const type = entry.mode & fileTypes.mask;
  return type === fileTypes.characterDevice || type === fileTypes.blockDevice;
}

/** The entry that deletes `path` at the destination. */
export function deletion(path: BytePath): FileEntry {
  return { path, mode: 0, size: 0, mtimeSeconds: 0, mtimeNanoseconds: 0, uid: 0, gid: 0 };
}

/** The bits in front of every entry (spec 1 §7.1). */
export const entryFlags = {
  topDirectory: 0x01,
  sameMode: 0x02,
  extended: 0x04,
  sameUid: 0x08,
  sameGid: 0x10,
  sameName: 0x20,
  longName: 0x40,
  sameTime: 0x80,
  sameMajor: 0x100,
  noContent: 0x100,
  hardLinked: 0x200,
  userName: 0x400,
  groupName: 0x800,
  hardLinkFirst: 0x1000,
  nanoseconds: 0x2000,
  sameAccessTime: 0x4000,
} as const;

/** Writes what follows an entry under `-A` and `-X`. */
export interface AttributeWriter {
  write(to: Writer, entry: FileEntry): void;
  /** Ids that occur in what was written, whose names are sent as those of owners are. */
  readonly users: ReadonlySet<number>;
  readonly groups: ReadonlySet<number>;
}

/** Which fields an entry has; decided once per session from the arguments and the agreement. */
export interface EntryFormat {
  /** Compat bit 0x80: flags are varints, else one or two bytes. */
  readonly varintFlags: boolean;
  /** Protocol 31 and later. */
  readonly nanoseconds: boolean;
  /** All but directories have their time of access. Default false. */
  readonly accessTimes?: boolean;
  readonly owner: boolean;
  readonly group: boolean;
  readonly links: boolean;
  readonly devices: boolean;
  /** Protocols up to 30 send a device number for fifos and sockets too. */
  readonly deviceOfSpecials: boolean;
  /** Bytes of the digest that regular files have in the list; 0: none. */
  readonly digestLength: number;
  /** Names of one object are listed as such, by the place of the first in the list. */
  readonly hardLinks: boolean;
  /** Default: entries have no further attributes. */
  readonly attributes?: AttributeWriter | undefined;
  /** A mode of 0 may be read: it deletes its name (`--delete-missing-args`). Default false. */
  readonly deletions?: boolean;
  /** Names of owners stand in the entries, each once: lists that follow others have no room. */
  readonly inlineNames?: IdNames | undefined;
}

/** What the previous entry had; both ends keep it for the whole session. */
interface Previous {
  path: string;
  mode: number;
  mtime: number;
  atime: number;
  uid: number;
  gid: number;
  major: number;
}

/**
 * Writes entries one after the other, each as its difference to the one before.
 *
 *     flags [shared] length suffix size [mtime] [ns] [mode] [uid] [gid] [device] [link target] [digest]
 *     flags [shared] length suffix place                 a further name of what was listed there
 *     flags [shared] length suffix place size [mtime] …  the same, where "there" is an earlier list
 *
 * Wire: protocol 30 and later (spec 1 §7.2).
 */
export class EntryWriter {
  readonly #format: EntryFormat;
  readonly #previous: Previous = {
    path: "",
    mode: 0,
    mtime: 0,
    atime: 0,
    uid: -1,
    gid: -1,
    major: 0,
  };
  readonly #hardLinks = new HardLinks();
  readonly #names: NamesOnce | undefined;
  #written = 0;

  constructor(format: EntryFormat) {
    this.#format = format;
    this.#names = format.inlineNames && new NamesOnce(format.inlineNames);
  }

  /** The entries from here on are those of a list whose numbers begin with `first`. */
  beginList(first: number): void {
    this.#hardLinks.closeList();
    this.#written = first;
  }

  write(to: Writer, entry: FileEntry): void {
    const previous = this.#previous;
    const path = entry.path === "" ? "." : entry.path;
    const shared = sharedLength(previous.path, path);
    const first = this.#firstName(entry);
    const told = first?.entry ?? entry;
    const common = this.#flags(told, path.length - shared, shared) | linkFlags(entry, first);
    const flags = told === entry ? common | this.#nameFlags(entry, common) : common;
    this.#writeFlags(to, flags, entry);
    writeName(to, path, shared, flags);
    if (first !== undefined && first.entry !== entry) writeVarint(to, first.place);
    if (told === entry) this.#writeAttributes(to, entry, flags);
    this.#format.attributes?.write(to, entry);
    this.#remember(told, path);
  }

  /** Decides which names are told with this entry. */
  #nameFlags({ uid, gid }: FileEntry, flags: number): number {
    if (this.#names === undefined) return 0;
    const { sameUid, sameGid, userName, groupName } = entryFlags;
    const tellsUser = (flags & sameUid) === 0 && this.#names.meetsUser(uid);
    const tellsGroup = (flags & sameGid) === 0 && this.#names.meetsGroup(gid);
    return (tellsUser ? userName : 0) | (tellsGroup ? groupName : 0);
  }

  #writeAttributes(to: Writer, entry: FileEntry, flags: number): void {
    writeVarlong(to, entry.size, 3);
    if ((flags & entryFlags.sameTime) === 0) writeVarlong(to, entry.mtimeSeconds, 4);
    if ((flags & entryFlags.nanoseconds) !== 0) writeVarint(to, entry.mtimeNanoseconds);
    if ((flags & entryFlags.sameMode) === 0) to.int32(entry.mode);
    if (this.#tellsAccess(entry, flags)) writeVarlong(to, entry.atimeSeconds ?? 0, 4);
    if ((flags & entryFlags.sameUid) === 0) writeVarint(to, entry.uid);
    if ((flags & entryFlags.userName) !== 0) writeIdName(to, this.#names?.user ?? "");
    if ((flags & entryFlags.sameGid) === 0) writeVarint(to, entry.gid);
    if ((flags & entryFlags.groupName) !== 0) writeIdName(to, this.#names?.group ?? "");
    this.#writeDevice(to, entry, flags);
    if (this.#format.links && entry.linkTarget !== undefined) {
      writeVarint(to, entry.linkTarget.length);
      to.latin1(entry.linkTarget);
    }
    if (this.#format.digestLength > 0 && isRegularFile(entry)) {
      to.bytes(entry.digest ?? new Uint8Array(this.#format.digestLength));
    }
  }

  #firstName(entry: FileEntry): FirstName | undefined {
    const place = this.#written;
    this.#written += 1;
    if (!this.#format.hardLinks || isDirectory(entry)) return undefined;
    return this.#hardLinks.first(entry, place);
  }

  #flags(entry: FileEntry, suffixLength: number, shared: number): number {
    const { owner, group, nanoseconds } = this.#format;
    const previous = this.#previous;
    let flags = 0;
    if (isDirectory(entry)) flags |= directoryFlags(entry);
    else if (this.#hasDevice(entry) && majorOf(entry) === previous.major) {
      flags |= entryFlags.sameMajor;
    }
    if (entry.mode === previous.mode) flags |= entryFlags.sameMode;
    if (entry.mtimeSeconds === previous.mtime) flags |= entryFlags.sameTime;
    if (nanoseconds && entry.mtimeNanoseconds !== 0) flags |= entryFlags.nanoseconds;
    if (this.#tellsAccess(entry, 0) && (entry.atimeSeconds ?? 0) === previous.atime) {
      flags |= entryFlags.sameAccessTime;
    }
    if (!owner || entry.uid === previous.uid) flags |= entryFlags.sameUid;
    if (!group || entry.gid === previous.gid) flags |= entryFlags.sameGid;
    if (shared > 0) flags |= entryFlags.sameName;
    if (suffixLength > 0xff) flags |= entryFlags.longName;
    return flags;
  }

  #writeFlags(to: Writer, flags: number, entry: FileEntry): void {
    if (this.#format.varintFlags) {
      writeVarint(to, flags === 0 ? entryFlags.extended : flags);
      return;
    }
    const some = flags === 0 && !isDirectory(entry) ? entryFlags.topDirectory : flags;
    if (some > 0xff || some === 0) to.uint16(some | entryFlags.extended);
    else to.uint8(some);
  }

  #tellsAccess(entry: FileEntry, flags: number): boolean {
    const isToldOf = this.#format.accessTimes === true && !isDirectory(entry);
    return isToldOf && (flags & entryFlags.sameAccessTime) === 0;
  }

  #hasDevice(entry: FileEntry): boolean {
    if (isDevice(entry)) return this.#format.devices;
    const type = entry.mode & fileTypes.mask;
    const special = type === fileTypes.fifo || type === fileTypes.socket;
    return special && this.#format.deviceOfSpecials;
  }

  #writeDevice(to: Writer, entry: FileEntry, flags: number): void {
    if (!this.#hasDevice(entry)) return;
    const major = majorOf(entry);
    if ((flags & entryFlags.sameMajor) === 0) writeVarint(to, major);
    writeVarint(to, entry.device?.minor ?? 0);
    this.#previous.major = major;
  }

  #remember(entry: FileEntry, path: string): void {
    const previous = this.#previous;
    previous.path = path;
    previous.mode = entry.mode;
    previous.mtime = entry.mtimeSeconds;
    if (this.#tellsAccess(entry, 0)) previous.atime = entry.atimeSeconds ?? 0;
    if (this.#format.owner) previous.uid = entry.uid;
    if (this.#format.group) previous.gid = entry.gid;
  }
}

function directoryFlags(entry: FileEntry): number {
  if (entry.isImplied === true) return entryFlags.topDirectory | entryFlags.noContent;
  if (entry.hasContent !== true) return entryFlags.noContent;
  return entry.path === "" ? entryFlags.topDirectory : 0;
}

function linkFlags(entry: FileEntry, first: FirstName | undefined): number {
  if (first === undefined) return 0;
  const { hardLinked, hardLinkFirst } = entryFlags;
  return first.entry === entry ? hardLinked | hardLinkFirst : hardLinked;
}

function majorOf(entry: FileEntry): number {
  return entry.device?.major ?? 0;
}

function writeName(to: Writer, path: string, shared: number, flags: number): void {
  if (shared > 0) to.uint8(shared);
  const suffixLength = path.length - shared;
  if ((flags & entryFlags.longName) !== 0) writeVarint(to, suffixLength);
  else to.uint8(suffixLength);
  to.latin1(shared === 0 ? path : path.slice(shared));
}

/** How many leading bytes two names share; the wire has one byte for it. */
export function sharedLength(previous: string, path: string): number {
  const most = Math.min(previous.length, path.length, 0xff);
  let shared = 0;
  while (shared < most && previous.charCodeAt(shared) === path.charCodeAt(shared)) shared += 1;
  return shared;
}
