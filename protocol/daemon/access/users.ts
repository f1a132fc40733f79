import { RsyncError } from "../../errors.ts";
import { compilePattern } from "../../flist/pattern.ts";
import { asBytePath } from "../../path.ts";
import type { UserRule } from "../module.ts";

/** Says whether a user is in a group of this machine. */
export type IsMember = (user: string, group: string) => boolean;

const accesses = { deny: "deny", ro: "read", rw: "write" } as const;

/**
 * Reads `auth users` (rsyncd.conf(5)): names with wildcards or `@group`, each with `:ro`, `:rw` or
 * `:deny`, parted by commas or blanks; by commas only when the list begins with one.
 *
 * @returns the rules in their order; the first that means a user decides.
 * @throws {RsyncError} BAD_OPTION for what stands behind a colon and is none of the three: rsync
 *   passes over it, and lets in whom a misspelt `:deny` meant.
 */
export function parseAuthUsers(text: string, isMember: IsMember): UserRule[] {
  const parts = text.trimStart().startsWith(",") ? text.split(",") : text.split(/[\s,]+/);
  const words = parts.map((part) => part.trim()).filter((part) => part !== "");
  return words.map((word) => parseRule(word, isMember));
}

function parseRule(word: string, isMember: IsMember): UserRule {
  const colon = word.indexOf(":");
  const who = (colon < 0 ? word : word.slice(0, colon)).trim();
  if (who === "" || who === "@") throw badRule(word, "there is no name in it");
  const access = colon < 0 ? undefined : parseAccess(word.slice(colon + 1), word);
  if (!who.startsWith("@")) return { user: userPattern(who), access };
  const group = who.slice(1);
  return { user: (name) => isMember(name, group), group, access };
}

function parseAccess(text: string, word: string): UserRule["access"] {
  const given = text.trim().toLowerCase();
  const access = Object.hasOwn(accesses, given) ? accesses[given as keyof typeof accesses] : given;
  if (access === "deny" || access === "read" || access === "write") return access;
  throw badRule(word, "behind the colon may stand ro, rw or deny");
}

function userPattern(who: string): UserRule["user"] {
  if (!/[*?[]/.test(who)) return who;
  const matches = compilePattern(`/${who}`);
  return (name) => matches(asBytePath(name), false);
}

function badRule(word: string, found: string): RsyncError {
  return new RsyncError("BAD_OPTION", `Cannot use the user rule ${JSON.stringify(word)}: ${found}`);
}
