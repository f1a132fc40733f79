import { type Agreement, compatFlags, isIncremental, type OfferedNames } from "../agreement.ts";
import { RsyncError } from "../errors.ts";
import { encodeFrameHeader } from "../mux/frame.ts";
import type { TransferOptions } from "../options.ts";
import { readableText } from "../path.ts";
import type { Cursor } from "../wire/cursor.ts";
import { readInt32 } from "../wire/int.ts";
import { readVarint } from "../wire/varint.ts";
import { type Asked, askOf } from "./ability.ts";
import { encodeForDaemon } from "./argument-bytes.ts";
import { pushArguments, type SessionFeatures } from "./argv.ts";
import { type Credentials, chooseDigest, formatResponse } from "./auth.ts";
import { parseChecksumChoice } from "./checksum-choice.ts";
import {
  formatGreeting,
  negotiateProtocol,
  parseDaemonGreeting,
  protocolRange,
} from "./greeting.ts";
import { readLine } from "./line.ts";
import { parseModuleReply } from "./module.ts";
import { exchangeNames } from "./name-exchange.ts";

/** Both directions of a connection before multiplexing starts. */
export interface HandshakeLink {
  read<T>(decode: (from: Cursor) => T): Promise<T>;
  tryRead<T>(decode: (from: Cursor) => T): T | undefined;
  more(): Promise<void>;
  write(bytes: Uint8Array | string): void;
}

export interface HandshakeRequest {
  readonly module: string;
  /** As {@link destinationArgument} makes it. */
  readonly destination: string;
  readonly options: TransferOptions;
  readonly features: SessionFeatures;
  readonly credentials?: Credentials | undefined;
  /** Told before the module is named. */
  readonly earlyInput?: Uint8Array | undefined;
  /** Announce this protocol instead of the newest; 27 to 32. */
  readonly protocol?: number | undefined;
  /** What we can do, best first. */
  readonly checksums: readonly string[];
  readonly compressions: readonly string[];
  /** The arguments where they are not those of a push. */
  readonly words?: (features: SessionFeatures) => readonly string[];
  /** Told of each line of the message of the day. */
  readonly onText?: ((line: string) => void) | undefined;
}

/** What was agreed, and what the daemon offered: a later handshake need not ask again. */
export interface HandshakeResult {
  readonly agreement: Agreement;
  readonly offered: OfferedNames;
}

/** MOTD and listing lines before a control line; more is a flood. */
const mostTextLines = 10_000;

const emptyFrame = Buffer.alloc(4);
emptyFrame.writeUInt32LE(encodeFrameHeader(0, 0), 0);

/**
 * Everything from the greeting to the checksum seed (spec 1 §1-3); after it both directions are
 * multiplexed and the session can wait for its file list.
 *
 * @throws {RsyncError} what the daemon refused, or what it sent that no daemon sends.
 */
export async function handshake(
  link: HandshakeLink,
  request: HandshakeRequest,
): Promise<HandshakeResult> {
  const entered = await enterModule(link, request.module, request);
  const { protocol } = entered;
  const asked = askOf(entered, request.options, request.features);
  const words =
    request.words?.(asked.features) ??
    pushArguments(request.destination, asked.options, asked.features, protocol);
  link.write(encodeForDaemon(words, protocol));
  return agree(link, protocol, request, asked);
}

/** What follows the arguments: compat flags, names, the seed (spec 1 §3). */
export async function agree(
  link: HandshakeLink,
  protocol: number,
  request: HandshakeRequest,
  asked: Asked,
): Promise<HandshakeResult> {
  return protocol < 30
    ? setUpPlainly(link, protocol, asked)
    : setUp(link, protocol, request, asked);
}

/** The protocol that both sides speak, and the newest one that the daemon has. */
export interface Entered {
  readonly protocol: number;
  readonly announced: number;
}

