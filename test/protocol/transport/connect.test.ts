import net, { type Socket } from "node:net";
import { expect, test } from "vitest";
import { type Address, type ConnectOptions, connect } from "../../../protocol/transport/connect.ts";
import { makeCertificates } from "../../support/certificates.ts";
import { listen, startProxy, startTlsTerminator } from "../../support/servers.ts";

const greeting = "@RSYNCD: 32.0 md5\n";

/** A server that greets, and then does as it is told. */
const greeter = (act: (socket: Socket) => void = () => {}) =>
  listen(
    net.createServer((socket) => {
      socket.write(greeting);
      act(socket);
    }),
  );

/** The first bytes that come, when the connection is there. */
async function firstBytes(address: Address, options: ConnectOptions = {}): Promise<string> {
  const connection = await connect(address, { timeoutMs: 3_000, ...options });
  const bytes = await new Promise<Buffer>((resolve) => {
    if (connection.receive === undefined) connection.once("data", resolve);
    else connection.receive((view) => resolve(Buffer.from(view)));
    connection.resume();
  });
  connection.destroy();
  return bytes.toString();
}

const failure = (address: Address, options: ConnectOptions = {}) =>
  connect(address, { timeoutMs: 3_000, ...options }).then(
    () => undefined,
    (error: unknown) => error as Error,
  );

test("all addresses of a host are tried, those that are silent and those that refuse", async () => {
  await using server = await greeter();
  const { port } = server;
  // A connection to 192.0.2.1 (TEST-NET-1) is answered by nobody; nothing listens on 127.0.0.9.
  for (const first of ["127.0.0.9", "192.0.2.1", "::1"]) {
    const resolve = async () => [first, "127.0.0.1"];
    expect(await firstBytes({ host: "somewhere", port }, { resolve })).toBe(greeting);
  }
});

test("when no address answers, all of them are named", async () => {
  const resolve = async () => ["127.0.0.8", "127.0.0.9"];
  const server = await greeter();
  await server[Symbol.asyncDispose]();
  expect(await failure({ host: "nowhere", port: server.port }, { resolve })).toMatchObject({
    code: "CONNECTION_LOST",
    message: `Cannot connect to nowhere:${server.port}: connection refused; is the rsync daemon running there? (tried 127.0.0.8, 127.0.0.9)`,
  });
});

test("a name that nobody resolves, or that has no address, ends in time", async () => {
  const never = () => new Promise<never>(() => {});
  expect(await failure({ host: "h" }, { resolve: never, timeoutMs: 50 })).toMatchObject({
    code: "CONNECT_TIMED_OUT",
    message: "Cannot connect to h:873: no answer within 50 ms",
  });
  const none = async () => [];
  expect(await failure({ host: "h", tls: {} }, { resolve: none })).toMatchObject({
    code: "CONNECTION_LOST",
    message: "Cannot connect to h:874: it has no address",
  });
  const signal = AbortSignal.abort();
  expect(await failure({ host: "h" }, { resolve: never, signal })).toMatchObject({
    code: "ABORTED",
  });
});

test("a proxy leads on, also to an IPv6 address", async () => {
  await using server = await greeter();
  await using proxy = await startProxy();
  const through = { host: "127.0.0.1", port: proxy.port };
  expect(await firstBytes({ host: "127.0.0.1", port: server.port, proxy: through })).toBe(greeting);
  expect(await failure({ host: "::1", port: 9, proxy: through })).toMatchObject({
    code: "CONNECTION_LOST",
    message: expect.stringMatching(
      /^Cannot connect to ::1:9 through the proxy .*: 502 Bad Gateway$/,
    ),
  });
  expect(proxy.heads[1]).toBe("CONNECT [::1]:9 HTTP/1.0\r\n\r\n");
});

test("a proxy that wants to know who asks is told apart, and no secret is shown", async () => {
  await using server = await greeter();
  await using proxy = await startProxy({ secret: "me:right" });
  const { port } = server;
  const as = (password?: string) => {
    const who = password === undefined ? {} : { user: "me", password };
    return { host: "127.0.0.1", port, proxy: { host: "127.0.0.1", port: proxy.port, ...who } };
  };
  expect(await firstBytes(as("right"))).toBe(greeting);
  for (const password of ["s3cret-word", undefined]) {
    const error = await failure(as(password));
    expect(error).toMatchObject({ code: "ACCESS_REFUSED", message: expect.stringMatching(/407/) });
    expect(error?.stack).not.toContain("s3cret");
  }
});

test.each([
  ["is none", "SSH-2.0-x\r\n\r\n", "BAD_STREAM"],
  ["sends headers without end", "x".repeat(20_000), "BAD_STREAM"],
  ["says nothing", "", "CONNECT_TIMED_OUT"],
  ["stops in the middle", "HTTP/1.0 200 OK\r\nVia: x\r\n", "CONNECT_TIMED_OUT"],
])("a proxy that %s is given up", async (_, said, code) => {
  await using proxy = await listen(net.createServer((socket) => void socket.write(said)));
  const address = { host: "h", port: 1, proxy: { host: "127.0.0.1", port: proxy.port } };
  const timeoutMs = code === "CONNECT_TIMED_OUT" ? 300 : 10_000;
  expect(await failure(address, { timeoutMs })).toMatchObject({ name: "RsyncError", code });
});

test("a proxy that hangs up is given up", async () => {
  await using proxy = await listen(net.createServer((socket) => socket.destroy()));
  const address = { host: "h", port: 1, proxy: { host: "127.0.0.1", port: proxy.port } };
  expect(await failure(address)).toMatchObject({ code: "CONNECTION_LOST" });
});

const right = makeCertificates("127.0.0.1");
const other = makeCertificates("other.example");

test.skipIf(right === undefined || other === undefined)(
  "TLS trusts only the host's own certificate, by an authority that is trusted",
  async () => {
    if (right === undefined || other === undefined) return;
    await using server = await greeter();
    await using terminator = await startTlsTerminator(server.port, right);
    await using stranger = await startTlsTerminator(server.port, other);
    const at = (port: number, tls: Address["tls"]): Address => ({ host: "127.0.0.1", port, tls });
    expect(await firstBytes(at(terminator.port, { ca: right.ca }))).toBe(greeting);
    expect(await firstBytes(at(stranger.port, { verify: false }))).toBe(greeting);
    const named = { ca: other.ca, serverName: "other.example" };
    expect(await firstBytes(at(stranger.port, named))).toBe(greeting);
    for (const [port, tls] of [
      [terminator.port, {}],
      [terminator.port, { ca: other.ca }],
      [stranger.port, { ca: other.ca }],
    ] as const) {
      expect(await failure(at(port, tls))).toMatchObject({
        code: "UNTRUSTED_HOST",
        retryable: false,
        message: expect.stringMatching(/^Cannot trust 127\.0\.0\.1: its certificate/),
      });
    }
  },
);

test("TLS with a daemon that has none, or with nobody, is given up in time", async () => {
  await using server = await greeter();
  await using silent = await listen(net.createServer(() => {}));
  expect(await failure({ host: "127.0.0.1", port: server.port, tls: {} })).toMatchObject({
    code: "CONNECTION_LOST",
    message: expect.stringContaining("is it a daemon behind TLS?"),
  });
  const { port } = silent;
  expect(await failure({ host: "127.0.0.1", port, tls: {} }, { timeoutMs: 200 })).toMatchObject({
    code: "CONNECT_TIMED_OUT",
  });
});
