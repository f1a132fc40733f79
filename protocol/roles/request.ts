import { RsyncError } from "../errors.ts";
import type { Cursor } from "../wire/cursor.ts";
import {
  type IndexReader,
  type IndexWriter,
  indexDeleteStats,
  indexDone,
  indexFirstList,
  indexListEnd,
} from "../wire/file-index.ts";
import { readUint16 } from "../wire/int.ts";
import { readVarint } from "../wire/varint.ts";
import { readVstring, writeVstring } from "../wire/vstring.ts";
import type { Writer } from "../wire/writer.ts";

/** What an item's flags say (spec 2 §2.2); the low bits are for the itemized log only. */
export const itemFlags = {
  basisTypeFollows: 0x0800,
  nameFollows: 0x1000,
  isNew: 0x2000,
  localChange: 0x4000,
  transfer: 0x8000,
  /** Never on the wire: before protocol 29 nothing is said of what differs. */
  unknown: 0x10000,
} as const;

/** Says what was done with an entry: a sum of `itemFlags` and differences. */
export type TellItem = (index: number, flags: number, name?: string) => void;

/** One thing the generator says about one entry. */
export interface Item {
  readonly kind: "item";
  readonly index: number;
  /** A sum of {@link itemFlags} and report bits. */
  readonly flags: number;
  /** Which file the block sums describe, where it is not the destination file itself. */
  readonly basisType: number | undefined;
  /** Name of a fuzzy basis or of a hard link's first name, as a byte string. */
  readonly name: string | undefined;
  /** Of an answer: values of extended attributes as they are written. Default none. */
  readonly attributes?: Uint8Array;
}

export type Request =
  | Item
  | { readonly kind: "done" }
  /** Of a sender: the list of a directory follows, which has this number among all directories. */
  | { readonly kind: "list"; readonly directory: number }
  /** Of a sender: no further list follows. */
  | { readonly kind: "lists end" }
  /** How many objects were deleted: files, directories, symlinks, devices, specials. */
  | { readonly kind: "delete stats"; readonly counts: readonly number[] };

const done: Request = { kind: "done" };
const listsEnd: Request = { kind: "lists end" };

/**
 * What the generator sends next, without the block sums that follow a transfer request.
 *
 *     index  [flags (2)  [basis type (1)]  [name]]
 *
 * Wire: protocol 29 and later (spec 2 §2.1).
 */
export function readRequest(from: Cursor, indices: IndexReader): Request {
  const index = indices.read(from);
  const request = index === indexDone ? done : readRest(from, index);
  indices.accept(index);
  return request;
}

function readRest(from: Cursor, index: number): Request {
  if (index === indexDeleteStats) {
    return { kind: "delete stats", counts: Array.from({ length: 5 }, () => readVarint(from)) };
  }
  if (index === indexListEnd) return listsEnd;
  if (index < 0 && index > indexFirstList) {
    throw new RsyncError("BAD_STREAM", `Cannot go on with the other side: ${index} is no index`);
  }
  if (index <= indexFirstList) return { kind: "list", directory: indexFirstList - index };
  const flags = readUint16(from);
  const basisType = (flags & itemFlags.basisTypeFollows) === 0 ? undefined : from.uint8();
  const name = (flags & itemFlags.nameFollows) === 0 ? undefined : readVstring(from);
  return { kind: "item", index, flags, basisType, name };
}

/** The sender's answer begins with what it answers, byte for byte. */
export function writeItem(to: Writer, item: Item, indices: IndexWriter): void {
  indices.write(to, item.index);
  to.uint16(item.flags);
  if (item.basisType !== undefined) to.uint8(item.basisType);
  if (item.name !== undefined) writeVstring(to, item.name);
  if (item.attributes !== undefined) to.bytes(item.attributes);
}

/**
 * What the generator sends next: an index, and nothing said about it. Content is always meant.
 *
 * Wire: protocol 28 and earlier (spec 2 §2.1).
 */
export function readBareRequest(from: Cursor, indices: IndexReader): Request {
  const index = indices.read(from);
  indices.accept(index);
  if (index === indexDone) return done;
  const flags = itemFlags.transfer | itemFlags.unknown;
  return { kind: "item", index, flags, basisType: undefined, name: undefined };
}

/** The answer to {@link readBareRequest}'s items. */
export function writeBareItem(to: Writer, item: Item, indices: IndexWriter): void {
  indices.write(to, item.index);
}
