import { localFiles } from "./files.ts";

/** A line of /etc/passwd or /etc/group: its name, its number, and what else is needed of it. */
interface Account {
  readonly name: string;
  readonly id: number;
  readonly fields: readonly string[];
}

/** The users and groups of this machine, as /etc/passwd and /etc/group tell them. Byte strings. */
export class Accounts {
  readonly #users: readonly Account[];
  readonly #groups: readonly Account[];

  constructor(passwd: string = readTable("/etc/passwd"), group: string = readTable("/etc/group")) {
    this.#users = readAccounts(passwd);
    this.#groups = readAccounts(group);
  }

  /** @param name of a user, or a number. */
  uid(name: string): number | undefined {
    return idOf(this.#users, name);
  }

  /** @param name of a group, or a number. */
  gid(name: string): number | undefined {
    return idOf(this.#groups, name);
  }

  /** All groups of a user, its own first. */
  groupsOf(uid: number): number[] {
    const user = this.#users.find(({ id }) => id === uid);
    if (user === undefined) return [];
    const others = this.#groups.filter((group) => members(group).includes(user.name));
    return [...new Set([Number(user.fields[3]), ...others.map(({ id }) => id)])];
  }

  isMember(user: string, group: string): boolean {
    const account = this.#users.find(({ name }) => name === user);
    const gid = this.#groups.find(({ name }) => name === group)?.id;
    if (account === undefined || gid === undefined) return false;
    return this.groupsOf(account.id).includes(gid);
  }
}

function readTable(file: string): string {
  const content = localFiles.read(file);
  return typeof content === "string" ? content : "";
}

function readAccounts(table: string): Account[] {
  return table.split("\n").flatMap((line) => {
    const fields = line.split(":");
    const [name = "", , number = ""] = fields;
    return name === "" || !/^\d+$/.test(number) ? [] : [{ name, id: Number(number), fields }];
  });
}

function idOf(accounts: readonly Account[], name: string): number | undefined {
  const known = accounts.find((each) => each.name === name)?.id;
  return known ?? (/^\d{1,10}$/.test(name) ? Number(name) : undefined);
}

function members({ fields }: Account): string[] {
  return (fields[3] ?? "").split(",");
}
