import { once } from "node:events";
import fs from "node:fs";
import net, { type AddressInfo } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pull, push, type TransferOptions } from "../../protocol/index.ts";
import { eventually } from "../support/eventually.ts";
import { random } from "../support/random.ts";
import { type ServedModule, serveModule } from "../support/served.ts";
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

/** What befalls a connection behind `at` bytes of one direction: it ends, or a byte is another. */
interface Harm {
  readonly isUpward: boolean;
  readonly at: number;
  readonly byte?: number;
}

let served: ServedModule;
let proxy: net.Server;
let harm: Harm | undefined;
let passed = { up: 0, down: 0 };

const ways = [{}, { compress: "zlib" }, { checksum: true }, { inplace: true }] as const;

beforeAll(async () => {
  served = await serveModule({}, { handshakeTimeoutMs: 1_500 });
  makeTree(served.here, after);
  proxy = net.createServer((client) => {
    const daemon = net.connect(served.port, "127.0.0.1");
    passed = { up: 0, down: 0 };
    const cut = (): void => void [client, daemon].map((each) => each.destroy());
    for (const each of [client, daemon]) each.on("error", cut).on("close", cut);
    client.on("data", (chunk: Buffer) => {
      daemon.write(harmed(chunk, passed.up, true, cut));
      passed.up += chunk.length;
    });
    daemon.on("data", (chunk: Buffer) => {
      client.write(harmed(chunk, passed.down, false, cut));
      passed.down += chunk.length;
    });
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
});

afterAll(async () => {
  proxy.close();
  await served[Symbol.asyncDispose]();
});

/** Where pulls go. */
const there = (): string => path.join(served.here, "../there");

function harmed(chunk: Buffer, start: number, isUpward: boolean, cut: () => void): Buffer {
  const at = (harm?.at ?? 0) - start;
  if (harm?.isUpward !== isUpward || at < 0 || at >= chunk.length) return chunk;
  if (harm.byte !== undefined) {
    chunk[at] = harm.byte;
    return chunk;
  }
  setImmediate(cut); // what stands before it arrives
  return chunk.subarray(0, at);
}

/** Pushes `after` over `before`, or pulls it, and waits until the daemon has ended the session. */
async function pushHarmed(
  next: Harm | undefined,
  transfer: TransferOptions,
  pulls = false,
): Promise<void> {
  fs.rmSync(served.path, { recursive: true });
  makeTree(served.path, pulls ? after : before);
  fs.rmSync(there(), { recursive: true, force: true });
  if (pulls) makeTree(there(), before);
  harm = next;
  const { port } = proxy.address() as AddressInfo;
  const options = {
    recursive: true,
    links: true,
    times: true,
    delete: true,
    timeoutSeconds: next?.byte === undefined ? 20 : 1,
    ...transfer,
  };
  const url = `rsync://127.0.0.1:${port}/m/`;
  // Only where a byte is wrong nothing but silence may end it; this process may stand still, too.
  const session = { transfer: options, timeoutMs: next?.byte === undefined ? 20_000 : 300 };
  const transferring = pulls ? pull(url, there(), session) : push(served.here, url, session);
  await transferring.catch(() => {});
  const { events } = served;
  const ends = new Set(["ended", "refused"]);
  const count = (isMeant: (kind: string) => boolean): number =>
    events.filter(({ kind }) => isMeant(kind)).length;
  const here = (): number =>
    count((kind) => kind === "connected") - count((kind) => ends.has(kind));
  await eventually(here).toBe(0);
}

const isTemporary = (name: string): boolean => /(^|\/)\.[a-z]+\.\w{6}$/.test(name);

function contentOf(spec: object, name: string): string | undefined {
  const entry: unknown = Object.entries(spec).find(([each]) => each === name)?.[1];
  if (typeof entry === "string" || entry === undefined) return entry;
  return Buffer.isBuffer(entry) ? entry.toString("latin1") : "-> nowhere";
}

/** Old or new under every name, and nothing else. */
function expectOldOrNew(root: string): void {
  for (const [name, { type }] of readTree(root)) {
    if (type === "directory") continue;
    const file = path.join(root, name);
    const found =
      type === "symlink" ? `-> ${fs.readlinkSync(file)}` : fs.readFileSync(file, "latin1");
    expect([contentOf(before, name), contentOf(after, name)]).toContain(found);
  }
}

test.each(ways)("%j: a connection is cut anywhere: old or new, nothing beside it", async (way) => {
  await pushHarmed(undefined, way);
  expectEqualTrees(served.here, served.path);
  const { up, down } = passed;
  const step = 97;
  for (const [isUpward, bytes] of [
    [true, up],
    [false, down],
  ] as const) {
    for (let at = 0; at < bytes; at += step) {
      await pushHarmed({ isUpward, at }, way);
      if (!("inplace" in way)) expectOldOrNew(served.path);
    }
  }
  expect(served.events.filter(({ kind }) => kind === "trouble")).toEqual([]);
});

/** `SERSYNC_CUTS=all`: behind every byte, which takes minutes. */
const cutsAll = process.env["SERSYNC_CUTS"] === "all";

test(
  "a pull is cut anywhere: old or new, nothing beside it",
  async () => {
    await pushHarmed(undefined, {}, true);
    expectEqualTrees(served.path, there());
    const { down } = passed;
    for (let at = 0; at < down; at += cutsAll ? 1 : 61) {
      await pushHarmed({ isUpward: false, at }, {}, true);
      expectOldOrNew(there());
    }
    expect(served.events.filter(({ kind }) => kind === "trouble")).toEqual([]);
  },
  cutsAll ? 1_200_000 : 120_000,
);

test.each(ways)(
  "%j: any byte is wrong: nothing is left over, and nothing falls over",
  async (way) => {
    await pushHarmed(undefined, way);
    const { up } = passed;
    const chance = random(3);
    for (let round = 0; round < 8; round += 1) {
      const byte = chance.oneIn(2) ? chance.below(256) : chance.pick([0, 0xff, 0x7f, 0x80, 1]);
      await pushHarmed({ isUpward: true, at: 60 + chance.below(up - 60), byte }, way);
      expect([...readTree(served.path).keys()].filter(isTemporary)).toEqual([]);
    }
    expect(served.events.filter(({ kind }) => kind === "trouble")).toEqual([]);
  },
);
