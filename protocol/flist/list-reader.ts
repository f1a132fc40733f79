import { RsyncError } from "../errors.ts";
import type { Cursor } from "../wire/cursor.ts";
import { readVarint } from "../wire/varint.ts";
import type { FileEntry } from "./entry.ts";
import { EntryReader, type ListEnd } from "./entry-reader.ts";
import type { ListFormat } from "./list.ts";
import { inWireOrder } from "./order.ts";

/** Names of owners that one list may bring along. */
const mostIds = 100_000;

/** A whole list as it was received. */
export interface ReceivedList {
  /** In the order in which both sides number them. */
  readonly entries: readonly FileEntry[];
  /** Not 0 when the sender could not read everything. */
  readonly ioError: number;
}

export interface ListLimits {
  /** Default 10,000,000. */
  readonly mostEntries?: number;
}

/**
 * Reads a file list: entries, end marker, names of ids.
 *
 * @param read decodes one value, waiting for it.
 * @throws {RsyncError} BAD_STREAM for what no sender writes, or for more than the limits.
 *
 * Wire: protocol 30 and later, without incremental recursion (spec 1 §7).
 */
export async function readFileList(
  read: <T>(decode: (from: Cursor) => T) => Promise<T> | T,
  format: ListFormat,
  { mostEntries = 10_000_000 }: ListLimits = {},
): Promise<ReceivedList> {
  const reader = new EntryReader(format);
  const decode = (from: Cursor): FileEntry | ListEnd => reader.read(from);
  const entries: FileEntry[] = [];
  for (;;) {
    const next = read(decode);
    const found = next instanceof Promise ? await next : next;
    if ("kind" in found) {
      await skipIdNames(read, format);
      return { entries: inWireOrder(entries, format.protocol), ioError: found.ioError };
    }
    if (entries.length === mostEntries) {
      throw new RsyncError(
        "BAD_STREAM",
        `Cannot take the file list: more than ${mostEntries} entries`,
      );
    }
    entries.push(found);
  }
}

/** Owners are kept as numbers. */
async function skipIdNames(
  read: <T>(decode: (from: Cursor) => T) => Promise<T> | T,
  { owner, group, idNames, namesId0 }: ListFormat,
): Promise<void> {
  if (idNames === undefined) return;
  const lists = Number(owner) + Number(group);
  for (let list = 0; list < lists; list += 1) {
    for (let ids = 0; ; ids += 1) {
      if (ids > mostIds)
        throw new RsyncError("BAD_STREAM", `Cannot take more than ${mostIds} owners`);
      const isLast = await read((from) => {
        const last = readVarint(from) === 0;
        if (!last || namesId0) from.bytes(from.uint8());
        return last;
      });
      if (isLast) break;
    }
  }
}
