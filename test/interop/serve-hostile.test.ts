import fs from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { pull, push } from "../../protocol/index.ts";
import { eventually } from "../support/eventually.ts";
import { HostileClient } from "../support/hostile-client.ts";
import { type ServedModule, serveModule } from "../support/served.ts";
import { makeTree, readTree } from "../support/tree.ts";

const pushing = ["--server", "-re.", ".", "m/"];
const pulling = ["--server", "--sender", "-re.", ".", "m/"];

const int = (value: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value | 0);
  return bytes.toString("latin1");
};
/** An entry of a regular file, size 1, as protocol 31 has it with flags of one byte. */
const entry = (name: string, mode = 0o100644): string =>
  `\x18${String.fromCharCode(name.length)}${name}\0\x01\0${"\0\0\0\0"}${int(mode)}`;
const root = `\x19\x01.\0\0\x10${"\0\0\0\0"}${int(0o040755)}`;

/** Whoever else comes is served as before. */
async function expectServed({ port, path: served }: ServedModule): Promise<void> {
  await push({ "proof.txt": "served" }, `rsync://127.0.0.1:${port}/m/`);
  expect(fs.readFileSync(path.join(served, "proof.txt"), "utf8")).toBe("served");
}

const troubles = ({ events }: ServedModule): unknown[] =>
  events.filter(({ kind }) => kind === "trouble");

test.each([
  ["no greeting", "GET / HTTP/1.1\r\n\r\n", "@ERROR: protocol startup error"],
  ["no sub-protocol", "@RSYNCD: 31\nm\n", "@ERROR: your client omitted the subprotocol"],
  ["no digests", "@RSYNCD: 32.0\nm\n", "@ERROR: your client omitted the digest name list"],
  ["an age long past", "@RSYNCD: 26.0\nm\n", "@ERROR: protocol version mismatch"],
  ["a command", "@RSYNCD: 31.0\n#foo\n", "@ERROR: Unknown command '#foo'"],
  ["too much early input", "@RSYNCD: 31.0\n#early_input=5121\n", "@ERROR: invalid early_input"],
  ["a path for a module", "@RSYNCD: 31.0\n../m\n", "@ERROR: Unknown module '../m'"],
  ["a NUL in a line", "@RSYNCD: 31.0\nm\0\n", ""],
  ["a line without end", `@RSYNCD: 31.0\n${"m".repeat(6_000)}`, ""],
] as const)("a client with %s is turned away", async (_, sent, said) => {
  await using served = await serveModule();
  await using client = await HostileClient.connect(served.port);
  client.send(sent);
  expect(await client.end()).toContain(said);
  expect(troubles(served)).toEqual([]);
  await expectServed(served);
});

test.each([
  ["too long", `${"x".repeat(5_200)}\0\0`],
  ["too many", `${"x\0".repeat(17_000)}\0`],
  ["without end", "x".repeat(2_000_000)],
])("arguments that are %s end the session", async (_, sent) => {
  await using served = await serveModule();
  await using client = await HostileClient.connect(served.port);
  client.send("@RSYNCD: 31.0\nm\n");
  await client.until("OK\n");
  client.send(sent);
  expect(await client.end()).toMatch(/@ERROR: (too many arguments|an argument is too long)/);
  await expectServed(served);
});

test("silence before the arguments ends after the handshake's time", async () => {
  await using served = await serveModule({}, { handshakeTimeoutMs: 1_500 });
  await using silent = await HostileClient.connect(served.port);
  await using entered = await HostileClient.connect(served.port);
  entered.send("@RSYNCD: 31.0\nm\n");
  await entered.until("OK\n");
  await silent.end();
  await entered.end();
  await expectServed(served);
});

test("silence in a session ends after the module's time, which the client was told", async () => {
  await using served = await serveModule({ timeoutSeconds: 1 });
  await using client = await HostileClient.enter(served.port, pushing);
  expect(await client.end()).toContain(`\x04\0\0\x28${int(1)}`);
  await eventually(() => served.events.at(-1)).toMatchObject({ kind: "ended", exitCode: 30 });
  await expectServed(served);
});

test("what a client said while the daemon stood still is heard before it is given up", async () => {
  await using served = await serveModule({ timeoutSeconds: 1 });
  await using client = await HostileClient.enter(served.port, pushing);
  await client.until(`\x04\0\0\x28${int(1)}`);
  const standStill = (ms: number) =>
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  standStill(300);
  await new Promise((resolve) => setTimeout(resolve, 1)); // a look at the client was due
  await new Promise(setImmediate); // what is due next comes before what is there to be read
  client.data(`${root + entry("a")}\0`);
  standStill(1_500);
  await client.until("\0\xa0"); // the file is asked for
});

const lists: readonly (readonly [string, string])[] = [
  ["a name that leads up", root + entry("../evil")],
  ["an absolute name", root + entry("/tmp/evil")],
  ["a name with .. inside", root + entry("a/../../evil")],
  ["an empty name", `\x18\0\0\x01\0`],
  ["a name with a NUL", root + entry("a\0b")],
  ["a name that shares more than there is", "\x38\xff\x01a\0\x01\0"],
  ["a type that nothing has", root + entry("a", 0o110644)],
  ["a deletion that was not asked for", root + entry("a", 0)],
  ["a child without its directory", root + entry("d/a")],
  ["negative nanoseconds", `${root}\x1c\x20\x01a\0\x01\0${"\0\0\0\0"}\xf0\xff\xff\xff\xff`],
  ["an integer that is too long", `${root}\x58\xff\xff\xff\xff\xff`],
];

