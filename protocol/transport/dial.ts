import { lookup } from "node:dns/promises";
import { connect as connectSocket, isIP, type Socket, type TcpNetConnectOpts } from "node:net";
import { RsyncError } from "../errors.ts";
import { connectDirectly } from "./direct.ts";

/** Where something listens. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface DialOptions {
  /** What should listen there, for the message of a refusal. Default "rsync daemon". */
  readonly server?: string;
  /** Its reason is what the call rejects with. */
  readonly signal: AbortSignal;
  /** `-4`, `-6`: addresses of this family only. Default both. */
  readonly family?: 4 | 6 | undefined;
  /** `--address`: where connections come from. Default the system's choice. */
  readonly localAddress?: string | undefined;
  /** What arrives is taken with `receive`: no stream lies between. Default false. */
  readonly direct?: boolean;
  /** The addresses of a host; default what the system's resolver says, in its order. */
  readonly resolve?: (host: string, family: 0 | 4 | 6) => Promise<readonly string[]>;
}

/** The next address is tried after this long; those before it may still answer. */
const nextAddressAfterMs = 250;

/**
 * A TCP connection to whichever address of the host answers first; all of them are tried.
 *
 * @throws {RsyncError} CONNECTION_LOST when none answers; the signal's reason when it aborts.
 */
export async function dial({ host, port }: Endpoint, options: DialOptions): Promise<Socket> {
  const { signal, family, localAddress, direct = false, server = "rsync daemon" } = options;
  const { resolve = resolveHost } = options;
  const where = `Cannot connect to ${host}:${port}`;
  const addresses = await resolve(host, family ?? 0).catch((cause: NodeJS.ErrnoException) => {
    throw new RsyncError("CONNECTION_LOST", `${where}: ${reasonOf(cause, server)}`, { cause });
  });
  signal.throwIfAborted();
  const from = localAddress !== undefined && { localAddress };
  const attempts = new Attempts({ port, ...from }, direct ? connectDirectly : connectSocket);
  try {
    return await attempts.run(addresses, signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const cause = error as NodeJS.ErrnoException;
    const tried = addresses.length > 1 ? ` (tried ${addresses.join(", ")})` : "";
    throw new RsyncError("CONNECTION_LOST", `${where}: ${reasonOf(cause, server)}${tried}`, {
      cause,
    });
  }
}

async function resolveHost(host: string, family: 0 | 4 | 6): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  const found = await lookup(host, { all: true, family });
  return found.map(({ address }) => address);
}

/** Connections under way to several addresses, of which one will do. */
class Attempts {
  readonly #options: { readonly port: number; readonly localAddress?: string };
  readonly #connect: (options: TcpNetConnectOpts) => Socket;
  readonly #open = new Set<Socket>();

  constructor(
    options: { readonly port: number; readonly localAddress?: string },
    connect: (options: TcpNetConnectOpts) => Socket,
  ) {
    this.#options = options;
    this.#connect = connect;
  }

  async run(addresses: readonly string[], signal: AbortSignal): Promise<Socket> {
    return new Promise<Socket>((resolve, reject) => {
      const left = [...addresses];
      let timer: NodeJS.Timeout | undefined;
      const settle = (winner?: Socket, failure?: unknown): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", abort);
        this.#abandonAllBut(winner);
        if (winner === undefined) reject(failure as Error);
        else resolve(winner);
      };
      const abort = (): void => settle(undefined, signal.reason);
      const next = (failure?: Error): void => {
        clearTimeout(timer);
        const address = left.shift();
        if (address !== undefined) {
          this.#start(address, settle, next);
          timer = setTimeout(() => left.length > 0 && next(), nextAddressAfterMs);
        } else if (this.#open.size === 0) {
          settle(undefined, failure ?? new Error("it has no address"));
        }
      };
      signal.addEventListener("abort", abort);
      next();
    });
  }

  #start(address: string, won: (socket: Socket) => void, failed: (cause: Error) => void): void {
    const socket = this.#connect({ ...this.#options, host: address, noDelay: true });
    this.#open.add(socket);
    socket.once("connect", () => won(socket));
    socket.once("error", (cause) => {
      this.#open.delete(socket);
      failed(cause);
    });
  }

  #abandonAllBut(winner: Socket | undefined): void {
    for (const socket of this.#open) {
      socket.removeAllListeners();
      if (socket === winner) continue;
      socket.on("error", () => {}); // what a socket says after we gave it up is of no interest
      socket.destroy();
    }
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: "no such host",
  EAI_AGAIN: "the host name cannot be resolved just now",
  EHOSTUNREACH: "no route to host",
  ENETUNREACH: "network unreachable",
};

function reasonOf(cause: NodeJS.ErrnoException, server: string): string {
  if (cause.code === "ECONNREFUSED") return `connection refused; is the ${server} running there?`;
  return reasons[cause.code ?? ""] ?? cause.message;
}
