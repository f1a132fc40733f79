import { createHash } from "node:crypto";
import { Md4 } from "../delta/md4.ts";
import { RsyncError } from "../errors.ts";

/** Digests for authentication, strongest first. */
const digests = ["sha512", "sha256", "sha1", "md5", "md4"] as const;

export type AuthDigest = (typeof digests)[number];

/**
 * Who we say we are: text, sent as UTF-8, or bytes as they are. The password is used for the
 * response only and never shown.
 */
export interface Credentials {
  readonly user: string | Uint8Array;
  readonly password: string | Uint8Array;
}

/**
 * The one digest to offer: the strongest that the daemon has. Offering exactly one leaves no room
 * for daemons that choose by their own order (spec 1 §1.5); without a list it is md5, which is
 * what such daemons use.
 *
 * @throws {RsyncError} PROTOCOL_MISMATCH when there is none in common.
 */
export function chooseDigest(offered: readonly string[] | undefined): AuthDigest {
  if (offered === undefined) return "md5";
  const names = new Set(offered.map((name) => name.toLowerCase()));
  const chosen = digests.find((name) => names.has(name));
  if (chosen === undefined) {
    throw new RsyncError(
      "PROTOCOL_MISMATCH",
      `Cannot authenticate: the daemon knows only ${offered.join(", ")}, we know ${digests.join(", ")}`,
    );
  }
  return chosen;
}

/** The line that answers `@RSYNCD: AUTHREQD <challenge>`: user, blank, unpadded base64. */
export function formatResponse(
  { user, password }: Credentials,
  challenge: string,
  digest: AuthDigest,
): Buffer {
  const secret = Buffer.concat([bytesOf(password), Buffer.from(challenge, "latin1")]);
  const sum = digest === "md4" ? md4(secret) : createHash(digest).update(secret).digest();
  const response = ` ${sum.toString("base64").replaceAll("=", "")}\n`;
  return Buffer.concat([bytesOf(user), Buffer.from(response)]);
}

function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === "string" ? Buffer.from(text, "utf8") : text;
}

/** Node's OpenSSL has no MD4 any more. */
function md4(data: Uint8Array): Buffer {
  const sum = new Md4();
  sum.update(data);
  return Buffer.from(sum.digest());
}
