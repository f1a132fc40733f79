import type { Socket } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RsyncError } from "../../protocol/errors.ts";
import { asBytePath } from "../../protocol/path.ts";
import { type PoolLook, type PoolOptions, SessionPool } from "../../protocol/pool.ts";
import { LocalTree } from "../../protocol/source/local.ts";
import { type Peer, setUpBytes, startPeer } from "../support/peer.ts";
import { makeTree, type TemporaryDirectory, temporaryDirectory } from "../support/tree.ts";
import { asks, converse, goodbye, message } from "./scripted-daemon.ts";

const ioTimeout = 33;
/** The file list; what keeps a session alive is an empty frame. */
const firstFrame = /[^\0]\0\0[^\0]/s;

/** Only the pool's own waiting is played: bytes travel as ever. */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});

afterEach(() => {
  vi.useRealTimers();
});

async function until(look: () => unknown, expected: unknown): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (look() !== expected && Date.now() < deadline) await new Promise(setImmediate);
  expect(look()).toBe(expected);
}

/** A daemon that takes whatever is pushed, whose module has this `timeout`; and a pool of its sessions. */
async function pooled(
  warm: number,
  timeoutSeconds = 0,
  onSocket?: (socket: Socket) => void,
  limits: Pick<PoolOptions, "maxAgeMs" | "maxSessions"> = {},
) {
  const looks: PoolLook[] = [];
  const directory: TemporaryDirectory = temporaryDirectory();
  makeTree(directory.path, { a: "hello\n" });
  const tree = new LocalTree(directory.path);
  const entry = tree.current(asBytePath("a"));
  const peer: Peer = await startPeer((socket) => {
    const limit = timeoutSeconds === 0 ? [] : [message(ioTimeout, timeoutSeconds)];
    converse([
      [/^/, Buffer.concat([setUpBytes(), ...limit])],
      [firstFrame, asks(...goodbye)],
    ])(socket);
    onSocket?.(socket);
  });
  const target = { host: "127.0.0.1", port: peer.port, module: "m" };
  const pool = new SessionPool(target, {
    transfer: { recursive: true },
    features: { checksumChoice: "xxh64" },
    warm,
    ...limits,
    onLook: (look) => void looks.push(look),
  });
  return {
    pool,
    looks,
    peer,
    push: (signal?: AbortSignal) => pool.push([entry], tree, { signal }),
    async [Symbol.asyncDispose]() {
      pool.close();
      await peer[Symbol.asyncDispose]();
      directory[Symbol.dispose]();
    },
  };
}

test("one session waits, and one more for each time that none was there, up to the limit", async () => {
  await using at = await pooled(3);
  at.pool.prepare();
  await until(() => at.pool.waiting, 1);
  await at.push();
  await until(() => at.pool.waiting, 1);
  for (const [pushes, waiting] of [
    [2, 2],
    [5, 3],
    [1, 3],
  ] as const) {
    await Promise.all(Array.from({ length: pushes }, () => at.push()));
    await until(() => at.pool.waiting, waiting);
  }
});

test.each([
  ["a minute", 0, 60_000],
  ["the daemon's timeout", 6, 6_000],
])("those that were not needed within %s go, but one", async (_what, timeoutSeconds, spareMs) => {
  await using at = await pooled(3, timeoutSeconds);
  await Promise.all([at.push(), at.push(), at.push()]);
  await until(() => at.pool.waiting, 3);
  vi.advanceTimersByTime(spareMs); // within this time they were needed
  expect(at.pool.waiting).toBe(3);
  await Promise.all([at.push(), at.push()]);
  await until(() => at.pool.waiting, 3);
  vi.advanceTimersByTime(spareMs);
  expect(at.pool.waiting).toBe(2);
  vi.advanceTimersByTime(spareMs);
  expect(at.pool.waiting).toBe(1);
  await at.push();
  await until(() => at.pool.waiting, 1);
});

test("a daemon that hangs up on who waits is bothered ever more rarely, till somebody pushes", async () => {
  const sockets: Socket[] = [];
  const hangUp = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  await using at = await pooled(1, 0, (socket) => void sockets.push(socket));
  at.pool.prepare();
  for (const delayMs of [1_000, 2_000, 4_000, 8_000]) {
    await until(() => at.pool.waiting, 1);
    const before = sockets.length;
    hangUp();
    await until(() => at.pool.waiting, 0);
    vi.advanceTimersByTime(delayMs - 1);
    expect(sockets).toHaveLength(before);
    vi.advanceTimersByTime(1);
    await until(() => sockets.length, before + 1);
  }
  await at.push();
  await until(() => at.pool.waiting, 1);
  hangUp();
  await until(() => at.pool.waiting, 0);
  vi.advanceTimersByTime(1_000);
  await until(() => at.pool.waiting, 1);
});

