import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { Readable } from "node:stream";
import { RsyncError } from "../../protocol/errors.ts";
import type { HandshakeLink } from "../../protocol/handshake/handshake.ts";
import { Cursor, NeedMoreBytes } from "../../protocol/wire/cursor.ts";
import { writeVarint } from "../../protocol/wire/varint.ts";
import { writeVstring } from "../../protocol/wire/vstring.ts";
import { encoded } from "../../protocol/wire/writer.ts";

/** A link whose peer says the same whatever it hears. */
export interface ScriptedLink extends HandshakeLink {
  /** What has been written to the peer. */
  written(): Buffer;
}

/**
 * A connection in memory: the peer's bytes arrive in these pieces, then it hangs up.
 *
 * @param onWait told whenever the next piece is waited for.
 */
export function scriptedLink(
  pieces: readonly Uint8Array[],
  onWait: (link: ScriptedLink) => void = () => {},
): ScriptedLink {
  const coming = [...pieces];
  const heard: Buffer[] = [];
  let here = Buffer.alloc(0);

  function tryRead<T>(decode: (from: Cursor) => T): T | undefined {
    const cursor = new Cursor(here);
    try {
      const value = decode(cursor);
      here = here.subarray(cursor.offset);
      return value;
    } catch (error) {
      if (error instanceof NeedMoreBytes) return undefined;
      throw error;
    }
  }

  async function more(): Promise<void> {
    onWait(link);
    const piece = coming.shift();
    if (piece === undefined) throw new RsyncError("CONNECTION_LOST", "the script is at its end");
    here = Buffer.concat([here, piece]);
  }

  async function read<T>(decode: (from: Cursor) => T): Promise<T> {
    for (;;) {
      const value = tryRead(decode);
      if (value !== undefined) return value;
      await more();
    }
  }

  const link: ScriptedLink = {
    tryRead,
    more,
    read,
    write: (bytes) => void heard.push(Buffer.from(bytes as string, "latin1")),
    written: () => Buffer.concat(heard),
  };
  return link;
}

/** `bytes` whole, in two pieces for every place there is, and byte by byte. */
export function cuttings(bytes: Uint8Array): Uint8Array[][] {
  const inTwo = Array.from(bytes, (_, cut) => [bytes.subarray(0, cut), bytes.subarray(cut)]);
  return [[bytes], ...inTwo, Array.from(bytes, (byte) => Uint8Array.of(byte))];
}

/** What a daemon says until multiplexing starts; the defaults are those of rsync 3.5.0. */
export interface SetUp {
  readonly greeting?: string;
  /** Between greeting and arguments: MOTD, challenge, and what else comes. Default: only "OK". */
  readonly lines?: readonly string[];
  readonly compat?: number;
  /** Lists of names: checksums, then compressions. Default: none is exchanged. */
  readonly names?: readonly string[];
  readonly seed?: number;
}

/** The bytes of a daemon's side of the set-up. */
export function setUpBytes(setUp: SetUp = {}): Buffer {
  const { greeting = "@RSYNCD: 32.0 sha512 sha256 sha1 md5 md4", compat = 0x1fe } = setUp;
  const { lines = ["@RSYNCD: OK"], names = [], seed = 12_345 } = setUp;
  const bytes = encoded((to) => {
    to.latin1([greeting, ...lines, ""].join("\n"));
    writeVarint(to, compat);
    for (const list of names) writeVstring(to, list);
    to.int32(seed);
  });
  return Buffer.from(bytes);
}

/** A server on 127.0.0.1 that is no real daemon; `await using` closes it. */
export interface Peer extends AsyncDisposable {
  readonly port: number;
  /** Everything that came in, from all connections; resolves when they have ended. */
  received(): Promise<Buffer>;
}

/** Starts a server that treats every connection as `answer` does, and takes whatever comes. */
export async function startPeer(answer: (socket: Socket) => void): Promise<Peer> {
  const received: Buffer[] = [];
  const sockets = new Set<Socket>();
  const ends: Promise<unknown>[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    ends.push(new Promise((resolve) => socket.once("close", resolve)));
    socket.on("data", (chunk) => void received.push(chunk));
    socket.on("end", () => socket.end());
    socket.on("error", () => socket.destroy()); // the client may hang up in the middle of anything
    answer(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    received: async () => {
      await Promise.all(ends);
      return Buffer.concat(received);
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Sends `pieces` one after the other at the client's pace, and stays. */
export function flood(socket: Socket, pieces: Iterable<Uint8Array>): void {
  const stream = Readable.from(pieces, { objectMode: true });
  stream.pipe(socket, { end: false });
  socket.once("close", () => stream.destroy());
}
