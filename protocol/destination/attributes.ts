import fs from "node:fs";
import type { ListedXattr } from "../flist/attributes.ts";
import { type FileEntry, fileTypes, isDirectory, isSymlink } from "../flist/entry.ts";
import type { TransferOptions } from "../options.ts";
import type { BytePath } from "../path.ts";
import { attributesOfOpen } from "../source/attributes.ts";
import { ExtendedAttributes, type ExtendedOptions } from "./extended.ts";
import type { NewFileAttributes } from "./file-writer.ts";
import { now, staysOwner, type Times } from "./libc.ts";
import type { Location } from "./location.ts";
import type { OwnerMap } from "./owners.ts";
import type { DestinationTree, Found } from "./tree.ts";

/** What can differ, as bits of an item (spec 2 §2.2). */
export const differences = {
  accessTime: 0x0001,
  content: 0x0002,
  size: 0x0004,
  time: 0x0008,
  mode: 0x0010,
  owner: 0x0020,
  group: 0x0040,
} as const;

const permissionBits = 0o7777;
const execution = 0o111;
/** In ns. */
const second = 1_000_000_000;

export interface AttributesOptions {
  /** Default 32. */
  readonly protocol?: number;
  /** An access list or extended attribute cannot be set, and why. */
  readonly onFailed?: ExtendedOptions["onFailed"];
}

