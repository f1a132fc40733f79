import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { Brake } from "../../../protocol/daemon/brake.ts";
import { pull, push } from "../../../protocol/index.ts";
import { HostileClient } from "../../support/hostile-client.ts";
import { serveModule } from "../../support/served.ts";

const naming = ["--server", "--sender", "-r", "--files-from=-", "--from0", ".", "m/"];
const noRules = "\0\0\0\0";

test("names of a client's list count for its memory", async () => {
  await using served = await serveModule({}, { mostListBytes: 100_000 });
  await using client = await HostileClient.enter(served.port, naming);
  client.data(noRules);
  for (let n = 0; n < 200 && !client.ended; n += 1) client.data(`${"n".repeat(1_000)}${n}\0`);
  expect(await client.end()).toContain("no memory left");
});

test("many names that are not there hold up nobody", async () => {
  await using served = await serveModule();
  await using client = await HostileClient.enter(served.port, naming);
  const names = Array.from({ length: 20_000 }, (_, n) => `missing-${n}\0`).join("");
  client.data(noRules);
  for (let at = 0; at < names.length; at += 60_000) client.data(names.slice(at, at + 60_000));
  client.data("\0");
  await client.until('missing-1"');
  await push({ "proof.txt": "served" }, `rsync://127.0.0.1:${served.port}/m/`);
  expect(client.said).not.toContain("missing-19999");
});

test("whoever connects and says nothing keeps nobody out", async () => {
  await using served = await serveModule({}, { maxConnections: 2, maxPerAddress: 2 });
  await using first = await HostileClient.connect(served.port);
  await using second = await HostileClient.connect(served.port);
  await second.until("@RSYNCD");
  const url = `rsync://127.0.0.1:${served.port}/m/`;
  await expect(push({ early: "" }, url)).rejects.toThrow("max connections");
  await new Promise((resolve) => setTimeout(resolve, 2_050)); // so long silence is patience
  await push({ "proof.txt": "served" }, url);
  expect(fs.readdirSync(served.path)).toEqual(["proof.txt"]);
  await first.end();
});

test("one IPv6 network shares one brake, which slows down wrong answers", async () => {
  const brake = new Brake();
  const started = performance.now();
  void brake.failed("2001:db8::1");
  await brake.failed("2001:db8::ffff:0:1");
  expect(performance.now() - started).toBeGreaterThan(1_400);
  for (let n = 0; n < 20; n += 1) void brake.failed("2001:db8:0:0:7::1");
  expect(brake.admits("2001:db8::")).toBe(false);
  expect(brake.admits("2001:db8:0:1::1")).toBe(true);
});

test("one address has no more than its share of connections", async () => {
  await using served = await serveModule({}, { maxConnections: 4 });
  await using first = await HostileClient.enter(served.port, naming);
  await using second = await HostileClient.enter(served.port, naming);
  await first.until("@RSYNCD: OK");
  await second.until("@RSYNCD: OK");
  await using third = await HostileClient.connect(served.port);
  expect(await third.end()).toBe("@ERROR: max connections (2) reached -- try again later\n");
  expect(served.events.at(-1)).toMatchObject({ kind: "refused", reason: "too many connections" });
});

test.each(["--force", "--delete"])("%s: a root that is a file empties nothing", async (option) => {
  await using served = await serveModule();
  fs.writeFileSync(path.join(served.path, "kept"), "");
  await using client = await HostileClient.enter(served.port, [
    "--server",
    "-r",
    option,
    ".",
    "m/",
  ]);
  if (option === "--delete") client.data(noRules);
  client.data("\x19\x01.\0\x01\0\0\0\0\0\xa4\x81\0\0\0\0\0\0\0");
  expect(await client.end()).toContain("the root is no directory");
  expect(fs.readdirSync(served.path)).toEqual(["kept"]);
});

test("a tree that is too deep for any path is left alone where it is too deep", async () => {
  await using served = await serveModule();
  const half = `${"deep".repeat(50)}/`.repeat(12);
  for (const top of ["a", "b"])
    fs.mkdirSync(path.join(served.path, top, half), { recursive: true });
  fs.renameSync(path.join(served.path, "b"), path.join(served.path, "a", half, "b"));
  const url = `rsync://127.0.0.1:${served.port}/m/`;
  try {
    const pulled = await pull(url, served.here);
    expect(pulled.exitCode).toBe(23);
    const deleted = await push({ kept: "" }, url, { transfer: { recursive: true, delete: true } });
    expect(deleted.exitCode).toBe(23);
    expect(served.events.filter(({ kind }) => kind === "trouble")).toEqual([]);
  } finally {
    // Node's own way takes whole paths.
    for (const each of [served.path, served.here]) execFileSync("rm", ["-rf", each]);
  }
});
