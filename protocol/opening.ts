import { tokenCompressions } from "./delta/compression.ts";
import { compileSuffixes } from "./delta/suffixes.ts";
import { RsyncError } from "./errors.ts";
import type { SessionFeatures } from "./handshake/argv.ts";
import { parseChecksumChoice } from "./handshake/checksum-choice.ts";
import { destinationArgument } from "./handshake/destination.ts";
import {
  type HandshakeLink,
  type HandshakeRequest,
  type HandshakeResult,
  handshake,
} from "./handshake/handshake.ts";
import { shellDestination, shellHandshake, shellSession } from "./handshake/shell.ts";
import { checksums, type TargetKnowledge } from "./knowledge.ts";
import type { TransferOptions } from "./options.ts";
import { rootPath } from "./path.ts";
import type { SessionOptions, Target } from "./target.ts";
import { type Address, type ConnectOptions, connect } from "./transport/connect.ts";
import type { Connection } from "./transport/connection.ts";
import type { SshOptions } from "./transport/ssh/options.ts";
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
  const connecting = { timeoutMs: handshakeLimitMs(options), signal: options.signal };
  return openWith(target, requestOf(target, options, knowledge), connecting);
}

/** The limit of silence during set-up, in ms: never longer than the one that holds afterwards. */
export function handshakeLimitMs({
  handshakeTimeoutMs,
  timeoutMs,
}: Pick<SessionOptions, "handshakeTimeoutMs" | "timeoutMs">): number {
  return handshakeTimeoutMs ?? Math.min(30_000, timeoutMs || Number.POSITIVE_INFINITY);
}

/** As {@link openTarget}, for a request that is made already. */
export async function openWith(
  target: Target,
  request: HandshakeRequest,
  connecting: ConnectOptions,
): Promise<Opening> {
  const { ssh, host } = target;
  if (ssh === undefined && target.module === "") {
    throw new RsyncError("BAD_OPTION", `Cannot open a session with ${host}: no module is named`);
  }
  if (ssh === undefined || target.module !== "") {
    const connection = await connectDaemon(target, connecting);
    return { connection, agree: (link) => handshake(link, request) };
  }
  const session = shellSession(request);
  const words = [...programOf(ssh), ...session.words];
  const connection = await connectShell({ ...target, ssh }, words, connecting);
  return { connection, agree: (link) => shellHandshake(link, request, session) };
}

/** Connects to a daemon, or behind ssh to one that is started for this session. */
export async function connectDaemon(
  address: Address & Pick<Target, "ssh">,
  connecting: ConnectOptions,
): Promise<Connection> {
  const { ssh } = address;
  if (ssh === undefined) return connect(address, connecting);
  return connectShell(
    { ...address, ssh },
    [...programOf(ssh), "--server", "--daemon", "."],
    connecting,
  );
}

/** The program there, perhaps with words in front of it, as in `sudo rsync`. */
function programOf({ program = "rsync" }: SshOptions): string[] {
  return program.split(" ").filter((word) => word !== "");
}

/** A place as an argument for who is at the other end; names in it stand for themselves. */
export function placeArgument({
  module,
  directory = rootPath,
  namesFile,
  ssh,
}: Pick<Target, "module" | "directory" | "namesFile" | "ssh">): string {
  const isPath = ssh !== undefined && module === "";
  return isPath
    ? shellDestination(directory, { namesFile })
    : destinationArgument(module, directory, { namesFile });
}

/** What is chosen by name is not negotiated. @throws {RsyncError} BAD_OPTION */
function chosen({ checksumChoice, compress, skipCompress = [] }: TransferOptions): SessionFeatures {
  compileSuffixes(skipCompress);
  if (typeof compress === "string" && !tokenCompressions.includes(compress)) {
    const found = `this Node has ${tokenCompressions.join(", ")}`;
    throw new RsyncError("BAD_OPTION", `Cannot compress with ${compress}: ${found}`, {
      exitCode: 4,
    });
  }
  if (checksumChoice === undefined) return {};
  parseChecksumChoice(checksumChoice);
  return { checksumChoice };
}

function requestOf(
  target: Target,
  { transfer, features = {}, onMotd }: SessionOptions,
  knowledge: TargetKnowledge,
): HandshakeRequest {
  const { module, credentials, earlyInput, protocol } = target;
  return {
    module,
    destination: placeArgument(target),
    options: transfer,
    features: { ...features, ...knowledge.features(transfer), ...chosen(transfer) },
    credentials,
    earlyInput,
    protocol,
    checksums,
    compressions: tokenCompressions,
    onText: onMotd,
  };
}
