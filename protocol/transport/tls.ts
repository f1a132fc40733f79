import { isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { RsyncError } from "../errors.ts";

/** How a daemon behind TLS is known, and how it knows us. All are PEM texts. */
export interface TlsOptions {
  /** Certificate authorities to trust instead of the system's. */
  readonly ca?: string | undefined;
  /** Our own certificate and its key. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** The name in the daemon's certificate; default the host that is connected to. */
  readonly serverName?: string | undefined;
  /** Default true. False trusts whoever answers. */
  readonly verify?: boolean;
}

/**
 * Wraps a connection in TLS from its first byte, as rsync-ssl and stunnel do (spec 1 §1.8). The
 * daemon's certificate must be valid for the host.
 *
 * @throws {RsyncError} UNTRUSTED_HOST when it is not, CONNECTION_LOST when there is no TLS at the
 *   other end; the signal's reason.
 */
export async function secure(
  socket: Socket,
  host: string,
  { ca, cert, key, serverName = host, verify = true }: TlsOptions,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const secured = connectTls({
    socket,
    host: serverName,
    // An address is no name that a server could be asked for.
    ...(isIP(serverName) === 0 && { servername: serverName }),
    rejectUnauthorized: verify,
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  });
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      secured.removeAllListeners("secureConnect").removeAllListeners("error");
      signal.removeEventListener("abort", abort);
    };
    const fail = (failure: unknown): void => {
      settle();
      secured.on("error", () => {}); // what it says after we gave it up is of no interest
      secured.destroy();
      reject(failure as Error);
    };
    const abort = (): void => fail(signal.reason);
    secured.once("secureConnect", () => {
      settle();
      resolve(secured);
    });
    secured.once("error", (cause: NodeJS.ErrnoException) => fail(refusal(serverName, cause)));
    signal.addEventListener("abort", abort);
  });
}

const untrusted = /CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS/;
const noTls = /ERR_SSL|EPROTO|ECONNRESET/;

function refusal(host: string, cause: NodeJS.ErrnoException): RsyncError {
  const { code = "", message } = cause;
  if (untrusted.test(code)) {
    const text = `Cannot trust ${host}: its certificate is not accepted: ${message}`;
    return new RsyncError("UNTRUSTED_HOST", text, { cause });
  }
  const hint = noTls.test(code) ? "; is it a daemon behind TLS?" : "";
  return new RsyncError("CONNECTION_LOST", `Cannot talk TLS with ${host}: ${message}${hint}`, {
    cause,
  });
}
