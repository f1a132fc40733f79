import { writeVarint } from "../wire/varint.ts";
import type { Writer } from "../wire/writer.ts";
import { type NamesOnce, writeIdName } from "./id-names.ts";
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
