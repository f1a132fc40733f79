import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import { RsyncError } from "../errors.ts";
import { readDirectly } from "../transport/direct.ts";
import { networkOf } from "./access/address.ts";
import type { GuestLimits } from "./guests.ts";
import type { DaemonTls } from "./module.ts";

export interface ListenerOptions extends GuestLimits {
  readonly tls: DaemonTls | undefined;
  /** How long a client may take until TLS is through. */
  readonly handshakeTimeoutMs: number;
}

/** Clients are counted when TLS is through; so many times more may be on the way there. */
const knocking = 2;

/** The socket on which clients arrive. */
export class Listener {
  readonly #server: net.Server;
  readonly #options: ListenerOptions;
  /** All that are not closed, with the networks that they come from. */
  readonly #sockets = new Map<net.Socket, string>();

  /** @param welcome takes whoever is through TLS, where there is any. */
  constructor(options: ListenerOptions, welcome: (socket: net.Socket) => void) {
    this.#options = options;
    this.#server = makeServer(options, welcome);
    this.#server.maxConnections = knocking * options.most;
    this.#server.prependListener("connection", (socket: net.Socket) => this.#count(socket));
  }

  /** @returns the port. @throws what the system says. */
  async listen(port: number, address: string, onError: (cause: Error) => void): Promise<number> {
    this.#server.listen(port, address);
    await once(this.#server, "listening");
    this.#server.on("error", onError);
    return (this.#server.address() as net.AddressInfo).port;
  }

  /** @throws {RsyncError} BAD_OPTION; what was there before stays. */
  renewTls(secure: DaemonTls): void {
    if (this.#server instanceof tls.Server) this.#server.setSecureContext(contextOf(secure));
  }

  /** Takes nobody in any more; resolves when all are gone. */
  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }

  /** Ends what is left of connections, those too that nobody has welcomed. */
  dropAll(): void {
    for (const socket of this.#sockets.keys()) socket.destroy();
  }

  #count(socket: net.Socket): void {
    const network = networkOf(socket.remoteAddress ?? "");
    const near = [...this.#sockets.values()].filter((each) => each === network).length;
    this.#sockets.set(socket, network);
    socket.once("close", () => this.#sockets.delete(socket));
    if (near >= knocking * this.#options.mostPerAddress) socket.destroy();
  }
}

function makeServer(
  { tls: secure, handshakeTimeoutMs }: ListenerOptions,
  welcome: (socket: net.Socket) => void,
): net.Server {
  const options = { noDelay: true, keepAlive: true };
  if (secure === undefined) {
    return net.createServer({ ...options, pauseOnConnect: true }, (socket) =>
      welcome(readDirectly(socket)),
    );
  }
  const context = contextOf(secure);
  const server = tls.createServer(
    { ...options, ...context, handshakeTimeout: handshakeTimeoutMs },
    welcome,
  );
  return server.on("tlsClientError", (_, socket) => socket.destroy());
}

/** @throws {RsyncError} BAD_OPTION for what is no certificate, or not with this key. */
function contextOf({ cert, key, clientAuthorities }: DaemonTls): tls.TlsOptions {
  const context = {
    cert: asPem(cert),
    key: asPem(key),
    ...(clientAuthorities !== undefined && {
      ca: asPem(clientAuthorities),
      requestCert: true,
      rejectUnauthorized: true,
    }),
  };
  try {
    tls.createSecureContext(context);
    return context;
  } catch (cause) {
    const { message } = cause as Error;
    throw new RsyncError("BAD_OPTION", `Cannot speak TLS: ${message}`, { cause });
  }
}

function asPem(text: string | Uint8Array): string | Buffer {
  return typeof text === "string" ? text : Buffer.from(text);
}