test("whoever asks is told whether the target can be reached while nothing is pushed", async () => {
  const sockets: Socket[] = [];
  await using at = await pooled(1, 0, (socket) => void sockets.push(socket));
  at.pool.prepare();
  await until(() => at.looks.length, 1);
  expect(at.looks).toEqual([{ retryMs: 0 }]);
  await at.peer[Symbol.asyncDispose]();
  for (const socket of sockets) socket.destroy();
  await until(() => at.pool.waiting, 0);
  for (const [sinceMs, retryMs] of [
    [1_000, 2_000],
    [2_000, 4_000],
  ] as const) {
    const before = at.looks.length;
    vi.advanceTimersByTime(sinceMs);
    await until(() => at.looks.length, before + 1);
    expect(at.looks.at(-1)).toEqual({ failure: expect.any(RsyncError), retryMs });
  }
});

test("a pool that was closed takes no push, and connects to nobody", async () => {
  let connections = 0;
  await using at = await pooled(1, 0, () => {
    connections += 1;
  });
  at.pool.close();
  await expect(at.push()).rejects.toMatchObject({ code: "ABORTED", exitCode: 20 });
  expect(connections).toBe(0);
});

test("one that has waited too long is replaced before anybody needs it", async () => {
  vi.useRealTimers();
  const sockets: Socket[] = [];
  const onSocket = (socket: Socket): void => void sockets.push(socket);
  await using at = await pooled(1, 0, onSocket, { maxAgeMs: 300 });
  at.pool.prepare();
  await until(() => sockets.length, 2);
  await until(() => sockets[0]?.destroyed, true);
  await until(() => at.pool.waiting, 1);
});

test("there are never more than there may be: whoever comes late waits for a turn", async () => {
  let [open, most] = [0, 0];
  const count = (socket: Socket): void => {
    open += 1;
    most = Math.max(most, open);
    socket.once("close", () => {
      open -= 1;
    });
  };
  await using at = await pooled(2, 0, count, { maxSessions: 2 });
  at.pool.prepare();
  const impatient = new AbortController();
  const pushes = Array.from({ length: 12 }, () => at.push());
  const given = at.push(impatient.signal);
  impatient.abort();
  await expect(given).rejects.toMatchObject({ code: "ABORTED" });
  const late = at.push();
  expect(await Promise.all([...pushes, late])).toHaveLength(13);
  await until(() => at.pool.waiting, 2);
  // A daemon notices that a session is over a moment after we do.
  expect(most).toBeLessThanOrEqual(4);
});

test("who gives up while a session is opened is told so at once, and makes room", async () => {
  let connections = 0;
  await using peer = await startPeer(() => {
    connections += 1; // and no word
  });
  const target = { host: "127.0.0.1", port: peer.port, module: "m" };
  const pool = new SessionPool(target, { transfer: {}, maxSessions: 1 });
  const nothing = { open: () => undefined };
  for (const _ of [1, 2]) {
    const patience = new AbortController();
    const pushed = pool.push([], nothing, { signal: patience.signal });
    const before = connections;
    await until(() => connections > before, true);
    patience.abort();
    await expect(pushed).rejects.toMatchObject({ code: "ABORTED" });
  }
  pool.close();
});

test("sessions that may not wait at all are not opened one upon the other", async () => {
  let connections = 0;
  const count = (): void => {
    connections += 1;
  };
  await using at = await pooled(1, 0, count, { maxAgeMs: 0 });
  at.pool.prepare();
  await until(() => at.pool.waiting, 1);
  for (const opened of [1, 2]) {
    expect(connections).toBe(opened);
    vi.advanceTimersByTime(2);
    await until(() => at.pool.waiting, 0);
    vi.advanceTimersByTime(990);
    await new Promise(setImmediate);
    expect(connections).toBe(opened);
    vi.advanceTimersByTime(20);
    await until(() => at.pool.waiting, 1);
  }
});

test("who waits for a turn is told that the pool was closed", async () => {
  await using at = await pooled(1, 0, undefined, { maxSessions: 1 });
  const [first, second] = [at.push(), at.push()];
  at.pool.close();
  await expect(second).rejects.toMatchObject({ code: "ABORTED" });
  await first;
});
