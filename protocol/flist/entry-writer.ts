import { writeVarint, writeVarlong } from "../wire/varint.ts";
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
import { type FirstName, HardLinks } from "./hard-links.ts";
import { NamesOnce, writeIdName } from "./id-names.ts";

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
    return isSpecial(entry) && this.#format.deviceOfSpecials;
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
