import fs from "node:fs";
import { pino } from "pino";
import { afterEach, describe, expect, test } from "vitest";
import type { Request } from "../../../src/control/message.ts";
import { type ActionOptions, type ActionResult, Actions } from "../../../src/status/actions.ts";
import { StatusServer } from "../../../src/status/server.ts";
import { tokenProblem } from "../../../src/status/token.ts";
import { temporaryDirectory } from "../../support/tree.ts";

const secret = "0123456789abcdef01234567";
const closers: (() => PromiseLike<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function tokenFile(content = secret, mode = 0o600): string {
  const directory = temporaryDirectory();
  closers.push(() => directory[Symbol.dispose]());
  const file = `${directory.path}/token`;
  fs.writeFileSync(file, content, { mode });
  return file;
}

interface Rig {
  readonly url: string;
  readonly asked: (Request & { readonly file?: string | undefined })[];
  readonly lines: string[];
  readonly post: (body: unknown, headers?: Record<string, string>) => Promise<Response>;
}

const done: ActionResult = { ok: true, targets: ["h:873::m"], file: "confxml.xml" };

async function serve(options: Partial<ActionOptions> = {}, results = [done]): Promise<Rig> {
  const asked: Rig["asked"] = [];
  const lines: string[] = [];
  const actions = new Actions({
    log: pino({ base: null }, { write: (line: string) => void lines.push(line) }),
    tokenFile: tokenFile(),
    carryOut: async (request, file) => {
      asked.push({ ...request, file });
      return results;
    },
    ...options,
  });
  const metrics = async () => ({ text: "", contentType: "text/plain" });
  const server = await StatusServer.listen({ port: 0, reports: () => [], metrics, actions });
  closers.push(() => server.close());
  const url = `http://127.0.0.1:${server.port}/api/actions`;
  const post: Rig["post"] = (body, headers = { authorization: `Bearer ${secret}` }) =>
    fetch(url, {
      method: "POST",
      headers,
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  return { url, asked, lines, post };
}

describe("whoever knows the token", () => {
  test.each([
    { do: "resync", path: "/srv/照片/\\#377" },
    { do: "pause", target: "h:873::m" },
    { do: "resume" },
    { do: "retry" },
    { do: "allow-deletions", target: "h:873::m", file: "confxml.xml" },
  ])("can ask for %j", async (request) => {
    const { post, asked, lines } = await serve();
    const answer = await post(request);
    expect([answer.status, await answer.json()]).toEqual([200, { ok: true, results: [done] }]);
    expect(asked).toEqual([{ file: undefined, ...request }]);
    expect(lines.join()).toContain(`asked for over HTTP: ${request.do}`);
    expect(lines.join()).not.toContain(secret);
  });

  test("learns what can be asked, and whether it is the right one", async () => {
    const { url } = await serve();
    const list = (authorization: string) => fetch(url, { headers: { authorization } });
    expect(await (await list(`Bearer ${secret}`)).text()).toContain('"pause"');
    expect((await list("Bearer something-else")).status).toBe(401);
  });

  test("is told why something is not done", async () => {
    const error = 'there is no target "x"';
    const { post } = await serve({}, [{ ok: false, code: "NOT_FOUND", error, file: "a.xml" }]);
    const answer = await post({ do: "pause", target: "x" });
    expect([answer.status, await answer.json()]).toMatchObject([404, { ok: false, error }]);
  });

  test("gets what one of several configurations could do", async () => {
    const { post } = await serve({}, [
      { ok: false, code: "NOT_FOUND", error: "not here", file: "a.xml" },
      done,
    ]);
    expect((await post({ do: "pause", target: "h:873::m" })).status).toBe(200);
  });

  test.each([
    "{",
    "null",
    '{"do":"stop"}',
    '{"do":"reload"}',
    '{"do":"status"}',
    '{"do":"pause","target":7}',
    '{"do":"resync","file":{}}',
    '{"do":"__proto__"}',
    JSON.stringify({ do: "resync", path: "x".repeat(50_000) }),
  ])("is refused %.40s", async (body) => {
    const { post, asked } = await serve();
    expect((await post(body)).status).toBe(400);
    expect(asked).toEqual([]);
  });

  test("can exchange it while the program runs", async () => {
    const file = tokenFile();
    const { post } = await serve({ tokenFile: file });
    fs.writeFileSync(file, "another-token-of-24-chars");
    expect((await post({ do: "retry" })).status).toBe(401);
    const authorization = "Bearer another-token-of-24-chars";
    expect((await post({ do: "retry" }, { authorization })).status).toBe(200);
  });
});

describe("whoever does not know it", () => {
  test.each([
    ["no header", {}],
    ["no scheme", { authorization: secret }],
    ["another scheme", { authorization: `Basic ${secret}` }],
    ["an empty one", { authorization: "Bearer " }],
    ["a beginning", { authorization: `Bearer ${secret.slice(0, -1)}` }],
    ["more than it", { authorization: `Bearer ${secret}0` }],
  ])("can ask for nothing: %s", async (_, headers) => {
    const { post, asked } = await serve();
    const answer = await post({ do: "pause" }, headers);
    expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    expect(asked).toEqual([]);
  });

  test("is told of in the log now and then, not each time", async () => {
    const { post, lines } = await serve();
    for (let i = 0; i < 20; i += 1) await post({ do: "pause" }, { authorization: "Bearer guess" });
    expect(lines).toHaveLength(5);
  });
});

test("a page of another origin can ask for nothing, even with the token", async () => {
  const { post, asked, url } = await serve();
  const authorization = `Bearer ${secret}`;
  const foreign = await post({ do: "pause" }, { authorization, origin: "http://evil.example" });
  expect(foreign.status).toBe(403);
  const { host } = new URL(url);
  for (const origin of [`http://${host}`, `https://${host}`]) {
    expect((await post({ do: "pause" }, { authorization, origin })).status).toBe(200);
  }
  expect(asked).toHaveLength(2);
});

test("without a token file there is nothing to ask for", async () => {
  const { post, url, asked } = await serve({ tokenFile: undefined });
  expect((await post({ do: "pause" })).status).toBe(403);
  expect(await (await fetch(url)).json()).toEqual({ actions: [] });
  expect(asked).toEqual([]);
});

test("a token file that others come to read is not used any more", async () => {
  const file = tokenFile();
  const { post, lines } = await serve({ tokenFile: file });
  fs.chmodSync(file, 0o644);
  const answer = await post({ do: "pause" });
  expect(answer.status).toBe(503);
  expect(await answer.text()).not.toContain(file);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    level: 50,
    reason: expect.stringMatching(/^cannot use the token file .*other users can get at it/),
  });
});

test.each([
  ["is open to others", secret, 0o604, "chmod 600"],
  ["is empty", "", 0o600, "its first line is empty"],
  ["is short", "swordfish", 0o600, "9 characters, 16 are needed"],
])("a token that %s is refused", (_, content, mode, reason) => {
  expect(tokenProblem(tokenFile(content, mode))).toContain(reason);
});