/** Greets, names the module and authenticates. */
export async function enterModule(
  link: HandshakeLink,
  module: string,
  options: Pick<HandshakeRequest, "credentials" | "earlyInput" | "protocol" | "onText">,
): Promise<Entered> {
  const { credentials, earlyInput, protocol: announced = protocolRange.newest } = options;
  const greeting = parseDaemonGreeting(await link.read(readLine));
  const protocol = negotiateProtocol(announced, greeting);
  const auth = chooseDigest(greeting.digests, protocol);
  const hello = Buffer.from(formatGreeting(announced, auth.offer));
  link.write(Buffer.concat([hello, earlyBytes(earlyInput), Buffer.from(`${module}\n`)]));
  for (let lines = 0; lines < mostTextLines; lines += 1) {
    const reply = parseModuleReply(await link.read(readLine));
    if (reply.kind === "ready") return { protocol, announced: greeting.protocol };
    if (reply.kind === "refused") throw reply.error;
    if (reply.kind === "text") options.onText?.(readableText(reply.text));
    if (reply.kind === "challenge") {
      if (credentials === undefined) throw passwordNeeded(module);
      link.write(formatResponse(credentials, reply.challenge, auth.digest()));
    }
  }
  throw new RsyncError(
    "BAD_STREAM",
    `Cannot enter module ${module}: the daemon sends text without end`,
  );
}

const longestEarlyInput = 5_120;

/** `#early_input=LENGTH` on a line, and the bytes. @throws {RsyncError} AUTH_FAILED for too many. */
function earlyBytes(input: Uint8Array = new Uint8Array(0)): Uint8Array {
  if (input.length > longestEarlyInput) {
    const found = `${input.length} bytes, of at most ${longestEarlyInput}`;
    throw new RsyncError("AUTH_FAILED", `Cannot send the early input: it has ${found}`);
  }
  if (input.length === 0) return input;
  return Buffer.concat([Buffer.from(`#early_input=${input.length}\n`), input]);
}

/** Nothing is negotiated, and the client's side is never framed (spec 1 §3.1). */
async function setUpPlainly(
  link: HandshakeLink,
  protocol: number,
  { options, features, deletesByRules }: Asked,
): Promise<HandshakeResult> {
  const agreement: Agreement = {
    protocol,
    compat: 0,
    ...chosenChecksums(features, "old-md4"),
    compression: options.compress ? (features.compressChoice ?? "zlib") : undefined,
    seed: await link.read(readInt32),
    acknowledges: features.acknowledge ?? false,
    deletesByRules,
  };
  return { agreement, offered: {} };
}

async function setUp(
  link: HandshakeLink,
  protocol: number,
  request: HandshakeRequest,
  { options, features, deletesByRules }: Asked,
): Promise<HandshakeResult> {
  const asksChecksum = features.checksumChoice === undefined;
  const asksCompression = Boolean(options.compress) && features.compressChoice === undefined;
  const exchangesNames = asksChecksum || asksCompression;
  const read = <T>(decode: (from: Cursor) => T): Promise<T> =>
    exchangesNames ? link.read(decode) : readAcknowledging(link, decode);
  const compat = await read(readVarint);
  if (isIncremental({ compat }) && !(features.incremental && options.recursive)) {
    throw new RsyncError(
      "BAD_STREAM",
      "Cannot agree with the daemon: it wants file lists in pieces, which were not offered",
    );
  }
  const negotiates = (compat & compatFlags.varintFlags) !== 0;
  const { checksum, compression, offered } = await exchangeNames(link, {
    checksums: asksChecksum && negotiates ? request.checksums : undefined,
    compressions: asksCompression && negotiates ? request.compressions : undefined,
  });
  const seed = await read(readInt32);
  const agreement: Agreement = {
    protocol,
    compat,
    ...(checksum === undefined ? chosenChecksums(features, "md5") : { checksum }),
    compression: options.compress ? (compression ?? features.compressChoice ?? "zlib") : undefined,
    seed,
    acknowledges: features.acknowledge ?? false,
    deletesByRules,
  };
  return { agreement, offered };
}

/** What was chosen in the arguments, or else is usual. */
function chosenChecksums(
  { checksumChoice }: SessionFeatures,
  usual: string,
): Pick<Agreement, "checksum" | "listChecksum"> {
  if (checksumChoice === undefined) return { checksum: usual };
  const { transfer, list } = parseChecksumChoice(checksumChoice);
  return { checksum: transfer, listChecksum: list };
}

/**
 * Reads a value and answers every piece that arrives with an empty frame: the daemon's next piece
 * waits for an acknowledgement, which would otherwise come 40 ms late (spec 3 §6).
 */
async function readAcknowledging<T>(link: HandshakeLink, decode: (from: Cursor) => T): Promise<T> {
  for (;;) {
    const value = link.tryRead(decode);
    if (value !== undefined) return value;
    await link.more();
    link.write(emptyFrame);
  }
}

function passwordNeeded(module: string): RsyncError {
  return new RsyncError(
    "AUTH_FAILED",
    `Cannot enter module ${module}: the daemon asks for a user and a password, none was given`,
  );
}