test.each(lists)("a list with %s ends the session, and nothing is written", async (_, list) => {
  await using served = await serveModule();
  await using client = await HostileClient.enter(served.port, pushing);
  client.data(`${list}\0\0\0\0\0`);
  await client.end();
  expect([...readTree(served.path).keys()]).toEqual([""]);
  expect(fs.readdirSync(path.dirname(served.path)).sort()).toEqual(["here", "served"]);
  expect(troubles(served)).toEqual([]);
  await expectServed(served);
});

test.each([
  ["content that nobody asked for", "\x01\0\xa0"],
  ["an index that is not listed", "\xfe\x7f\xff\0\xa0"],
  ["other blocks", `\x02\0\xa0${int(5)}${int(700)}${int(2)}${int(0)}`],
  ["blocks that there are not", `\x02\0\xa0${int(0).repeat(4)}${int(-9)}`],
])("answers with %s end the session", async (_, answer) => {
  await using served = await serveModule();
  await using client = await HostileClient.enter(served.port, pushing);
  client.data(`${root + entry("a")}\0`);
  await client.until("\0\xa0");
  client.data(answer);
  await client.end();
  expect(troubles(served)).toEqual([]);
  expect(fs.readdirSync(served.path)).toEqual([]);
  await expectServed(served);
});

test.each([
  ["a message of no kind", (c: HostileClient) => c.frame(77, "x")],
  ["a message that is too long", (c: HostileClient) => c.frame(2, "x".repeat(70_000))],
  ["an acknowledgement", (c: HostileClient) => c.frame(100, int(5))],
  ["an end", (c: HostileClient) => c.frame(86, int(20))],
  ["half a frame", (c: HostileClient) => c.send("\xff\xff\xff\x07half")],
] as const)("a session survives, or ends for itself, with %s", async (_, say) => {
  await using served = await serveModule({ timeoutSeconds: 1 });
  await using client = await HostileClient.enter(served.port, pushing);
  say(client);
  await client.end();
  expect(troubles(served)).toEqual([]);
  await expectServed(served);
});

test("rules are limited, and one with many stars stops nobody", async () => {
  await using served = await serveModule();
  makeTree(served.path, { [`${"a".repeat(200)}`]: "x" });
  await using client = await HostileClient.enter(served.port, pulling);
  const rule = `- ${"*a".repeat(60)}b`;
  client.data(`${int(rule.length)}${rule}${int(0)}`);
  await client.until("aaa");
  await using flood = await HostileClient.enter(served.port, pulling);
  flood.data(int(2_000_000));
  expect(await flood.end()).toContain("Cannot take filter rules");
  await expectServed(served);
});

test("lists share a budget of memory", async () => {
  await using served = await serveModule({}, { mostListBytes: 1_000_000 });
  await using client = await HostileClient.enter(served.port, pushing);
  client.data(root);
  for (let n = 0; n < 5_000 && !client.ended; n += 1) client.data(entry(`file-${n}`));
  expect(await client.end()).toContain("no memory left");
  await expectServed(served);
});

test("no bytes whatever make it fall over", async () => {
  await using served = await serveModule({ timeoutSeconds: 1 }, { handshakeTimeoutMs: 1_500 });
  const stage = fc.constantFrom("greeting", "module", "arguments", "push", "pull");
  const cases = fc.sample(fc.tuple(stage, fc.uint8Array({ maxLength: 300 })), {
    numRuns: 60,
    seed: 3,
  });
  await Promise.all(
    cases.map(async ([at, bytes]) => {
      await using client = await HostileClient.connect(served.port);
      if (at !== "greeting") client.send("@RSYNCD: 31.0\n");
      if (at !== "greeting" && at !== "module") client.send("m\n");
      if (at === "push") client.send(`${pushing.join("\0")}\0\0`);
      if (at === "pull") client.send(`${pulling.join("\0")}\0\0`);
      client.send(bytes);
      await client.end();
    }),
  );
  expect(troubles(served)).toEqual([]);
  await expectServed(served);
}, 60_000);

test("links in a module lead nowhere out of it", async () => {
  await using served = await serveModule();
  const outside = path.join(served.here, "outside");
  makeTree(served.here, { "outside/secret": "secret" });
  makeTree(served.path, { "real/inner": "inner" });
  fs.symlinkSync(outside, path.join(served.path, "out"));
  fs.symlinkSync("real", path.join(served.path, "in"));
  const url = `rsync://127.0.0.1:${served.port}/m/`;
  await expect(push({ a: "x" }, `${url}out/`)).rejects.toThrow("cannot put anything into out");
  await push({ "b.txt": "x" }, `${url}in/`);
  expect(fs.readdirSync(path.join(served.path, "real")).sort()).toEqual(["b.txt", "inner"]);
  const refused = await push({ "out/c": "x" }, url).catch((error: unknown) => error);
  expect(refused).toBeDefined();
  expect(fs.readdirSync(outside)).toEqual(["secret"]);
  for (const place of ["out/secret", "out/", "in/../../outside/", "/etc/passwd", "*/secret"]) {
    const to = path.join(served.here, "pulled");
    await pull(`${url}${place}`, to, { transfer: { recursive: true } }).catch(() => {});
    const found = fs.existsSync(to) ? [...readTree(to).keys()] : [];
    expect([place, found.filter((name) => /secret|passwd/.test(name))]).toEqual([place, []]);
  }
});
