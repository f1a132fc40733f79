import type { AccessList } from "./acl.ts";

/** An extended attribute as a list has it. */
export interface ListedXattr {
  /** A byte string. */
  readonly name: string;
  /** Its place among the entry's attributes, from 1: by that its value is asked for. */
  readonly number: number;
  readonly length: number;
  /** Of a short value; undefined for one that must be asked for. */
  readonly value: Uint8Array | undefined;
  /** MD5 of a long one. */
  readonly sum: Uint8Array | undefined;
  /**
   * Of a long one: whether it was asked for, and what came. Entries share it, and a sender has it
   * once only.
   */
  readonly long: { isAsked: boolean; value: Uint8Array | undefined };
}

/** What an entry has under `-A` and `-X`; entries may share it. */
export interface EntryAttributes {
  /** Undefined without `-A`, and for a symlink. */
  readonly access: AccessList | undefined;
  /** Of a directory: what new objects in it get. */
  readonly defaults: AccessList | undefined;
  /** Undefined without `-X`. */
  readonly xattrs: readonly ListedXattr[] | undefined;
}
