import { RsyncError } from "../errors.ts";
import { parseModuleReply } from "./module.ts";

/** The first line of each side. */
export interface Greeting {
  readonly protocol: number;
  /** Non-zero in pre-releases only. */
  readonly subProtocol: number;
  /** Digest names for authentication; undefined from daemons before 3.2.7. */
  readonly digests: readonly string[] | undefined;
}

/** The oldest and the newest protocol that a session here can speak. */
export const protocolRange = { oldest: 27, newest: 32 } as const;

const pattern = /^@RSYNCD: (\d{1,4})(?:\.(\d{1,4}))?(?: (.*))?$/;

/**
 * Reads `@RSYNCD: <protocol>[.<sub>] [digest …]` (spec 1 §1.2).
 *
 * @throws {RsyncError} PROTOCOL_MISMATCH when the line is no greeting or the number is out of range.
 */
export function parseGreeting(line: string): Greeting {
  const match = pattern.exec(line);
  if (match === null) {
    throw new RsyncError(
      "PROTOCOL_MISMATCH",
      `Cannot talk to this server: an rsync daemon greets with "@RSYNCD: <version>", found ${JSON.stringify(line.slice(0, 80))}`,
    );
  }
  const protocol = Number(match[1]);
  if (protocol < 20 || protocol > 40) {
    throw new RsyncError(
      "PROTOCOL_MISMATCH",
      `Cannot talk to this daemon: it announces protocol ${protocol}`,
    );
  }
  const digests = match[3]?.split(" ").filter((name) => name !== "");
  return { protocol, subProtocol: Number(match[2] ?? 0), digests };
}

/**
 * Reads a daemon's greeting, which has all that its protocol has: without its digests a weaker one
 * would be taken, and whoever is between could leave them out.
 *
 * @throws {RsyncError} MAX_CONNECTIONS instead of a greeting, as `sersync serve` has it when it is
 *   full. PROTOCOL_MISMATCH as {@link parseGreeting} does; with rsync's exit code 5 for a protocol
 *   from 30 on without a sub-protocol, and from 32 on without digests.
 */
export function parseDaemonGreeting(line: string): Greeting {
  const reply = parseModuleReply(line);
  if (reply.kind === "refused" && reply.error.code === "MAX_CONNECTIONS") throw reply.error;
  const greeting = parseGreeting(line);
  const { protocol, digests } = greeting;
  const lacks =
    protocol >= 30 && !line.startsWith(`@RSYNCD: ${protocol}.`)
      ? "its sub-protocol"
      : protocol >= 32 && digests === undefined
        ? "the names of its digests"
        : undefined;
  if (lacks === undefined) return greeting;
  const message = `Cannot talk to this daemon: it announces protocol ${protocol} without ${lacks}`;
  throw new RsyncError("PROTOCOL_MISMATCH", message, { exitCode: 5 });
}

/** Our greeting; from protocol 32 on a daemon demands a digest list, before 30 none is expected. */
export function formatGreeting(protocol: number, digest: string | undefined): string {
  return `@RSYNCD: ${protocol}.0${digest === undefined ? "" : ` ${digest}`}\n`;
}

/**
 * The protocol both sides speak: the lower one, one less when a pre-release is involved.
 *
 * @throws {RsyncError} PROTOCOL_MISMATCH when that is older than we speak.
 */
export function negotiateProtocol(ours: number, theirs: Greeting): number {
  let protocol = Math.min(ours, theirs.protocol);
  const preRelease = theirs.subProtocol !== 0 && theirs.protocol <= ours;
  if (preRelease) protocol -= 1;
  if (protocol < protocolRange.oldest) {
    throw new RsyncError(
      "PROTOCOL_MISMATCH",
      `Cannot talk to this daemon: it speaks protocol ${theirs.protocol}, we speak ${protocolRange.oldest} to ${protocolRange.newest}`,
    );
  }
  return protocol;
}
