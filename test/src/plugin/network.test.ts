import { describe, expect, test } from "vitest";
import type { RefreshCdnPlugin, SocketPlugin } from "../../../src/config/schema.ts";
import { ChinaCache } from "../../../src/plugin/china-cache.ts";
import { HttpPost } from "../../../src/plugin/http.ts";
import { UrlPurge } from "../../../src/plugin/purge.ts";
import { PluginRunner } from "../../../src/plugin/runner.ts";
import { openSocket } from "../../../src/plugin/socket.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/ports.mjs";
import { baseOf, eventOf, keptLog } from "./events.ts";
import { listen, listenHttp } from "./listeners.ts";

const neverAborted = new AbortController().signal;
const oddName = "caf\xe9 `x;\n";

function socketTo(port: number, different: Partial<SocketPlugin> = {}) {
  return openSocket({
    ...baseOf(),
    watch: "",
    host: "127.0.0.1",
    port,
    format: "path",
    ...different,
  });
}

describe("socket", () => {
  test("sends the bytes of the absolute path on a connection of its own, as sersync did", async () => {
    await using peer = await listen();
    const plugin = socketTo(peer.port);
    for (const path of ["a/b", oddName]) await plugin.run(eventOf(path), neverAborted);
    await eventually(() => peer.received).toEqual(["/data/a/b", `/data/${oddName}`]);
  });

  test.each([
    ["localhost", "127.0.0.1"],
    ["::1", "::1"],
  ])("reaches %s, a name or IPv6", async (host, listening) => {
    await using peer = await listen({ host: listening });
    await socketTo(peer.port, { host }).run(eventOf("a"), neverAborted);
    await eventually(() => peer.received).toEqual(["/data/a"]);
  });

  test("sends lines of JSON on one connection, and makes a new one when that is lost", async () => {
    await using peer = await listen();
    const plugin = socketTo(peer.port, { format: "json" });
    const lines = (index: number) =>
      (peer.received[index] ?? "")
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line).path);
    for (const path of ["a", "b", "c"]) await plugin.run(eventOf(path), neverAborted);
    await eventually(() => lines(0)).toEqual(["/data/a", "/data/b", "/data/c"]);
    peer.sockets[0]?.destroy();
    await eventually(async () => {
      await plugin.run(eventOf("d"), neverAborted);
      return lines(1).length > 0;
    }).toBe(true);
    await plugin.close?.();
    expect(peer.received).toHaveLength(2);
  });

  test("waits for a peer that is away and then sends what has waited", async () => {
    const port = await freePort();
    const { log, texts } = keptLog();
    const backoff = { firstMs: 5, longestMs: 20 };
    const settings = baseOf({ concurrency: 1 });
    const plugin = socketTo(port);
    const runner = new PluginRunner({ name: "socket", plugin, settings, log, backoff });
    for (const path of ["a", "b"]) runner.offer(eventOf(path));
    await eventually(texts).toContainEqual(
      expect.stringMatching(/^plugin failed: cannot reach 127\.0\.0\.1:\d+: ECONNREFUSED; trying/),
    );
    await using peer = await listen({ port });
    await eventually(() => peer.received).toEqual(["/data/a", "/data/b"]);
    await runner.stop(100);
    expect(runner.status).toMatchObject({ done: 2, failed: 0, dropped: 0 });
  });
});

