import { connect as connectSocket, type Socket } from "node:net";
import { RsyncError } from "../errors.ts";

/** Where a daemon listens. */
export interface Address {
  readonly host: string;
  /** Default 873. */
  readonly port?: number;
}

export interface ConnectOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long all addresses of the host together may take; default 10,000 ms. */
  readonly timeoutMs?: number;
}

/**
 * A TCP connection, IPv4 or IPv6, whichever address of the host answers first.
 *
 * @throws {RsyncError} CONNECTION_LOST, CONNECT_TIMED_OUT; ABORTED when the signal aborts.
 */
export async function connect(address: Address, options: ConnectOptions = {}): Promise<Socket> {
  const { host, port = 873 } = address;
  const { signal, timeoutMs = 10_000 } = options;
  const socket = connectSocket({ host, port, noDelay: true, autoSelectFamily: true });
  const where = `Cannot connect to ${host}:${port}`;
  return new Promise((resolve, reject) => {
    const settle = (failure?: RsyncError): void => {
      clearTimeout(deadline);
      signal?.removeEventListener("abort", abort);
      socket.removeAllListeners();
      if (failure === undefined) {
        resolve(socket);
        return;
      }
      socket.on("error", () => {}); // what a socket says after we gave it up is of no interest
      socket.destroy();
      reject(failure);
    };
    const abort = (): void => settle(new RsyncError("ABORTED", `${where}: aborted`));
    const deadline = setTimeout(() => {
      settle(new RsyncError("CONNECT_TIMED_OUT", `${where}: no answer within ${timeoutMs} ms`));
    }, timeoutMs);
    socket.once("connect", () => settle());
    socket.once("error", (cause: NodeJS.ErrnoException) => {
      settle(new RsyncError("CONNECTION_LOST", `${where}: ${reasonOf(cause)}`, { cause }));
    });
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort);
  });
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused; is the rsync daemon running there?",
  ENOTFOUND: "no such host",
  EAI_AGAIN: "the host name cannot be resolved just now",
  EHOSTUNREACH: "no route to host",
  ENETUNREACH: "network unreachable",
};

function reasonOf(cause: NodeJS.ErrnoException): string {
  const first = cause instanceof AggregateError ? (cause.errors[0] as Error) : cause;
  return reasons[cause.code ?? ""] ?? first.message;
}
