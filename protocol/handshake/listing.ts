import { RsyncError } from "../errors.ts";
import { readableText } from "../path.ts";
import { chooseDigest } from "./auth.ts";
import { formatGreeting, parseDaemonGreeting, protocolRange } from "./greeting.ts";
import type { HandshakeLink } from "./handshake.ts";
import { readLine } from "./line.ts";
import { parseModuleReply } from "./module.ts";

/** A module as the daemon lists it. */
export interface Module {
  readonly name: string;
  readonly comment: string;
}

const mostLines = 100_000;
/** Names are padded to fifteen columns, then a tab. */
const row = /^(\S.*?) *\t(.*)$/;

/**
 * Asks a daemon for its modules (spec 1 §1.3).
 *
 * @throws {RsyncError} what the daemon answered instead.
 */
export async function listDaemonModules(
  link: Pick<HandshakeLink, "read" | "write">,
): Promise<{ readonly modules: readonly Module[]; readonly text: readonly string[] }> {
  const greeting = parseDaemonGreeting(await link.read(readLine));
  const { offer } = chooseDigest(greeting.digests, greeting.protocol);
  link.write(`${formatGreeting(protocolRange.newest, offer)}#list\n`);
  const modules: Module[] = [];
  const text: string[] = [];
  for (let lines = 0; lines < mostLines; lines += 1) {
    const reply = parseModuleReply(await link.read(readLine));
    if (reply.kind === "listed") return { modules, text };
    if (reply.kind === "refused") throw reply.error;
    if (reply.kind !== "text") continue;
    const line = readableText(reply.text);
    const [, name, comment = ""] = row.exec(line) ?? [];
    if (name === undefined) text.push(line);
    else modules.push({ name, comment });
  }
  throw new RsyncError("BAD_STREAM", `Cannot list modules: more than ${mostLines} lines`);
}
