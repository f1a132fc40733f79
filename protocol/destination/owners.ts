import type { OwnerNames } from "../flist/entry-reader.ts";
import { LocalIds } from "../source/id-names.ts";

/** Turns the sender's owners into ours: by name where both know it, else by number. */
export class OwnerMap {
  readonly #local = new LocalIds();
  readonly #users = new Map<number, number>();
  readonly #groups = new Map<number, number>();

  /** Learns how the sender calls its owners. */
  get names(): OwnerNames {
    return {
      user: (id, name) => learn(this.#users, id, this.#local.user(name)),
      group: (id, name) => learn(this.#groups, id, this.#local.group(name)),
    };
  }

  user(uid: number): number {
    return this.#users.get(uid) ?? uid;
  }

  group(gid: number): number {
    return this.#groups.get(gid) ?? gid;
  }
}

function learn(map: Map<number, number>, id: number, local: number | undefined): void {
  if (local !== undefined) map.set(id, local);
}
