import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A relay on 127.0.0.1 that counts what passes. */
export interface Meter extends AsyncDisposable {
  readonly port: number;
  /** Bytes of both directions since the start, or since the last {@link reset}. */
  readonly bytes: number;
  /** Connections that were opened in that time. */
  readonly connections: number;
  reset(): void;
  /** Hangs up on so many connections that come next. */
  refuse(count: number): void;
  /** Cuts every connection from now on over which this comes, as a virus scanner does. */
  cutAt(content: string): void;
}

/** Passes every connection on to `port` on 127.0.0.1; all of them share the speed, default any. */
export async function startMeter(
  port: number,
  bytesPerSecond = Number.POSITIVE_INFINITY,
): Promise<Meter> {
  const sockets = new Set<Socket>();
  let bytes = 0;
  let connections = 0;
  let refusals = 0;
  let forbidden: string | undefined;
  let busyUntil = 0;
  /** When the link is through with so many bytes more. */
  const busyWith = (count: number): number => {
    busyUntil = Math.max(busyUntil, performance.now()) + (count / bytesPerSecond) * 1_000;
    return busyUntil;
  };
  const forward = (from: Socket, to: Socket): void => {
    sockets.add(from);
    from.setNoDelay(true);
    let restsUntil = 0;
    const resume = (): void => {
      if (!to.writableNeedDrain && performance.now() >= restsUntil) from.resume();
    };
    from.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (forbidden !== undefined && chunk.includes(forbidden)) {
        from.destroy();
        to.destroy();
        return;
      }
      restsUntil = busyWith(chunk.length);
      const restMs = Math.ceil(restsUntil - performance.now());
      if (to.write(chunk) && restMs <= 0) return;
      from.pause();
      if (restMs > 0) setTimeout(resume, restMs + 1);
    });
    to.on("drain", resume);
    from.on("end", () => to.end());
    from.on("error", () => to.destroy());
    from.on("close", () => sockets.delete(from));
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    connections += 1;
    if (refusals > 0) {
      refusals -= 1;
      client.destroy();
      return;
    }
    const daemon = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    forward(client, daemon);
    forward(daemon, client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    get bytes() {
      return bytes;
    },
    get connections() {
      return connections;
    },
    reset: () => {
      bytes = 0;
      connections = 0;
    },
    refuse: (count) => {
      refusals = count;
    },
    cutAt: (content) => {
      forbidden = content;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
