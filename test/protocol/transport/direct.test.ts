import { once } from "node:events";
import net from "node:net";
import { afterEach, expect, test } from "vitest";
import { readDirectly } from "../../../protocol/transport/direct.ts";
import { Source } from "../../../protocol/transport/source.ts";

const servers: net.Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Both ends of a connection: the client's, and what the server has accepted. */
async function connected(): Promise<{
  server: net.Server;
  client: net.Socket;
  socket: net.Socket;
}> {
  const server = net.createServer({ pauseOnConnect: true });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  const client = net.connect(port, "127.0.0.1");
  const [socket] = (await once(server, "connection")) as [net.Socket];
  return { server, client, socket };
}

test("an accepted connection is read into a buffer, written to, and counted until it ends", async () => {
  const { server, client, socket: accepted } = await connected();
  const peer = accepted.remotePort;
  client.write("early ");
  const socket = readDirectly(accepted);
  expect(socket).not.toBe(accepted);
  expect(socket.remotePort).toBe(peer);
  const source = new Source(socket, { onMessage: () => {} }, { lingers: true });
  client.write("and late");
  expect(await source.read((from) => from.latin1(14))).toBe("early and late");
  expect(socket.bytesRead).toBe(14);
  socket.end("answer");
  const [answer] = (await once(client, "data")) as [Buffer];
  expect(answer.toString()).toBe("answer");
  const closed = once(server, "close");
  server.close();
  await closed;
  expect([accepted.destroyed, socket.destroyed]).toEqual([true, true]);
});

test("whoever ends what was accepted ends the connection", async () => {
  const { client, socket: accepted } = await connected();
  const socket = readDirectly(accepted);
  const ends = [once(client, "close"), once(socket, "close")];
  client.resume();
  accepted.destroy();
  await Promise.all(ends);
});

test("a socket that lies elsewhere in this Node stays as it is", async () => {
  const { client, socket: accepted } = await connected();
  Object.defineProperty(accepted, "_handle", { value: {}, configurable: true });
  const socket = readDirectly(accepted);
  expect(socket).toBe(accepted);
  expect("receive" in socket).toBe(false);
  Reflect.deleteProperty(accepted, "_handle");
  accepted.destroy();
  client.destroy();
});
