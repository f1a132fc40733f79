import type { Socket } from "node:net";
import { RsyncError } from "../errors.ts";
import type { Connection } from "./connection.ts";
import { type DialOptions, dial } from "./dial.ts";
import { connectThrough, type HttpProxy } from "./proxy.ts";
import type { TlsOptions } from "./tls.ts";

/** Where a daemon listens, and the way there. */
export interface Address extends Pick<DialOptions, "family" | "localAddress"> {
  readonly host: string;
  /** Default 873, with TLS 874. */
  readonly port?: number;
  /** TLS from the first byte, as rsync-ssl has it. Default none. */
  readonly tls?: TlsOptions | undefined;
  /** Default none; see {@link parseProxy} for RSYNC_PROXY. */
  readonly proxy?: HttpProxy | undefined;
}

export interface ConnectOptions extends Pick<DialOptions, "resolve"> {
  readonly signal?: AbortSignal | undefined;
  /** How long all of it may take: names, all addresses, proxy and TLS; default 10,000 ms. */
  readonly timeoutMs?: number;
}

const daemonPort = 873;
const tlsPort = 874;

/**
 * A connection to a daemon, over IPv4 or IPv6, through a proxy and TLS where the address says so.
 *
 * @throws {RsyncError} CONNECTION_LOST, CONNECT_TIMED_OUT, UNTRUSTED_HOST; ACCESS_REFUSED by a
 *   proxy; ABORTED when the signal aborts.
 */
export async function connect(address: Address, options: ConnectOptions = {}): Promise<Connection> {
  const { host, port = address.tls === undefined ? daemonPort : tlsPort } = address;
  return withDeadline(`Cannot connect to ${host}:${port}`, options, async (signal) => {
    const { family, localAddress, proxy, tls } = address;
    const { resolve } = options;
    const to = { host, port };
    const socket = await dial(proxy ?? to, {
      signal,
      family,
      localAddress,
      direct: proxy === undefined && tls === undefined,
      ...(resolve && { resolve }),
    });
    return finish(socket, async () => {
      if (proxy !== undefined) await connectThrough(socket, proxy, to, signal);
      if (tls === undefined) return socket;
      // Read only where it is asked for: all that TLS needs is a tenth of a short command.
      const { secure } = await import("./tls.ts");
      return secure(socket, host, tls, signal);
    });
  });
}

/** Runs the rest of a connection's making; the socket does not outlive its failure. */
async function finish(socket: Socket, rest: () => Promise<Connection>): Promise<Connection> {
  try {
    return await rest();
  } catch (error) {
    socket.on("error", () => {}); // what a socket says after we gave it up is of no interest
    socket.destroy();
    throw error;
  }
}

/** Gives `work` a signal that aborts, with the error to throw, when its time is over. */
export async function withDeadline<T>(
  where: string,
  { signal, timeoutMs = 10_000 }: Pick<ConnectOptions, "signal" | "timeoutMs">,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const abort = (): void => controller.abort(new RsyncError("ABORTED", `${where}: aborted`));
  const late = new RsyncError("CONNECT_TIMED_OUT", `${where}: no answer within ${timeoutMs} ms`);
  const deadline = setTimeout(() => controller.abort(late), timeoutMs);
  if (signal?.aborted) abort();
  else signal?.addEventListener("abort", abort);
  const over = new Promise<never>((_, reject) => {
    if (controller.signal.aborted) reject(controller.signal.reason as Error);
    else
      controller.signal.addEventListener("abort", () => reject(controller.signal.reason as Error));
  });
  try {
    // A name that is never resolved must not hold us either.
    return await Promise.race([work(controller.signal), over]);
  } finally {
    clearTimeout(deadline);
    signal?.removeEventListener("abort", abort);
  }
}
