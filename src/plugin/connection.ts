import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { PluginFailure } from "./plugin.ts";

/** Where a plugin connects to; an IPv6 address stands without brackets. */
export interface Peer {
  readonly host: string;
  readonly port: number;
}

/**
 * A connection to a peer: name or address, IPv4 or IPv6, whichever answers.
 *
 * @throws {PluginFailure} "peer" when nobody answers; `signal.reason` when aborted.
 */
export async function connectTo({ host, port }: Peer, signal: AbortSignal): Promise<Socket> {
  const socket = connect({ host, port });
  try {
    await once(socket, "connect", { signal });
    return socket;
  } catch (error) {
    socket.on("error", () => {}).destroy();
    signal.throwIfAborted();
    throw unreachable({ host, port }, error);
  }
}

/** The failure of a connection, with the system's word for it. */
export function unreachable({ host, port }: Peer, error: unknown): PluginFailure {
  const name = host.includes(":") ? `[${host}]` : host;
  return new PluginFailure("peer", `cannot reach ${name}:${port}: ${errorCode(error)}`, {
    cause: error,
  });
}

/** `ECONNREFUSED` and the like, wherever Node has hidden it; else the message. */
export function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  if (error.cause !== undefined) return errorCode(error.cause);
  if (error instanceof AggregateError && error.errors.length > 0) return errorCode(error.errors[0]);
  return code ?? error.message;
}

/** Writes all, then waits until the system has taken it. */
export async function writeAll(socket: Socket, data: string | Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.write(data, (error) => (error ? reject(error) : resolve()));
  });
}

/** Closes after what was written, with `patienceMs` for the peer to close its side. */
export async function closeGently(socket: Socket, patienceMs: number): Promise<void> {
  if (socket.closed) return;
  const closed = once(socket, "close").catch(() => {});
  const timer = setTimeout(() => socket.destroy(), patienceMs);
  // Unread bytes would turn the goodbye into a reset, and the peer might lose what we wrote.
  socket.resume().end();
  await closed;
  clearTimeout(timer);
}
