import { tokenCompressions } from "./delta/compression.ts";
import { destinationArgument } from "./handshake/argv.ts";
import {
  type HandshakeLink,
  type HandshakeRequest,
  type HandshakeResult,
  handshake,
} from "./handshake/handshake.ts";
import { shellDestination, shellHandshake, shellSession } from "./handshake/shell.ts";
import { checksums, type TargetKnowledge } from "./knowledge.ts";
import { rootPath } from "./path.ts";
import type { SessionOptions, Target } from "./target.ts";
import { type ConnectOptions, connect } from "./transport/connect.ts";
import type { Connection } from "./transport/connection.ts";
import { connectShell } from "./transport/ssh/shell.ts";

/** A connection to a target, and how to agree with who is at its other end. */
export interface Opening {
  readonly connection: Connection;
  agree(link: HandshakeLink): Promise<HandshakeResult>;
}

/**
 * Connects to a target: a daemon; a directory on a machine behind ssh, when it names no module; a
 * daemon that is started there for this session, when it names one.
 *
 * @throws {RsyncError} why it cannot be reached.
 */
export async function openTarget(
  target: Target,
  options: SessionOptions,
  knowledge: TargetKnowledge,
): Promise<Opening> {
  const { module, ssh } = target;
  const { signal, handshakeTimeoutMs: timeoutMs = 30_000 } = options;
  const request = requestOf(target, options, knowledge);
  const connecting: ConnectOptions = { timeoutMs, signal };
  if (ssh === undefined) {
    const connection = await connect(target, connecting);
    return { connection, agree: (link) => handshake(link, request) };
  }
  const { program = "rsync" } = ssh;
  const address = { ...target, ssh };
  if (module !== "") {
    const words = [program, "--server", "--daemon", "."];
    const connection = await connectShell(address, words, connecting);
    return { connection, agree: (link) => handshake(link, request) };
  }
  const session = shellSession(request);
  const connection = await connectShell(address, [program, ...session.words], connecting);
  return { connection, agree: (link) => shellHandshake(link, request, session) };
}

function requestOf(
  { module, directory = rootPath, namesFile, credentials, protocol, ssh }: Target,
  { transfer, features = {}, onMotd }: SessionOptions,
  knowledge: TargetKnowledge,
): HandshakeRequest {
  const isPath = ssh !== undefined && module === "";
  return {
    module,
    destination: isPath
      ? shellDestination(directory, { namesFile })
      : destinationArgument(module, directory, { namesFile }),
    options: transfer,
    features: { ...features, ...knowledge.features(transfer) },
    credentials,
    protocol,
    checksums,
    compressions: tokenCompressions,
    onText: onMotd,
  };
}
