import { RsyncError } from "../errors.ts";
import type { Cursor } from "../wire/cursor.ts";
import { readVarint } from "../wire/varint.ts";
import { type AccessList, readAccessList } from "./acl.ts";
import type { EntryAttributes, ListedXattr } from "./attributes.ts";
import { type FileEntry, isDirectory, isSymlink } from "./entry.ts";
import type { OwnerNames } from "./owner-names.ts";
import { longestListedValue } from "./xattr.ts";

export interface AttributeReaderOptions {
  readonly acls: boolean;
  readonly xattrs: boolean;
  /** Told of the names of users and groups. */
  readonly names: OwnerNames;
  /** Told of the memory that each set takes, with its long values; throws when it is too much. */
  readonly spend?: ((bytes: number) => void) | undefined;
}

/** More no Linux can set. */
const mostXattrs = 65_536;
const longestName = 4_096;
const longestValue = 64 * 1024;
const sumBytes = 16;
/** Of all sets of one session and their values, which may be named again at any time. */
const mostBytes = 2 ** 30;

/**
 * Reads what follows entries under `-A` and `-X`: a set, or the number of one that was told.
 *
 * Wire: protocol 30 and later (spec 1 §7.8, §7.9).
 */
export class AttributeReader {
  readonly #options: AttributeReaderOptions;
  readonly #access: AccessList[] = [];
  readonly #defaults: AccessList[] = [];
  readonly #xattrs: (readonly ListedXattr[])[] = [];
  #bytes = 0;

  constructor(options: AttributeReaderOptions) {
    this.#options = options;
  }

  /** Nothing is remembered of what is not complete. @throws {RsyncError} BAD_STREAM */
  read(from: Cursor, entry: FileEntry): EntryAttributes {
    const { acls, xattrs, names } = this.#options;
    const start = from.offset;
    const kept: (() => void)[] = [];
    const readList = (each: Cursor): AccessList => readAccessList(each, names);
    const hasAccess = acls && !isSymlink(entry);
    const access = hasAccess ? readSet(from, this.#access, kept, readList) : undefined;
    const hasDefaults = hasAccess && isDirectory(entry);
    const defaults = hasDefaults ? readSet(from, this.#defaults, kept, readList) : undefined;
    const extended = xattrs ? readSet(from, this.#xattrs, kept, readXattrs) : undefined;
    for (const keep of kept) keep();
    if (kept.length > 0) this.#spend(4 * (from.offset - start) + longBytes(extended));
    return { access, defaults, xattrs: extended };
  }

  #spend(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > mostBytes) throw badAttributes(`more than ${mostBytes} bytes of them`);
    this.#options.spend?.(bytes);
  }
}

/** Values that will be asked for take room until the session ends. */
function longBytes(xattrs: readonly ListedXattr[] = []): number {
  return xattrs.reduce((bytes, { sum, length }) => (sum ? bytes + length : bytes), 0);
}

function readSet<T>(from: Cursor, known: T[], kept: (() => void)[], read: (from: Cursor) => T): T {
  const number = readVarint(from);
  if (number === 0) {
    const set = read(from);
    kept.push(() => known.push(set));
    return set;
  }
  const set = known[number - 1];
  if (set === undefined) throw badAttributes(`set ${number} of ${known.length}`);
  return set;
}

function readXattrs(from: Cursor): readonly ListedXattr[] {
  const count = readVarint(from);
  if (count < 0 || count > mostXattrs) throw badAttributes(`${count} extended attributes`);
  const found: ListedXattr[] = [];
  for (let number = 1; number <= count; number += 1) {
    const nameLength = readVarint(from);
    const length = readVarint(from);
    if (nameLength < 2 || nameLength > longestName || length < 0 || length > longestValue) {
      throw badAttributes(`a name of ${nameLength} bytes and a value of ${length}`);
    }
    const name = from.latin1(nameLength);
    if (name.indexOf("\0") !== nameLength - 1) throw badAttributes("a name that does not end");
    const isLong = length > longestListedValue;
    const told = Uint8Array.from(from.bytes(isLong ? sumBytes : length));
    found.push({
      name: name.slice(0, -1),
      number,
      length,
      value: isLong ? undefined : told,
      sum: isLong ? told : undefined,
      long: { isAsked: false, value: undefined },
    });
  }
  return found;
}

/**
 * Takes the next of the values that follow an item: `increment length value`, or their end.
 *
 * @param before the number of the one before, or 0.
 * @returns its number, or "end".
 * @throws {RsyncError} BAD_STREAM for one that was not asked for.
 */
export function readXattrValue(
  from: Cursor,
  before: number,
  listed: readonly ListedXattr[],
): number | "end" {
  const increment = readVarint(from);
  if (increment === 0) return "end";
  const number = before + increment;
  const about = listed.find((each) => each.number === number);
  if (increment < 0 || !about?.long.isAsked) throw badAttributes(`the value of ${number}`);
  const length = readVarint(from);
  if (length < 0 || length > longestValue) throw badAttributes(`a value of ${length} bytes`);
  about.long.value = Uint8Array.from(from.bytes(length));
  return number;
}

function badAttributes(found: string): RsyncError {
  return new RsyncError("BAD_STREAM", `Cannot read the attributes of an entry: ${found}`);
}
