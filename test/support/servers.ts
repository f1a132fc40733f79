import { once } from "node:events";
import net, { type AddressInfo, type Server, type Socket } from "node:net";
import tls from "node:tls";
import type { Certificates } from "./certificates.ts";

/** A server on 127.0.0.1; `await using` closes it with its connections. */
export interface TestServer extends AsyncDisposable {
  readonly port: number;
}

/** Starts `server` on a free port. */
export async function listen(server: Server): Promise<TestServer> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Joins two connections until one of them ends. */
export function join(one: Socket, other: Socket): void {
  one.pipe(other).pipe(one);
  for (const [socket, twin] of [
    [one, other],
    [other, one],
  ] as const) {
    socket.on("error", () => twin.destroy());
    socket.on("close", () => twin.destroy());
  }
}

/** TLS in front of a daemon, as stunnel does it. */
export async function startTlsTerminator(
  daemonPort: number,
  { cert, key, ca }: Certificates,
  options: { readonly asksForCertificate?: boolean } = {},
): Promise<TestServer> {
  const { asksForCertificate = false } = options;
  const settings = { cert, key, ca, requestCert: asksForCertificate, rejectUnauthorized: true };
  const server = tls.createServer(settings, (socket) => {
    join(socket, net.connect(daemonPort, "127.0.0.1"));
  });
  server.on("tlsClientError", (_, socket) => socket.destroy());
  return listen(server);
}

export interface ProxyServer extends TestServer {
  /** The head of each request. */
  readonly heads: string[];
}

export interface ProxyServerOptions {
  /** `user:password`; default: everybody is served. */
  readonly secret?: string;
  /** Does not wait for the daemon to say something. */
  readonly answersAtOnce?: boolean;
}

/** A proxy that connects wherever it is asked to, for those who know the secret. */
export async function startProxy(options: ProxyServerOptions = {}): Promise<ProxyServer> {
  const { secret } = options;
  const heads: string[] = [];
  const server = net.createServer((client) => {
    client.once("data", (chunk: Buffer) => {
      const head = chunk.toString("latin1");
      heads.push(head);
      const [, host = "", port = ""] = /^CONNECT \[?([^\]\s]+?)\]?:(\d+) HTTP/.exec(head) ?? [];
      const wanted = secret && `Basic ${Buffer.from(secret).toString("base64")}`;
      if (wanted !== undefined && !head.includes(`Proxy-Authorization: ${wanted}\r\n`)) {
        client.end("HTTP/1.0 407 Proxy Authentication Required\r\n\r\n");
        return;
      }
      const upstream = net.connect(Number(port), host);
      upstream.once("error", () => client.end("HTTP/1.0 502 Bad Gateway\r\n\r\n"));
      const established = Buffer.from("HTTP/1.0 200 Established\r\nVia: test\r\n\r\n");
      if (options.answersAtOnce) {
        client.write(established);
        join(client, upstream);
        return;
      }
      // The daemon speaks first: its greeting comes in one piece with the proxy's answer.
      upstream.once("data", (greeting: Buffer) => {
        client.write(Buffer.concat([established, greeting]));
        join(client, upstream);
      });
    });
  });
  return { heads, ...(await listen(server)) };
}
