import type { Socket } from "node:net";
import { RsyncError } from "../errors.ts";
import type { Endpoint } from "./dial.ts";

/** An HTTP proxy that connects for us. */
export interface HttpProxy extends Endpoint {
  readonly user?: string;
  /** Never shown. */
  readonly password?: string;
}

/** The answer's status line and headers together; more is a flood. */
const longestHead = 16 * 1024;
const form = /^(?:([^:@]*)(?::(.*))?@)?(\[[^\]]+\]|[^:[\]@]+):(\d{1,5})$/s;

/**
 * Reads RSYNC_PROXY: `[user:password@]host:port`, as rsync has it.
 *
 * @throws {RsyncError} BAD_OPTION when it is something else; the text is not shown, as it may hold
 *   a password.
 */
export function parseProxy(text: string): HttpProxy {
  const [, user, password, host = "", port] = form.exec(text) ?? [];
  const isPort = port !== undefined && Number(port) >= 1 && Number(port) <= 65_535;
  if (!isPort) {
    throw new RsyncError(
      "BAD_OPTION",
      "Cannot read RSYNC_PROXY: expected host:port or user:password@host:port",
    );
  }
  return {
    host: host.replace(/^\[(.*)\]$/, "$1"),
    port: Number(port),
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
  };
}

/**
 * Asks the proxy at the other end of `socket` to connect to `to`; afterwards the socket is there.
 *
 *     CONNECT host:port HTTP/1.0 <CR LF> [Proxy-Authorization: Basic …] <CR LF>
 *
 * @throws {RsyncError} ACCESS_REFUSED when the proxy does not want us, CONNECTION_LOST when it
 *   cannot reach the other end, BAD_STREAM when it is no proxy; the signal's reason.
 */
export async function connectThrough(
  socket: Socket,
  proxy: HttpProxy,
  to: Endpoint,
  signal: AbortSignal,
): Promise<void> {
  socket.write(request(proxy, to));
  const head = await readHead(socket, signal);
  const status = /^HTTP\/\d\.\d (\d{3})(?: ([^\r\n]*))?/.exec(head);
  if (status?.[1]?.startsWith("2")) return;
  const where = `Cannot connect to ${to.host}:${to.port} through the proxy ${proxy.host}:${proxy.port}`;
  if (status === null) {
    throw new RsyncError("BAD_STREAM", `${where}: it does not answer as an HTTP proxy does`);
  }
  const isRefusal = status[1] === "407" || status[1] === "403" || status[1] === "401";
  const found = `${status[1]} ${(status[2] ?? "").slice(0, 100)}`.trim();
  throw new RsyncError(isRefusal ? "ACCESS_REFUSED" : "CONNECTION_LOST", `${where}: ${found}`);
}

function request({ user, password = "" }: HttpProxy, { host, port }: Endpoint): string {
  const named = host.includes(":") ? `[${host}]` : host;
  const secret = Buffer.from(`${user}:${password}`, "utf8").toString("base64");
  const authorization = user === undefined ? "" : `Proxy-Authorization: Basic ${secret}\r\n`;
  return `CONNECT ${named}:${port} HTTP/1.0\r\n${authorization}\r\n`;
}

/** Everything up to the empty line; what follows it stays in the socket. */
async function readHead(socket: Socket, signal: AbortSignal): Promise<string> {
  let head = Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    const settle = (failure?: unknown): void => {
      socket.off("data", take).off("error", lost).off("close", lost);
      signal.removeEventListener("abort", abort);
      if (failure !== undefined) reject(failure as Error);
    };
    const take = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      const end = /\r?\n\r?\n/.exec(head.toString("latin1"));
      if (end === null) {
        if (head.length > longestHead) settle(tooLong());
        return;
      }
      const length = end.index + end[0].length;
      settle();
      socket.pause();
      if (head.length > length) socket.unshift(head.subarray(length));
      resolve(head.toString("latin1", 0, length));
    };
    const lost = (cause?: Error | boolean): void => {
      const found = cause instanceof Error ? cause.message : "it closed the connection";
      settle(new RsyncError("CONNECTION_LOST", `Cannot go on with the proxy: ${found}`));
    };
    const abort = (): void => settle(signal.reason);
    socket.on("data", take).once("error", lost).once("close", lost);
    signal.addEventListener("abort", abort);
  });
}

function tooLong(): RsyncError {
  return new RsyncError(
    "BAD_STREAM",
    `Cannot go on with the proxy: its answer has no end within ${longestHead} bytes`,
  );
}