/** Compares and sets what an object has besides its content, as far as it was asked for. */
export class Attributes {
  readonly #tree: DestinationTree;
  readonly #transfer: TransferOptions;
  readonly #owners: OwnerMap;
  readonly #extended: ExtendedAttributes | undefined;
  /** Before protocol 31 there are seconds only: a fraction that is here is no difference. */
  readonly #precision: number;
  readonly #umask = process.umask();
  /** Now: a daemon may have given its rights up meanwhile. */
  readonly #isRoot = process.geteuid?.() === 0;
  readonly #groups: ReadonlySet<number> = new Set([
    ...(process.getgroups?.() ?? []),
    process.getegid?.() ?? 0,
  ]);

  constructor(
    tree: DestinationTree,
    transfer: TransferOptions,
    owners: OwnerMap,
    { protocol = 32, onFailed = () => {} }: AttributesOptions = {},
  ) {
    this.#tree = tree;
    this.#extended =
      transfer.acls || transfer.xattrs
        ? new ExtendedAttributes({ transfer, owners, onFailed })
        : undefined;
    this.#precision = protocol < 31 ? second : tree.timePrecisionNs;
    this.#transfer = transfer;
    this.#owners = owners;
  }

  /** The permissions that an object is to have, when `found` is what is there already. */
  mode(entry: FileEntry, found: Found | undefined): number {
    const { perms, executability } = this.#transfer;
    if (perms) return entry.mode & permissionBits;
    const isSame = found !== undefined && sameType(found, entry);
    if (!isSame) return entry.mode & 0o777 & ~this.#umask;
    const mode = found.mode & permissionBits;
    if (!executability || isDirectory(entry)) return mode;
    if ((entry.mode & execution) === 0) return mode & ~execution;
    return (mode & execution) === 0 ? mode | ((mode & 0o444) >> 2) : mode;
  }

  /** True when the times are equal, as far as they can be, or need be. */
  sameTime(entry: FileEntry, found: Found): boolean {
    const { modifyWindowSeconds: window = 0 } = this.#transfer;
    if (window > 0) return Math.abs(entry.mtimeSeconds - found.mtimeSeconds) <= window;
    const precision = this.#precision;
    const ours = Math.floor(found.mtimeNanoseconds / precision);
    const theirs = Math.floor(entry.mtimeNanoseconds / precision);
    return entry.mtimeSeconds === found.mtimeSeconds && ours === theirs;
  }

  /**
   * A sum of {@link differences}, content and size apart.
   *
   * @param at where it was found. Default: under the entry's name.
   */
  compare(entry: FileEntry, found: Found, at?: Location): number {
    let different = 0;
    if (this.keepsTime(entry) && !this.sameTime(entry, found)) different |= differences.time;
    if (!isSymlink(entry) && !sameAccess(this.#times(entry), found)) {
      different |= differences.accessTime;
    }
    const wanted = this.mode(entry, found);
    if (!isSymlink(entry) && wanted !== (found.mode & permissionBits))
      different |= differences.mode;
    if (this.#uid(entry) !== undefined && this.#uid(entry) !== found.uid) {
      different |= differences.owner;
    }
    if (this.#gid(entry) !== undefined && this.#gid(entry) !== found.gid) {
      different |= differences.group;
    }
    if (this.#extended === undefined) return different;
    const location = at ?? { tree: this.#tree, path: entry.path };
    return different | this.#extended.compare(entry, wanted, location);
  }

  /**
   * What is asked for with an item of an entry: long values of extended attributes, where they are
   * not at `at`, which is undefined where nothing is that could have them.
   */
  wanted(entry: FileEntry, at: Location | undefined): readonly ListedXattr[] {
    if (this.#transfer.dryRun) return [];
    return this.#extended?.missing(entry, at) ?? [];
  }

  /** Long values of extended attributes are here. */
  applyValues(entry: FileEntry): void {
    const open = this.#tree.attributes(entry.path);
    this.#extended?.apply(open, entry, this.mode(entry, this.#tree.find(entry.path)));
  }

  /**
   * Gives an object what it is to have: its owner first, which takes special permissions away.
   *
   * @param found what `path` has.
   * @param replaced what had the entry's name before, perhaps `found` itself.
   */
  apply(path: BytePath, entry: FileEntry, found: Found, replaced: Found | undefined): void {
    const uid = this.#uid(entry) ?? found.uid;
    const gid = this.#gid(entry) ?? found.gid;
    const changesOwner = uid !== found.uid || gid !== found.gid;
    if (changesOwner) this.#tree.setOwner(path, uid, gid);
    const mode = this.mode(entry, replaced);
    this.#extended?.apply(this.#tree.attributes(path), entry, mode);
    if (!isSymlink(entry) && (changesOwner || mode !== (found.mode & permissionBits))) {
      this.#tree.setMode(path, mode);
    }
    if (isDirectory(entry)) return;
    const times = this.#times(entry);
    const isTimely = !this.keepsTime(entry) || this.#sameExactTime(entry, found);
    const isSame = isTimely && sameAccess(times, found);
    if (times !== undefined && !isSame) this.#tree.setTime(path, times);
  }

  /**
   * Gives a file that is open, and was made or written just now, what it is to have.
   *
   * @param replaced what had the entry's name before.
   * @param from where long values of extended attributes lie that were not asked for.
   */
  applyOpen(
    descriptor: number,
    entry: FileEntry,
    replaced: Found | undefined,
    from?: Location,
  ): void {
    const found = fs.fstatSync(descriptor);
    const uid = this.#uid(entry) ?? found.uid;
    const gid = this.#gid(entry) ?? found.gid;
    const changesOwner = uid !== found.uid || gid !== found.gid;
    if (changesOwner) fs.fchownSync(descriptor, uid, gid);
    const mode = this.mode(entry, replaced);
    this.#extended?.apply(attributesOfOpen(descriptor), entry, mode, from);
    if (changesOwner || mode !== (found.mode & permissionBits)) fs.fchmodSync(descriptor, mode);
    const times = this.#times(entry);
    if (times !== undefined) this.#tree.setOpenTime(descriptor, times);
  }

  /** What a file is to have that is made by a {@link FileWriter}. */
  ofNewFile(entry: FileEntry, replaced: Found | undefined): NewFileAttributes {
    return {
      uid: this.#uid(entry) ?? staysOwner,
      gid: this.#gid(entry) ?? staysOwner,
      mode: this.mode(entry, replaced),
      ...(this.#times(entry) ?? untouched),
    };
  }

  /** Sets the time of a directory, once nothing in it changes any more. */
  applyDirectoryTime(path: BytePath, entry: FileEntry): void {
    if (!this.keepsTime(entry)) return;
    const found = this.#tree.find(path);
    if (found === undefined || !isDirectory(found) || this.#sameExactTime(entry, found)) return;
    this.#tree.setTime(path, entry);
  }

  /** Undefined where none is to be set. */
  #times(entry: FileEntry): Times | undefined {
    const isKept = this.keepsTime(entry);
    const atimeSeconds = this.#transfer.atimes ? entry.atimeSeconds : undefined;
    if (!isKept && atimeSeconds === undefined) return undefined;
    const { mtimeSeconds, mtimeNanoseconds } = entry;
    const times = { mtimeSeconds, mtimeNanoseconds: isKept ? mtimeNanoseconds : now };
    return atimeSeconds === undefined ? times : { ...times, atimeSeconds };
  }

  #sameExactTime(entry: FileEntry, found: Found): boolean {
    const { mtimeSeconds, mtimeNanoseconds } = found;
    if (entry.mtimeSeconds !== mtimeSeconds) return false;
    return entry.mtimeNanoseconds === mtimeNanoseconds || this.#precision === second;
  }

  /** The time of an object becomes the sender's. */
  keepsTime(entry: FileEntry): boolean {
    const { times = false, omitDirTimes, omitLinkTimes } = this.#transfer;
    if (isDirectory(entry)) return times && !omitDirTimes;
    return times && !(isSymlink(entry) && omitLinkTimes);
  }

  /** Undefined where it stays as it is: only root gives files away. */
  #uid(entry: FileEntry): number | undefined {
    const { owner, super: tries } = this.#transfer;
    return owner && (tries ?? this.#isRoot) ? this.#owners.user(entry.uid) : undefined;
  }

  #gid(entry: FileEntry): number | undefined {
    const { group, super: tries } = this.#transfer;
    if (!group) return undefined;
    const gid = this.#owners.group(entry.gid);
    return (tries ?? this.#isRoot) || this.#groups.has(gid) ? gid : undefined;
  }
}

const untouched: Times = { mtimeSeconds: 0, mtimeNanoseconds: now };

function sameAccess(times: Times | undefined, { atimeSeconds }: Found): boolean {
  return times?.atimeSeconds === undefined || times.atimeSeconds === atimeSeconds;
}

/** True for two objects of one type. */
export function sameType(a: Pick<FileEntry, "mode">, b: Pick<FileEntry, "mode">): boolean {
  return (a.mode & fileTypes.mask) === (b.mode & fileTypes.mask);
}
