import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { StatusReport } from "../../../src/status/report.ts";
import { StatusServer } from "../../../src/status/server.ts";
import { badTarget, goodTarget, reportWith } from "./reports.ts";

let server: StatusServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function serve(reports: () => readonly StatusReport[]): Promise<string> {
  const metrics = async () => ({ text: "sersync_up 1\n", contentType: "text/plain" });
  server = await StatusServer.listen({ port: 0, reports, metrics });
  return `http://127.0.0.1:${server.port}`;
}

/** Sends lines as they are; resolves with all that comes back until the server hangs up. */
async function raw(port: number, ...lines: string[]): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(lines.join("\r\n"));
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk;
  });
  await once(socket, "close");
  return answer;
}

describe("what is told", () => {
  test("the report as JSON, the metrics as text, that it is alive", async () => {
    const url = await serve(() => [reportWith(goodTarget)]);
    const status = await fetch(`${url}/api/status`);
    expect(status.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(await status.json()).toEqual([reportWith(goodTarget)]);
    expect(await (await fetch(`${url}/metrics`)).text()).toBe("sersync_up 1\n");
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  test("ready or not, and why", async () => {
    let target = badTarget;
    const url = await serve(() => [reportWith(target)]);
    const refused = await fetch(`${url}/readyz`);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ ready: false });
    target = goodTarget;
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  test("reports as they change, until the reader leaves", async () => {
    let asked = 0;
    const url = await serve(() => {
      asked += 1;
      return [reportWith({ ...goodTarget, delivered: asked })];
    });
    const reader = (await fetch(`${url}/api/events`)).body?.getReader();
    const first = new TextDecoder().decode((await reader?.read())?.value);
    expect(JSON.parse(first.replace(/^data: /, ""))[0].sources[0].targets[0].delivered).toBe(1);
    await reader?.read();
    expect(asked).toBe(2);
    await reader?.cancel();
  });
});

test("whether there are events is answered at once", async () => {
  const url = await serve(() => []);
  const answer = await fetch(`${url}/api/events`, { method: "HEAD" });
  expect(answer.headers.get("content-type")).toBe("text/event-stream");
});

describe("what is refused", () => {
  test("every method that could change something", async () => {
    const url = await serve(() => []);
    for (const method of ["POST", "PUT", "DELETE"]) {
      expect((await fetch(`${url}/api/status`, { method })).status).toBe(405);
    }
  });

  test("paths that lead elsewhere", async () => {
    const url = await serve(() => []);
    for (const path of ["/../../package.json", "/page/..%2f..%2fpackage.json", "/constructor"]) {
      expect((await fetch(url + path)).status).toBe(404);
    }
    expect(
      await raw(server?.port ?? 0, "GET // HTTP/1.1", "Host: x", "Connection: close", "", ""),
    ).toMatch(/^HTTP\/1.1 400 /);
  });

  test("foreign names that lead here, and foreign pages", async () => {
    await serve(() => []);
    const port = server?.port as number;
    const get = "GET /api/status HTTP/1.1";
    const foreign = await raw(port, get, "Host: evil.example", "Connection: close", "", "");
    expect(foreign).toMatch(/^HTTP\/1.1 421 /);
    const origin = ["Host: localhost", "Origin: http://evil.example", "Connection: close"];
    expect(await raw(port, get, ...origin, "", "")).toMatch(/^HTTP\/1.1 403 /);
    for (const name of ["LOCALHOST:8008", "192.0.2.1", "[::1]:8008", "a-container"]) {
      const answer = await raw(port, get, `Host: ${name}`, "Connection: close", "", "");
      expect(answer).toMatch(/^HTTP\/1.1 200 /);
    }
  });

  test("headers beyond measure, and what is no HTTP", async () => {
    await serve(() => []);
    const port = server?.port as number;
    expect(await raw(port, "GET / HTTP/1.1", `X: ${"x".repeat(20_000)}`, "", "")).toMatch(/ 431 /);
    expect(await raw(port, "\x16\x03\x01 hello", "", "")).toMatch(/ 400 /);
  });

  test("more connections than a page and a scraper need; those it has are still answered", async () => {
    const url = await serve(() => [reportWith(goodTarget)]);
    const kept = (await fetch(`${url}/healthz`)).status;
    const idle: Socket[] = [];
    for (let i = 0; i < 150; i += 1) idle.push(connect(server?.port as number, "127.0.0.1"));
    await Promise.race(
      idle.map((socket) =>
        once(
          socket.on("error", () => {}),
          "close",
        ),
      ),
    );
    for (const socket of idle) socket.destroy();
    expect(kept).toBe(200);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });
});

test("nothing of elsewhere may be loaded by the page, and nobody may frame it", async () => {
  const url = await serve(() => []);
  const policy = (await fetch(`${url}/healthz`)).headers.get("content-security-policy");
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain("unsafe");
});
