import { once } from "node:events";
import fs from "node:fs";
import { connect, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { socketPath } from "../../../src/control/address.ts";
import { ask } from "../../../src/control/client.ts";
import { type Answerer, ControlServer } from "../../../src/control/server.ts";
import { temporaryDirectory } from "../../support/tree.ts";

const echo: Answerer = (request) => ({ ok: true, heard: request });

async function listening(answer: Answerer = echo, patienceMs = 5_000) {
  const directory = temporaryDirectory();
  const path = socketPath(directory.path, "key");
  const server = new ControlServer(answer, { patienceMs });
  await server.listen(path);
  return {
    path,
    server,
    whereabouts: { environment: { SERSYNC_RUNTIME_DIR: directory.path } },
    [Symbol.asyncDispose]: async () => {
      await server.close();
      directory[Symbol.dispose]();
    },
  };
}

/** What is answered until the other side hangs up, with a reset or without. */
async function talk(path: string, ...lines: string[]): Promise<string[]> {
  const socket = connect(path);
  let heard = "";
  socket.setEncoding("utf8").on("data", (text: string) => {
    heard += text;
  });
  socket.end(lines.join("\n"));
  await closed(socket);
  return heard.split("\n").filter((line) => line !== "");
}

async function closed(socket: Socket): Promise<void> {
  await new Promise((resolve) => {
    socket
      .on("error", () => {})
      .on("close", resolve)
      .resume();
  });
}

async function drained(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => socket.once("drain", resolve));
}

describe("the control socket", () => {
  test("is for its owner alone, whatever the umask", async () => {
    const before = process.umask(0);
    await using at = await listening();
    process.umask(before);
    expect(fs.statSync(at.path).mode & 0o777).toBe(0o600);
    expect(process.umask()).toBe(before);
  });

  test("answers requests in order, several on one connection", async () => {
    await using at = await listening();
    const heard = await talk(
      at.path,
      '{"sersync":1,"do":"status"}',
      '{"sersync":1,"do":"resync","path":"a/b","other":1}',
      "",
    );
    expect(heard.map((line) => JSON.parse(line))).toEqual([
      { ok: true, heard: { do: "status" } },
      { ok: true, heard: { do: "resync", path: "a/b" } },
    ]);
  });

  test.each([
    ["no JSON", "hello", "a line is no JSON"],
    ["no object", "3", "a request is an object"],
    ["nothing", "null", "a request is an object"],
    ["of another version", '{"sersync":2,"do":"stop"}', "control version 1, not 2"],
    ["unknown", '{"sersync":1,"do":"dance"}', 'no request "dance"'],
    ["of a wrong type", '{"sersync":1,"do":"resync","path":7}', "path is a string"],
    ["deep", "[".repeat(60_000), "a line is no JSON"],
  ])("refuses a request that is %s, and hangs up", async (_, line, why) => {
    await using at = await listening();
    const heard = await talk(at.path, line, '{"sersync":1,"do":"status"}', "");
    expect(heard.map((each) => JSON.parse(each))).toEqual([
      { ok: false, code: "BAD_REQUEST", error: expect.stringContaining(why) },
    ]);
  });

  test("reads no more of a huge request than its limit", async () => {
    await using at = await listening();
    const socket = connect(at.path);
    let reply = "";
    socket.setEncoding("utf8").on("data", (text: string) => {
      reply += text;
    });
    const closing = closed(socket);
    const block = Buffer.alloc(64 * 1024, "x");
    for (let sent = 0; sent < 100 && !socket.destroyed; sent += 1) {
      if (!socket.write(block)) await Promise.race([drained(socket), closing]);
    }
    await closing;
    expect(reply === "" || JSON.parse(reply).code === "BAD_REQUEST").toBe(true);
    expect(socket.bytesWritten).toBeLessThan(100 * block.length);
    expect(await talk(at.path, '{"sersync":1,"do":"status"}', "")).toHaveLength(1);
  });

  test("hangs up on who says nothing, half a request, or takes no answer", async () => {
    const long = "x".repeat(8 * 1024 * 1024);
    await using at = await listening(() => ({ ok: true, long }), 100);
    const silent = connect(at.path);
    const half = connect(at.path);
    half.write('{"sersync":1,');
    const deaf = connect(at.path);
    deaf.write('{"sersync":1,"do":"status"}\n');
    deaf.pause().on("error", () => {});
    await Promise.all([closed(silent), closed(half)]);
    // One that trickles is no better than one that is still.
    const hasGone = () => {
      deaf.write("\n");
      return deaf.errored !== null;
    };
    await expect.poll(hasGone).toBe(true);
  });

  test("serves sixteen at a time, and turns the others away", async () => {
    await using at = await listening();
    const sixteen = Array.from({ length: 16 }, () => connect(at.path));
    await Promise.all(sixteen.map((socket) => once(socket, "connect")));
    expect(await talk(at.path, '{"sersync":1,"do":"status"}', "")).toEqual([]);
    for (const socket of sixteen) socket.destroy();
    await expect.poll(() => talk(at.path, '{"sersync":1,"do":"status"}', "")).toHaveLength(1);
  });

  test("tells what went wrong inside, and goes on", async () => {
    await using at = await listening(() => {
      throw new Error("no such thing");
    });
    const request = '{"sersync":1,"do":"status"}';
    const heard = await talk(at.path, request, request, "");
    expect(heard.map((line) => JSON.parse(line).error)).toEqual(["no such thing", "no such thing"]);
  });

  test("sends the last answer before it closes", async () => {
    let finish: () => void = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    await using at = await listening(async (_, tell) => {
      await tell({ ok: true, first: 1 });
      await finished;
      return { ok: true, last: 2 };
    });
    const heard: unknown[] = [];
    for await (const reply of ask("key", { do: "stop" }, at.whereabouts)) {
      heard.push(reply);
      if (heard.length > 1) continue;
      finish();
      await at.server.close();
    }
    expect(heard).toEqual([
      { ok: true, first: 1 },
      { ok: true, last: 2 },
    ]);
  });
});

describe("who asks", () => {
  test("learns that nothing runs, also over a dead one's socket", async () => {
    await using at = await listening();
    const first = ask("other", { do: "status" }, at.whereabouts).next();
    await expect(first).rejects.toMatchObject({ code: "NOT_RUNNING" });
    const directory = temporaryDirectory();
    fs.writeFileSync(socketPath(directory.path, "key"), "no socket at all");
    const environment = { SERSYNC_RUNTIME_DIR: directory.path };
    const second = ask("key", { do: "status" }, { environment }).next();
    await expect(second).rejects.toMatchObject({
      code: "NOT_RUNNING",
      message: "it does not run; it ended without cleaning up",
    });
    directory[Symbol.dispose]();
  });

  test("gives up on one that does not answer in time", async () => {
    await using at = await listening(() => new Promise(() => {}));
    const asking = ask("key", { do: "status" }, { ...at.whereabouts, deadlineMs: 50 }).next();
    await expect(asking).rejects.toMatchObject({ code: "NO_ANSWER" });
  });

  test("does not follow a link into another's directory", async () => {
    await using at = await listening();
    using directory = temporaryDirectory();
    const link = `${directory.path}/link`;
    fs.symlinkSync(at.whereabouts.environment.SERSYNC_RUNTIME_DIR, link);
    const asking = ask("key", { do: "status" }, { environment: { SERSYNC_RUNTIME_DIR: link } });
    await expect(asking.next()).rejects.toMatchObject({ code: "NOT_RUNNING" });
  });
});
