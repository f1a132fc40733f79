import type { BytePath } from "../path.ts";
import type { Writer } from "../wire/writer.ts";
import type { EntryAttributes } from "./attributes.ts";
import type { IdNames } from "./id-names.ts";

/** One object of a tree as the file list describes it. */
export interface FileEntry {
  readonly path: BytePath;
  /** `st_mode`: type and permissions. 0 means "delete this name" (spec 1 §7.5). */
  readonly mode: number;
  readonly size: number;
  readonly mtimeSeconds: number;
  readonly mtimeNanoseconds: number;
  /** When its content was last read, where that is sent; seconds since 1970. */
  readonly atimeSeconds?: number | undefined;
  readonly uid: number;
  readonly gid: number;
  /** Of a symlink: where it points, as a byte string. */
  readonly linkTarget?: string | undefined;
  /** Of a device: its major and minor number. */
  readonly device?: { readonly major: number; readonly minor: number } | undefined;
  /** Of a regular file: it is a device, whose content is sent (`--copy-devices`). */
  readonly isDevice?: boolean;
  /** Of a directory: its content is listed too, so that a delete pass may look inside. */
  readonly hasContent?: boolean | undefined;
  /** Of a directory: it is listed for what is below it, under `-R`. */
  readonly isImplied?: boolean;
  /** Of a regular file: what must still be behind the name when it is opened. */
  readonly identity?: { readonly device: number; readonly inode: number };
  /** What it was found in, where that is one of several. */
  readonly tree?: object | undefined;
  /** It is what a symlink leads to that has this name. Default: it lies there itself. */
  readonly isFollowed?: boolean;
  /** Of a regular file: the sum of its content, where lists are compared by it (`--checksum`). */
  readonly digest?: Uint8Array | undefined;
  /** How many names the object has, where it is no directory. Default 1. */
  readonly linkCount?: number | undefined;
  /** When it was last changed in any way (`st_ctime`), ns since 1970; where it has several names. */
  readonly changedNs?: bigint | undefined;
  /** Of a list that was received: what has the same number is a name of the same object. */
  readonly linkGroup?: number;
  /** Of a list that was received: what it has under `-A` and `-X`. */
  readonly attributes?: EntryAttributes;
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

/** How the root itself is told where paths begin with `/`. */
export const topOfRoot = "/.";

export function isDirectory(entry: Pick<FileEntry, "mode">): boolean {
  return (entry.mode & fileTypes.mask) === fileTypes.directory;
}

export function isRegularFile(entry: Pick<FileEntry, "mode">): boolean {
  return (entry.mode & fileTypes.mask) === fileTypes.regular;
}

export function isSymlink(entry: Pick<FileEntry, "mode">): boolean {
  return (entry.mode & fileTypes.mask) === fileTypes.symlink;
}

export function isDevice(entry: Pick<FileEntry, "mode">): boolean {
  const type = entry.mode & fileTypes.mask;
  return type === fileTypes.characterDevice || type === fileTypes.blockDevice;
}

/** A fifo or a socket. */
export function isSpecial(entry: Pick<FileEntry, "mode">): boolean {
  const type = entry.mode & fileTypes.mask;
  return type === fileTypes.fifo || type === fileTypes.socket;
}

/** The entry that deletes `path` at the destination. */
export function deletion(path: BytePath): FileEntry {
  return { path, mode: 0, size: 0, mtimeSeconds: 0, mtimeNanoseconds: 0, uid: 0, gid: 0 };
}

/** The entry that names a directory, which is to be there; nothing else is said of it. */
export function namedDirectory(path: BytePath): FileEntry {
  return { ...deletion(path), mode: fileTypes.directory | 0o777 };
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
  /** `-R`: a path that is told from the root down may begin with `/`. Default false. */
  readonly relative?: boolean;
  /** A mode of 0 may be read: it deletes its name (`--delete-missing-args`). Default false. */
  readonly deletions?: boolean;
  /** Names of owners stand in the entries, each once: lists that follow others have no room. */
  readonly inlineNames?: IdNames | undefined;
}
