import { once } from "node:events";
import { createServer as createHttp, type IncomingHttpHeaders } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

/** A TCP listener that keeps what each connection brought; `await using` ends it. */
export interface Listener extends AsyncDisposable {
  readonly port: number;
  /** One entry for each connection, in the order of their beginning: bytes as latin1. */
  readonly received: string[];
  readonly sockets: Socket[];
}

export interface ListenOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default: any that is free. */
  readonly port?: number;
  /** Called with what has come so far; may answer. */
  readonly onData?: (text: string, socket: Socket) => void;
}

export async function listen(options: ListenOptions = {}): Promise<Listener> {
  const { host = "127.0.0.1", port = 0, onData } = options;
  const received: string[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    const index = sockets.push(socket) - 1;
    received[index] = "";
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      received[index] += chunk.toString("latin1");
      onData?.(received[index] ?? "", socket);
    });
  });
  server.listen(port, host);
  await once(server, "listening");
  return {
    port: portOf(server),
    received,
    sockets,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Web extends AsyncDisposable {
  readonly port: number;
  readonly requests: Received[];
}

/** An HTTP server that answers the requests, in order, with these statuses; then with 200. */
export async function listenHttp(statuses: number[] = []): Promise<Web> {
  const requests: Received[] = [];
  const server = createHttp((request, response) => {
    const { method = "", url = "", headers } = request;
    let body = "";
    request.setEncoding("latin1");
    request.on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      requests.push({ method, url, headers, body });
      const status = statuses.shift() ?? 200;
      if (status === 0) request.socket.destroy();
      else
        response.writeHead(status, status === 302 ? { location: "/elsewhere" } : {}).end("answer");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: portOf(server),
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
