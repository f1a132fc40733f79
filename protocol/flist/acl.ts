import { RsyncError } from "../errors.ts";
import type { Cursor } from "../wire/cursor.ts";
import { readVarint, writeVarint } from "../wire/varint.ts";
import type { Writer } from "../wire/writer.ts";
import { type NamesOnce, writeIdName } from "./id-names.ts";
import type { OwnerNames } from "./owner-names.ts";
import { Repetitions } from "./xattr.ts";

/** Who may do what: permissions are 0 to 7, and absent where the list does not say. */
export interface AccessList {
  readonly owner?: number;
  readonly group?: number;
  readonly mask?: number;
  readonly other?: number;
  /** Users and groups that have permissions of their own. */
  readonly named: readonly NamedAccess[];
}

export interface NamedAccess {
  readonly kind: "user" | "group";
  readonly id: number;
  readonly permissions: number;
}

type Draft = { -readonly [K in keyof AccessList]: AccessList[K] } & { named: NamedAccess[] };

const tags = { owner: 1, user: 2, group: 4, namedGroup: 8, mask: 0x10, other: 0x20 } as const;
const version = 2;
const nobody: AccessList = { named: [] };

/**
 * Reads the value of `system.posix_acl_access` or `system.posix_acl_default`.
 *
 *     version (4)  (tag (2)  permissions (2)  id (4))*        little-endian
 *
 * @returns an empty list for a value that is none of Linux' own.
 */
export function parseAccessList(value: Uint8Array): AccessList {
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  if (value.length < 4 || view.getUint32(0, true) !== version) return nobody;
  const draft: Draft = { named: [] };
  for (let at = 4; at + 8 <= value.length; at += 8) {
    const tag = view.getUint16(at, true);
    const permissions = view.getUint16(at + 2, true) & 7;
    const id = view.getUint32(at + 4, true);
    if (tag === tags.owner) draft.owner = permissions;
    else if (tag === tags.group) draft.group = permissions;
    else if (tag === tags.mask) draft.mask = permissions;
    else if (tag === tags.other) draft.other = permissions;
    else if (tag === tags.user) draft.named.push({ kind: "user", id, permissions });
    else if (tag === tags.namedGroup) draft.named.push({ kind: "group", id, permissions });
  }
  return draft;
}

/** What such a list says beyond a mode: what the mode tells as well is left out. */
export function beyondMode({ group, mask, named }: AccessList, mode: number): AccessList {
  if (mask === undefined) return named.length === 0 ? nobody : { named };
  const ofGroup = (mode >> 3) & 7;
  return {
    ...(group !== undefined && group !== ofGroup && { group }),
    ...((named.length === 0 || mask !== ofGroup) && { mask }),
    named,
  };
}

const fields = ["owner", "group", "mask", "other"] as const;
const namedFollow = 0x10;

/**
 * Writes access lists of one kind, one after the other: those of objects, or the default ones of
 * directories.
 *
 *     number of an equal list + 1
 *     0 which (1) permissions* [count (id permissions<<2|is-user<<1|has-name [name])*]
 *
 * Names of users and groups travel behind the file list; of lists in pieces here, each once.
 * Wire: protocol 30 and later (spec 1 §7.8).
 */
export class AccessListWriter {
  readonly #repetitions = new Repetitions();
  readonly #names: NamesOnce | undefined;

  /** @param names of lists in pieces. Default: no name stands here. */
  constructor(names?: NamesOnce) {
    this.#names = names;
  }

