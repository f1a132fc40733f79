import { createHash } from "node:crypto";
import { md4 } from "../delta/md4.ts";
import { RsyncError } from "../errors.ts";

/** Digests for authentication, strongest first. */
export const digests = ["sha512", "sha256", "sha1", "md5", "md4"] as const;

/** `old-md4` has no name on the wire: it is what daemons take for meant when none is offered. */
export type AuthDigest = (typeof digests)[number] | "old-md4";

/**
 * Who we say we are: text, sent as UTF-8, or bytes as they are. The password is used for the
 * response only and never shown.
 */
export interface Credentials {
  readonly user: string | Uint8Array;
  readonly password: string | Uint8Array;
}

/** How we answer when the daemon asks who we are. */
export interface AuthChoice {
  /** What our greeting says; undefined: nothing. */
  readonly offer: string | undefined;
  /** @throws {RsyncError} PROTOCOL_MISMATCH when there is none in common. */
  digest(): AuthDigest;
}

/**
 * The one digest to offer: the strongest that the daemon has. Offering exactly one leaves no room
 * for daemons that choose by their own order (spec 1 §1.5). Most modules let everybody in, so that
 * there is none in common shows only when the daemon asks.
 *
 * @param offered the daemon's list; a daemon without one uses md5, below protocol 30 the old md4.
 */
export function chooseDigest(offered: readonly string[] | undefined, protocol: number): AuthChoice {
  if (offered === undefined) {
    return protocol < 30
      ? { offer: undefined, digest: () => "old-md4" }
      : { offer: "md5", digest: () => "md5" };
  }
  const names = new Set(offered.map((name) => name.toLowerCase()));
  const chosen = digests.find((name) => names.has(name));
  if (chosen !== undefined) return { offer: chosen, digest: () => chosen };
  return {
    offer: digests.join(" "),
    digest: () => {
      throw new RsyncError(
        "PROTOCOL_MISMATCH",
        `Cannot authenticate: the daemon knows only ${offered.join(", ")}, we know ${digests.join(", ")}`,
      );
    },
  };
}

/** The line that answers `@RSYNCD: AUTHREQD <challenge>`: user, blank, unpadded base64. */
export function formatResponse(
  { user, password }: Credentials,
  challenge: string,
  digest: AuthDigest,
): Buffer {
  const response = responseTo(password, challenge, digest);
  return Buffer.concat([bytesOf(user), Buffer.from(` ${response}\n`)]);
}

/** What only who knows the password can answer to a challenge: unpadded base64. */
export function responseTo(
  password: string | Uint8Array,
  challenge: string,
  digest: AuthDigest,
): string {
  const secret = Buffer.concat([bytesOf(password), Buffer.from(challenge, "latin1")]);
  return digestOf(secret, digest).toString("base64").replaceAll("=", "");
}

function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === "string" ? Buffer.from(text, "utf8") : text;
}

/** Node's OpenSSL has no MD4 any more; the old form has a seed in front, which is always zero. */
function digestOf(secret: Uint8Array, digest: AuthDigest): Buffer {
  if (digest === "old-md4") return Buffer.from(md4(Buffer.concat([Buffer.alloc(4), secret])));
  if (digest === "md4") return Buffer.from(md4(secret));
  return createHash(digest).update(secret).digest();
}
