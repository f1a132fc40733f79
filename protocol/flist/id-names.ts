import type { Writer } from "../wire/writer.ts";

/** Names of users and groups; what it does not know travels as a number. */
export interface IdNames {
  user(uid: number): string | undefined;
  group(gid: number): string | undefined;
}

/** A name as the wire has it: a length in one byte, so that what is longer is cut. */
export function writeIdName(to: Writer, name: string): void {
  const bytes = Buffer.from(name, "utf8").subarray(0, 0xff);
  to.uint8(bytes.length);
  to.bytes(bytes);
}

/** Gives the name of every id once: when the id is met for the first time (spec 1 §7.3). */
export class NamesOnce {
  readonly #names: IdNames;
  readonly #users = new Set<number>();
  readonly #groups = new Set<number>();
  /** The name of the user that was met last, and of the group. */
  user: string | undefined;
  group: string | undefined;

  constructor(names: IdNames) {
    this.#names = names;
  }

  /** True when the user is new and has a name, which `user` is then. */
  meetsUser(uid: number): boolean {
    if (this.#users.has(uid)) return false;
    this.#users.add(uid);
    this.user = this.#names.user(uid);
    return this.user !== undefined;
  }

  /** True when the group is new and has a name, which `group` is then. */
  meetsGroup(gid: number): boolean {
    if (this.#groups.has(gid)) return false;
    this.#groups.add(gid);
    this.group = this.#names.group(gid);
    return this.group !== undefined;
  }
}