describe("http", () => {
  const settings = (port: number) => ({
    ...baseOf(),
    watch: "",
    url: `http://127.0.0.1:${port}/hook?a=b`,
    format: "form" as const,
    headers: {},
    secretFile: "",
  });

  test("posts the form of old sersyncs", async () => {
    await using web = await listenHttp();
    await new HttpPost(settings(web.port), "").run(eventOf(oddName), neverAborted);
    expect(web.requests[0]).toMatchObject({
      method: "POST",
      url: "/hook?a=b",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "watchroot=/data&isdir=0&inotifyPath=/data/caf%E9%20%60x%3B%0A&mask=8",
    });
  });

  test("posts JSON, with headers and the secret in them", async () => {
    await using web = await listenHttp();
    const headers = { Authorization: "Bearer {secret}", "X-From": "here" };
    const plugin = new HttpPost({ ...settings(web.port), format: "json", headers }, "s3cret");
    await plugin.run(eventOf("a"), neverAborted);
    expect(web.requests[0]?.headers).toMatchObject({
      authorization: "Bearer s3cret",
      "x-from": "here",
      "content-type": "application/json",
    });
    expect(JSON.parse(web.requests[0]?.body ?? "")).toMatchObject({
      path: "/data/a",
      kind: "file",
    });
  });

  test.each([
    [503, "again"],
    [429, "again"],
    [404, "final"],
    [302, "final"],
    [0, "peer"],
  ])("an answer of %i means %s", async (status, kind) => {
    await using web = await listenHttp([status]);
    const run = new HttpPost(settings(web.port), "").run(eventOf("a"), neverAborted);
    await expect(run).rejects.toMatchObject({ name: "PluginFailure", kind });
    expect(web.requests).toHaveLength(1);
  });

  test("what an answer of 503 refused is posted again", async () => {
    await using web = await listenHttp([503, 503]);
    const { log } = keptLog();
    const plugin = new HttpPost(settings(web.port), "");
    const backoff = { firstMs: 1, longestMs: 1 };
    const runner = new PluginRunner({ name: "http", plugin, settings: baseOf(), log, backoff });
    runner.offer(eventOf("a"));
    await eventually(() => runner.status.done).toBe(1);
    expect(web.requests).toHaveLength(3);
  });

  test("nobody there is a peer that is away", async () => {
    const run = new HttpPost(settings(await freePort()), "").run(eventOf("a"), neverAborted);
    await expect(run).rejects.toMatchObject({ kind: "peer" });
  });

  test("a secret that is no header is refused at the start, and not shown", () => {
    const headers = { Authorization: "{secret}" };
    expect(() => new HttpPost({ ...settings(1), headers }, "bad\u{1f}\nsecret")).toThrow(
      /^cannot use the header Authorization: its value cannot be one of a header$/,
    );
  });
});

describe("refreshCDN", () => {
  const base: RefreshCdnPlugin = { ...baseOf(), watch: "", base: "http://pic.example" };
  const chinaCache = (port: number) =>
    new ChinaCache(base, { host: "localhost", port, user: "me", password: "secret" });

  test("asks ChinaCache by name, and takes its answer (F-30)", async () => {
    await using peer = await listen({
      onData: (_, socket) => socket.end('HTTP/1.1 200 OK\r\nwhatsup: content="succeed"\r\n\r\n'),
    });
    await chinaCache(peer.port).run(eventOf("a b.jpg"), neverAborted);
    expect(peer.received).toEqual([
      "HEAD /index.jsp?user=me&pswd=secret&ok=ok&urls=http://pic.example/a%20b.jpg HTTP/1.0\r\nHost: localhost\r\n\r\n",
    ]);
  });

  test.each([
    ['HTTP/1.1 200 OK\r\nwhatsup: content="error"\r\n\r\n', "final", 'refuses: content="error"'],
    ["HTTP/1.0 503 Busy\r\n\r\n", "again", "answers 503"],
    ["nonsense\r\n\r\n", "again", "gives no HTTP answer"],
  ])("%j means %s, and no password is shown (F-30)", async (answer, kind, said) => {
    await using peer = await listen({ onData: (_, socket) => socket.end(answer) });
    const failure = await chinaCache(peer.port).run(eventOf("a"), neverAborted).catch(String);
    expect(failure).toBe(`PluginFailure: localhost ${said}`);
    const again = chinaCache(peer.port).run(eventOf("a"), neverAborted);
    await expect(again).rejects.toMatchObject({ kind });
  });

  test("purges with any method, header and body", async () => {
    await using web = await listenHttp();
    const purge = {
      method: "PURGE",
      url: `http://127.0.0.1:${web.port}/{path}`,
      body: '{"files":["{url}"]}',
      headers: { "X-Key": "{secret}" },
      secretFile: "",
    };
    await new UrlPurge(base, purge, "s3cret").run(eventOf("a b/é".normalize("NFC")), neverAborted);
    expect(web.requests[0]).toMatchObject({
      method: "PURGE",
      url: "/a%20b/%E9",
      headers: { "x-key": "s3cret" },
      body: '{"files":["http://pic.example/a%20b/%E9"]}',
    });
  });
});

test("an aborted run ends at once, whoever hangs", async () => {
  await using silent = await listen();
  const url = `http://127.0.0.1:${silent.port}/`;
  const plugins = [
    new HttpPost({ ...baseOf(), watch: "", url, format: "form", headers: {}, secretFile: "" }, ""),
    new ChinaCache(
      { ...baseOf(), watch: "", base: "" },
      { host: "127.0.0.1", port: silent.port, user: "u", password: "p" },
    ),
  ];
  for (const plugin of plugins) {
    const abort = new AbortController();
    const run = plugin.run(eventOf("a"), abort.signal);
    setTimeout(() => abort.abort(new Error("too long")), 20);
    await expect(run).rejects.toThrow(/too long|aborted/);
  }
});
