import type { OwnerNames } from "../flist/owner-names.ts";
import { LocalIds } from "../source/id-names.ts";
import { type FindId, type OwnerRule, parseOwnerRules } from "./owner-rules.ts";

export interface OwnerMapOptions {
  /** `--usermap`; default none. */
  readonly userMap?: string | undefined;
  /** `--groupmap`; default none. */
  readonly groupMap?: string | undefined;
}

/** Turns the sender's owners into ours: by rules, by name where both know it, else by number. */
export class OwnerMap {
  readonly #users: IdMap;
  readonly #groups: IdMap;

  /** @throws {RsyncError} BAD_OPTION for rules that cannot be read. */
  constructor({ userMap, groupMap }: OwnerMapOptions = {}) {
    const local = new LocalIds();
    this.#users = new IdMap(userMap, (name) => local.user(name));
    this.#groups = new IdMap(groupMap, (name) => local.group(name));
  }

  /** Learns how the sender calls its owners. */
  get names(): OwnerNames {
    return {
      user: (id, name) => this.#users.learn(id, name),
      group: (id, name) => this.#groups.learn(id, name),
    };
  }

  user(uid: number): number {
    return this.#users.of(uid);
  }

  group(gid: number): number {
    return this.#groups.of(gid);
  }
}

class IdMap {
  readonly #rules: readonly OwnerRule[];
  readonly #findId: FindId;
  readonly #names = new Map<number, string>();
  readonly #known = new Map<number, number>();

  constructor(rules: string | undefined, findId: FindId) {
    this.#findId = findId;
    this.#rules = rules === undefined ? [] : parseOwnerRules(rules, findId);
  }

  learn(id: number, name: string): void {
    this.#names.set(id, name);
    this.#known.delete(id);
  }

  of(id: number): number {
    let known = this.#known.get(id);
    if (known === undefined) {
      known = this.#find(id);
      this.#known.set(id, known);
    }
    return known;
  }

  #find(id: number): number {
    const name = this.#names.get(id) ?? "";
    const rule = this.#rules.find((each) => each.matches(id, name));
    if (rule !== undefined) return rule.id;
    return id === 0 || name === "" ? id : (this.#findId(name) ?? id);
  }
}
