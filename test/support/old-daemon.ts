import { once } from "node:events";
import net, { type AddressInfo, type Socket } from "node:net";

/** A daemon as it looks to clients. */
export interface OldDaemon extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
}

/** Passes everything on, but for the first line, which is replaced. */
function passOn(from: Socket, to: Socket, firstLine: string): void {
  let line: Buffer | undefined = Buffer.alloc(0);
  from.on("data", (chunk: Buffer) => {
    if (line === undefined) {
      if (!to.write(chunk)) from.pause();
      return;
    }
    line = Buffer.concat([line, chunk]);
    const end = line.indexOf("\n");
    if (end < 0) return;
    to.write(Buffer.concat([Buffer.from(`${firstLine}\n`), line.subarray(end + 1)]));
    line = undefined;
  });
  to.on("drain", () => from.resume());
  from.on("end", () => to.end());
  from.on("error", () => to.destroy());
  from.on("close", () => to.destroy());
}

/**
 * Makes a stock daemon greet as one of an older release does: with that protocol, and without
 * digests. Neither side can tell the difference, as both then speak what the old one speaks.
 */
export async function startOldDaemon(
  daemon: { readonly host: string; readonly port: number },
  protocol: 29 | 30 | 31,
): Promise<OldDaemon> {
  const sockets = new Set<Socket>();
  const server = net.createServer((client) => {
    const upstream = net.connect(daemon.port, daemon.host);
    for (const socket of [client, upstream]) sockets.add(socket.setNoDelay(true));
    passOn(upstream, client, `@RSYNCD: ${protocol}${protocol < 30 ? "" : ".0"}`);
    passOn(client, upstream, `@RSYNCD: ${protocol}.0`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    host: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
