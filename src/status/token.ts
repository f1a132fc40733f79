import { createHash, timingSafeEqual } from "node:crypto";
import { pathFromText } from "../../protocol/index.ts";
import { passwordProblem, readPassword } from "../config/password.ts";

/** A shorter one could be found out by trying. */
const leastLength = 16;

/** Why this file cannot hold the token, or undefined; never tells what is in it. */
export function tokenProblem(file: string): string | undefined {
  const path = pathFromText(file);
  const problem = passwordProblem(path);
  if (problem !== undefined) return problem;
  const token = readPassword(path);
  if (!/^[!-~]*$/.test(token)) return "a token has no blanks, and nothing but ASCII";
  const { length } = token;
  if (length >= leastLength) return undefined;
  return `the token has ${length} characters, ${leastLength} are needed (openssl rand -hex 24 makes one)`;
}

/**
 * True when an `Authorization` header carries the token that is in the file now.
 *
 * @throws {Error} naming the file, when it cannot be used any more.
 */
export function isAuthorized(header: string | undefined, file: string): boolean {
  const problem = tokenProblem(file);
  if (problem !== undefined) throw new Error(`cannot use the token file ${file}: ${problem}`);
  const given = /^Bearer +(\S+) *$/i.exec(header ?? "")?.[1] ?? "";
  // Digests are of one length, so that the time it takes tells nothing, not even the length.
  return timingSafeEqual(digest(given), digest(readPassword(pathFromText(file))));
}

function digest(text: string): Uint8Array {
  return createHash("sha256").update(text, "latin1").digest();
}
