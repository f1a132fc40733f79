import { RsyncError } from "../errors.ts";
import type { Cursor } from "../wire/cursor.ts";
import { readInt32 } from "../wire/int.ts";
import { readVarint } from "../wire/varint.ts";
import { AttributeReader } from "./attribute-reader.ts";
import { ClassicEntryReader } from "./classic-reader.ts";
import type { Numbering } from "./converted-list.ts";
import type { FileEntry } from "./entry.ts";
import { EntryReader, type ListEnd } from "./entry-reader.ts";
import type { ListFormat } from "./list.ts";
import { type NumberedEntries, numbered } from "./order.ts";
import type { OwnerNames } from "./owner-names.ts";
import { withoutRoot } from "./rooted-path.ts";
import { paced } from "./stepwise.ts";

/** Names of owners that one list may bring along. */
const mostIds = 100_000;

/** Bytes of all names together: a list within the limit of entries may still want our memory. */
const mostNameBytes = 2 ** 30;

/** An entry without its name; the name is there twice while lists are sorted. */
export const entryBytes: number = 300;

/** A whole list as it was received. */
export interface ReceivedList {
  /** In the order in which both sides number them. */
  readonly entries: readonly FileEntry[];
  /** Not 0 when the sender could not read everything. */
  readonly ioError: number;
}

/** A list by the numbers of its entries; of several with one name all but one are cleared. */
export interface NumberedList extends NumberedEntries {
  readonly ioError: number;
  /** The memory that it takes, about. */
  readonly bytes: number;
}

export interface ListLimits {
  /** Default 10,000,000. */
  readonly mostEntries?: number;
  /** Told of the memory that each entry takes, about; throws when that is too much. */
  readonly spend?: (bytes: number) => void;
  /** Awaited now and then while a long list is sorted. Default: nobody else waits. */
  readonly pace?: () => Promise<void>;
}

/** Decodes one value, waiting for it. */
export type ReadValue = <T>(decode: (from: Cursor) => T) => Promise<T> | T;

/**
 * Reads a file list: entries, end marker, names of ids.
 *
 * @throws {RsyncError} BAD_STREAM for what no sender writes, or for more than the limits.
 *
 * Wire: protocol 27 and later, without incremental recursion (spec 1 §7).
 */
export async function readFileList(
  read: ReadValue,
  format: ListFormat,
  limits: ListLimits = {},
): Promise<ReceivedList> {
  const { slots, ioError } = await readNumberedList(read, format, limits);
  return { entries: slots.filter((entry) => entry !== undefined), ioError };
}

/** The same, with the numbers that the sender gives its entries; `names` is told of owners. */
export function readNumberedList(
  read: ReadValue,
  format: ListFormat,
  limits: ReaderOptions = {},
): Promise<NumberedList> {
  return new ListReader(format, limits).read(read);
}

export interface ReaderOptions extends ListLimits {
  /** Told of the names of owners. */
  readonly names?: OwnerNames;
  /** Default: entries have the numbers of their names' order. */
  readonly numbering?: Numbering | undefined;
}

/** What a list has to do with those before it. */
export interface ListPlace {
  /** The number of its first entry. Default 0. */
  readonly first?: number;
  /** So many entries of other lists are in memory. Default none. */
  readonly held?: number;
}

/** Reads the file lists of one session; each goes on with what the one before has said last. */
export class ListReader {
  readonly #format: ListFormat;
  readonly #limits: ReaderOptions;
  readonly #classic: ClassicEntryReader | undefined;
  readonly #entries: EntryReader;

  constructor(format: ListFormat, limits: ReaderOptions = {}) {
    this.#format = format;
    this.#limits = limits;
    this.#entries = new EntryReader(format, limits.names, attributeReader(format, limits));
    this.#classic = format.protocol < 30 ? new ClassicEntryReader(format) : undefined;
  }

  /** @throws {RsyncError} BAD_STREAM for what no sender writes, or for more than the limits. */
  async read(read: ReadValue, { first = 0, held = 0 }: ListPlace = {}): Promise<NumberedList> {
    const { mostEntries = 10_000_000, names, spend, pace = async () => {} } = this.#limits;
    const { numbering: number = numbered } = this.#limits;
    const { protocol, inlineNames } = this.#format;
    this.#entries.beginList(first);
    const entries: FileEntry[] = [];
    let nameBytes = 0;
    let bytes = 0;
    let isRooted = false;
    for (;;) {
      const next = read(this.#decode);
      const found = next instanceof Promise ? await next : next;
      if ("kind" in found) {
        if (inlineNames === undefined) await readIdNames(read, this.#format, names);
        const ioError = this.#classic === undefined ? found.ioError : await read(readInt32);
        const list = await paced(number(entries, protocol), pace);
        const below = isRooted ? await paced(withoutRoot(list), pace) : list;
        return { ...below, ioError, bytes };
      }
      const length = found.path.length + (found.linkTarget?.length ?? 0);
      nameBytes += length;
      bytes += entryBytes + 2 * length;
      spend?.(entryBytes + 2 * length);
      if (held + entries.length >= mostEntries) throw tooLong(`${mostEntries} entries`);
      if (nameBytes > mostNameBytes) throw tooLong(`${mostNameBytes} bytes of names`);
      isRooted ||= found.path.startsWith("/");
      entries.push(found);
    }
  }

  /** Errors follow behind the names in older lists. */
  readonly #decode = (from: Cursor): FileEntry | ListEnd =>
    this.#classic === undefined
      ? this.#entries.read(from)
      : (this.#classic.read(from) ?? { kind: "end", ioError: 0 });
}

function attributeReader(
  { protocol, namesAccess: acls = false, xattrs = false }: ListFormat,
  { names = { user: () => {}, group: () => {} }, spend }: ReaderOptions,
): AttributeReader | undefined {
  if (protocol < 30 || !(acls || xattrs)) return undefined;
  return new AttributeReader({ acls, xattrs, names, spend });
}

function tooLong(limit: string): RsyncError {
  return new RsyncError("BAD_STREAM", `Cannot take the file list: more than ${limit}`);
}

/** `(id length name)* 0 [length name-of-0]`, of users, then of groups (spec 1 §7.3). */
async function readIdNames(
  read: ReadValue,
  { owner, group, namesAccess, idNames, namesId0, protocol }: ListFormat,
  names: OwnerNames | undefined,
): Promise<void> {
  if (idNames === undefined) return;
  const number = protocol < 30 ? readInt32 : readVarint;
  const lists = [
    owner || namesAccess ? "user" : undefined,
    group || namesAccess ? "group" : undefined,
  ] as const;
  for (const kind of lists) {
    if (kind === undefined) continue;
    for (let ids = 0; ; ids += 1) {
      if (ids > mostIds) throw tooLong(`${mostIds} owners`);
      const { id, name } = await read((from) => readIdName(from, namesId0, number));
      if (name !== undefined) names?.[kind](id, name);
      if (id === 0) break;
    }
  }
}

function readIdName(
  from: Cursor,
  namesId0: boolean,
  number: (from: Cursor) => number,
): { id: number; name: string | undefined } {
  const id = number(from) >>> 0;
  const isNamed = id !== 0 || namesId0;
  return { id, name: isNamed ? from.latin1(from.uint8()) : undefined };
}