  write(to: Writer, list: AccessList): void {
    if (this.#repetitions.write(to, JSON.stringify(list))) return;
    const { named } = list;
    const which = fields.reduce(
      (bits, field, bit) => (field in list ? bits | (1 << bit) : bits),
      0,
    );
    to.uint8(which | (named.length > 0 ? namedFollow : 0));
    for (const field of fields) {
      const permissions = list[field];
      if (permissions !== undefined) writeVarint(to, permissions);
    }
    if (named.length === 0) return;
    writeVarint(to, named.length);
    for (const each of named) this.#writeNamed(to, each);
  }

  #writeNamed(to: Writer, { kind, id, permissions }: NamedAccess): void {
    const isUser = kind === "user";
    const isNew = (isUser ? this.#names?.meetsUser(id) : this.#names?.meetsGroup(id)) ?? false;
    writeVarint(to, id);
    writeVarint(to, (permissions << 2) | (isUser ? 2 : 0) | (isNew ? 1 : 0));
    if (isNew) writeIdName(to, (isUser ? this.#names?.user : this.#names?.group) ?? "");
  }
}

/** More entries Linux has no room for. */
const mostNamed = 8_192;

/**
 * Reads what {@link AccessListWriter} writes, behind its number.
 *
 * @throws {RsyncError} BAD_STREAM for what no sender writes.
 */
export function readAccessList(from: Cursor, names: OwnerNames): AccessList {
  const which = from.uint8();
  const list: Draft = { named: [] };
  for (const [bit, field] of fields.entries()) {
    if ((which & (1 << bit)) !== 0) list[field] = permissionsOf(readVarint(from));
  }
  const count = (which & namedFollow) === 0 ? 0 : readVarint(from);
  if (which > 0x1f || count < 0 || count > mostNamed) throw badList(`${which}, ${count} names`);
  for (let at = 0; at < count; at += 1) {
    const id = readVarint(from) >>> 0;
    const about = readVarint(from);
    const kind = (about & 2) === 0 ? "group" : "user";
    if ((about & 1) !== 0) names[kind](id, from.latin1(from.uint8()));
    list.named.push({ kind, id, permissions: permissionsOf(about >> 2) });
  }
  return list;
}

/**
 * A list as Linux stores it, the inverse of {@link parseAccessList}; undefined for one that says
 * nothing beyond `mode`.
 *
 * @param idOf what a user or group of the sender is here.
 */
export function encodeAccessList(
  list: AccessList,
  mode: number,
  idOf: (named: NamedAccess) => number,
): Buffer | undefined {
  const { owner = (mode >> 6) & 7, group = (mode >> 3) & 7, other = mode & 7 } = list;
  const mask = list.mask ?? (list.named.length > 0 ? (mode >> 3) & 7 : undefined);
  if (mask === undefined) return undefined;
  const named = list.named.map((each) => ({ ...each, id: idOf(each) }));
  named.sort((a, b) => a.id - b.id);
  const ofKind = (kind: NamedAccess["kind"], tag: number): (readonly number[])[] =>
    named.filter((each) => each.kind === kind).map((each) => [tag, each.permissions, each.id]);
  const entries = [
    [tags.owner, owner],
    ...ofKind("user", tags.user),
    [tags.group, group],
    ...ofKind("group", tags.namedGroup),
    [tags.mask, mask],
    [tags.other, other],
  ];
  const value = Buffer.alloc(4 + 8 * entries.length);
  value.writeUInt32LE(version, 0);
  for (const [at, [tag = 0, permissions = 0, id = nobodyId]] of entries.entries()) {
    value.writeUInt16LE(tag, 4 + 8 * at);
    value.writeUInt16LE(permissions, 6 + 8 * at);
    value.writeUInt32LE(id, 8 + 8 * at);
  }
  return value;
}

/** The default list of a directory; undefined where it has none. */
export function encodeDefaults(
  list: AccessList,
  idOf: (named: NamedAccess) => number,
): Buffer | undefined {
  if (list.named.length === 0 && fields.every((field) => list[field] === undefined)) {
    return undefined;
  }
  return encodeAccessList(list, 0, idOf) ?? encodeThree(list);
}

/** Owner, group and others alone. */
function encodeThree({ owner = 0, group = 0, other = 0 }: AccessList): Buffer {
  const masked = encodeAccessList({ owner, group, mask: 0, other, named: [] }, 0, ({ id }) => id);
  const value = masked as Buffer;
  // The mask stands before the last entry.
  return Buffer.concat([value.subarray(0, -16), value.subarray(-8)]);
}

/** Of an entry that is nobody's. */
const nobodyId = 0xffff_ffff;

function permissionsOf(value: number): number {
  if (value >= 0 && value <= 7) return value;
  throw badList(`permissions ${value}`);
}

function badList(found: string): RsyncError {
  return new RsyncError("BAD_STREAM", `Cannot read an access list: ${found}`);
}
