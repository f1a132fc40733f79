import { RsyncError } from "../errors.ts";
import { type BytePath, rootPath } from "../path.ts";
import { readInt32 } from "../wire/int.ts";
import { encoded } from "../wire/writer.ts";
import { type Asked, askOf } from "./ability.ts";
import { pushArguments } from "./argv.ts";
import { protocolRange } from "./greeting.ts";
import {
  agree,
  type HandshakeLink,
  type HandshakeRequest,
  type HandshakeResult,
} from "./handshake.ts";

/** A session with an rsync that is started for it, instead of a daemon. */
export interface ShellSession {
  /** The arguments to start rsync with. */
  readonly words: readonly string[];
  readonly asked: Asked;
}

/**
 * What rsync is started with. Its age shows only afterwards, so it is taken for one that knows
 * everything; an older one says which option it does not know.
 */
export function shellSession(request: HandshakeRequest): ShellSession {
  const { destination, options, features, protocol = protocolRange.newest } = request;
  const asked = askOf({ announced: protocolRange.newest, protocol }, options, features);
  const words =
    request.words?.(asked.features) ??
    pushArguments(destination, asked.options, asked.features, protocol);
  return { words, asked };
}

/**
 * The destination over ssh: a directory, as a byte string. The program that gets it expands
 * nothing; a directory that is not absolute is below the home directory there.
 */
export function shellDestination(
  directory: BytePath = rootPath,
  { namesFile = false }: { readonly namesFile?: boolean | undefined } = {},
): string {
  const below = directory.replace(/^~(?:\/|$)/, "").replace(/(?<=.)\/+$/, "");
  const named = below === "" ? "." : below.replace(/^-/, "./-");
  return namesFile || named === "/" ? named : `${named}/`;
}

/**
 * Agrees with an rsync that has just been started: both sides tell their protocol as a plain
 * integer, without a greeting; from there on it is as with a daemon.
 *
 * @throws {RsyncError} PROTOCOL_MISMATCH when no rsync is there; what else {@link agree} finds.
 */
export async function shellHandshake(
  link: HandshakeLink,
  request: HandshakeRequest,
  { asked }: ShellSession,
): Promise<HandshakeResult> {
  const { protocol: ours = protocolRange.newest } = request;
  link.write(encoded((to) => to.int32(ours)));
  const theirs = await link.read(readInt32);
  const protocol = Math.min(ours, theirs);
  if (theirs < 20 || theirs > 99 || protocol < protocolRange.oldest) {
    const isAge = theirs >= 20 && theirs <= 99;
    const found = isAge
      ? `it speaks protocol ${theirs}`
      : "its answer is none of rsync's; does the shell there print something at its start?";
    throw new RsyncError("PROTOCOL_MISMATCH", `Cannot talk to the rsync over ssh: ${found}`);
  }
  return agree(link, protocol, request, asked);
}
