import { once } from "node:events";
import fs from "node:fs";
import net, { type AddressInfo } from "node:net";
import path from "node:path";
import { expect, test } from "vitest";
import { type DaemonVersion, describeDaemons } from "../support/daemon.ts";
import { random } from "../support/random.ts";
import { runRsync, type ServedModule, serveModule } from "../support/served.ts";
import { expectEqualTrees, makeTree, readTree } from "../support/tree.ts";

const before = {
  "dir/changed": Buffer.alloc(3_000, "old "),
  "dir/extraneous": "to go",
  "dir/kind": "a file",
  same: "same",
};
const after = {
  "dir/changed": Buffer.concat([Buffer.alloc(2_500, "old "), Buffer.from("new")]),
  "dir/kind": { type: "symlink", target: "nowhere" },
  "dir/new": random(1).bytes(900),
  same: "same",
} as const;

/** What a stock client says while it pushes `after` over `before`; the seed makes it repeatable. */
async function record(version: DaemonVersion, words: readonly string[]): Promise<Buffer> {
  await using served = await serveModule();
  makeTree(served.path, before);
  makeTree(served.here, after);
  const said: Buffer[] = [];
  const proxy = net.createServer((client) => {
    const daemon = net.connect(served.port, "127.0.0.1");
    client.on("data", (chunk: Buffer) => said.push(chunk));
    client.pipe(daemon).pipe(client);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const { port } = proxy.address() as AddressInfo;
  const url = `rsync://127.0.0.1:${port}/m/`;
  const ran = await runRsync(version, [
    "-rl",
    "--delete",
    "--checksum-seed=7",
    ...words,
    `${served.here}/`,
    url,
  ]);
  proxy.close();
  expect(ran).toEqual({ code: 0, output: "", errors: "" });
  return Buffer.concat(said);
}

async function reset(served: ServedModule): Promise<void> {
  fs.rmSync(served.path, { recursive: true });
  makeTree(served.path, before);
}

/** Says `bytes`, hangs up, and waits until the daemon has noticed. */
async function say(served: ServedModule, bytes: Uint8Array): Promise<void> {
  await reset(served);
  const socket = net.connect(served.port, "127.0.0.1");
  socket.on("error", () => {}); // a reset is an end, too
  socket.resume();
  socket.end(bytes);
  await once(socket, "close");
}

function contentOf(spec: typeof before | typeof after, name: string): string | undefined {
  const entry = (spec as Record<string, unknown>)[name];
  if (entry === undefined) return undefined;
  if (typeof entry === "string") return entry;
  return Buffer.isBuffer(entry) ? entry.toString("latin1") : `-> nowhere`;
}

function isTemporary(name: string): boolean {
  return /(^|\/)\.[a-z]+\.\w{6}$/.test(name);
}

/** Old or new under every name, and nothing else. */
function expectOldOrNew(root: string): void {
  for (const [name, entry] of readTree(root)) {
    if (entry.type === "directory") continue;
    const file = path.join(root, name);
    const found =
      entry.type === "symlink" ? `-> ${fs.readlinkSync(file)}` : fs.readFileSync(file, "latin1");
    expect([contentOf(before, name), contentOf(after, name)], name).toContain(found);
  }
}

describeDaemons("a stock client that pushes to us", (version) => {
  test.each([[[]], [["--protocol=29"]], [["-z"]]])("%j: is cut anywhere", async (words) => {
    const said = await record(version, words);
    await using served = await serveModule();
    makeTree(served.here, after);
    const step = Number(process.env["STEP"] ?? 29);
    for (let length = 0; length <= said.length; length += step) {
      await say(served, said.subarray(0, length));
      expectOldOrNew(served.path);
    }
    await say(served, said);
    expectEqualTrees(served.here, served.path);
    expect(served.events.filter(({ kind }) => kind === "trouble")).toEqual([]);
  });

  test.each([[[]], [["--protocol=29"]], [["-z"]]])(
    "%j: says wrong bytes anywhere",
    async (words) => {
      const said = await record(version, words);
      await using served = await serveModule();
      const chance = random(Number(process.env["SEED"] ?? 3));
      const start = said.lastIndexOf("m/") + 4;
      for (let round = 0; round < Number(process.env["ROUNDS"] ?? 100); round += 1) {
        const wrong = Buffer.from(said);
        for (let count = chance.below(3); count >= 0; count -= 1) {
          wrong[start + chance.below(wrong.length - start)] = chance.oneIn(2)
            ? chance.below(256)
            : chance.pick([0, 0xff, 0x7f, 0x80, 1]);
        }
        await say(served, wrong);
        expect([...readTree(served.path).keys()].filter(isTemporary)).toEqual([]);
      }
      const troubles = served.events.filter(({ kind }) => kind === "trouble");
      expect(troubles).toEqual([]);
    },
  );
});
