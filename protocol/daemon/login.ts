import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { AuthDigest } from "../handshake/auth.ts";
import { digests, responseTo } from "../handshake/auth.ts";
import type { DaemonModule, LoginDigest, UserRule } from "./module.ts";
import { Refusal } from "./refusal.ts";

/** A user who has come in, and what the rule says that let it in. */
export interface LoggedIn {
  readonly user: string;
  readonly access: UserRule["access"];
}

/** Why nobody came in; the client hears no reason. */
export class LoginFailure extends Error {
  readonly user: string;

  constructor(user: string, reason: string) {
    super(reason);
    this.user = user;
  }
}

/**
 * The digest that a client of these words will answer with: ours to choose from its list, strongest
 * first, as rsync 3.5.0 chooses; older clients list theirs in the same order (spec 1 §1.5).
 *
 * @throws {Refusal} when none is known here.
 */
export function loginDigest(offered: readonly string[] | undefined, protocol: number): AuthDigest {
  if (offered === undefined) return protocol < 30 ? "old-md4" : "md5";
  const names = new Set(offered.map((name) => name.toLowerCase()));
  const chosen = digests.find((name) => names.has(name));
  if (chosen !== undefined) return chosen;
  const known = digests.join(" ");
  throw new Refusal(`your client does not support one of our daemon-auth checksums: ${known}`);
}

/** Whether a digest is weaker than the weakest that a module takes. */
export function isTooWeak(digest: AuthDigest, weakest: LoginDigest | undefined): boolean {
  if (weakest === undefined) return false;
  return digest === "old-md4" || digests.indexOf(digest) > digests.indexOf(weakest);
}

/** What nobody can foresee; a digest of it has the length that tells clients which one is meant. */
export function makeChallenge(digest: AuthDigest): string {
  return responseTo(randomBytes(32), "", digest);
}

/**
 * Checks the line that answers a challenge: `user response`.
 *
 * Every answer takes the same way through this function, whether there is such a user or not.
 *
 * @throws {LoginFailure} for all but the right one; what {@link DaemonModule.secret} throws.
 */
export async function checkLogin(
  { users = [], secret }: DaemonModule,
  line: string,
  challenge: string,
  digest: AuthDigest,
): Promise<LoggedIn> {
  const [name, response] = splitOnce(line);
  const user = textOf(name);
  const rule = users.find((each) => isMeant(each, user));
  const group = rule?.group === undefined ? undefined : `@${rule.group}`;
  const passwords = [await secret?.(user), group === undefined ? undefined : await secret?.(group)];
  const known = passwords.filter((password) => password !== undefined);
  let isRight = false;
  for (const password of known.length > 0 ? known : [randomBytes(8)]) {
    if (isSame(responseTo(password, challenge, digest), response)) isRight = true;
  }
  if (rule === undefined) throw new LoginFailure(user, "no rule lets this user in");
  if (rule.access === "deny") throw new LoginFailure(user, "a rule denies this user");
  if (known.length === 0) throw new LoginFailure(user, "there is no password for this user");
  if (!isRight) throw new LoginFailure(user, "the password is wrong");
  return { user, access: rule.access };
}

function isMeant({ user: meant }: UserRule, user: string): boolean {
  return typeof meant === "string" ? meant === user : meant(user);
}

function splitOnce(line: string): [string, string] {
  const blank = line.indexOf(" ");
  return blank < 0 ? [line, ""] : [line.slice(0, blank), line.slice(blank + 1)];
}

function textOf(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString("utf8");
}

/** Takes as long for a wrong first byte as for a wrong last one. */
function isSame(wanted: string, found: string): boolean {
  return timingSafeEqual(hashOf(wanted), hashOf(found));
}

function hashOf(text: string): Buffer {
  return createHash("sha256").update(text, "latin1").digest();
}
