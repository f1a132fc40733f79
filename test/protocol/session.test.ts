import { expect, test } from "vitest";
import { hasZstd } from "../../protocol/delta/zstd.ts";
import { Session } from "../../protocol/session.ts";
import { indexDeleteStats } from "../../protocol/wire/file-index.ts";
import { flood, setUpBytes, startPeer } from "../support/peer.ts";
import { frame } from "./mux/frames.ts";
import {
  type Ask,
  afterList,
  asks,
  converse,
  done,
  goodbye,
  list,
  message,
  pushTo,
  ready,
  secret,
} from "./scripted-daemon.ts";

const [errorText, ioTimeout, noop, errorExit, success, deleted] = [1, 33, 42, 86, 100, 101];
const huge = 0x7fffffff;
const granted = (seconds: number): Buffer => message(ioTimeout, seconds);
const a = { index: 1 };
const b = { index: 2 };
/** What a good daemon says after the set-up. */
const good = Buffer.concat([
  asks(a, b, done),
  message(success, 1),
  message(success, 2),
  asks(done, done, done, done),
]);

/** The status of each entry, in wire order. */
async function statusesAgainst(said: Uint8Array): Promise<string[]> {
  const { error, report } = await pushTo(afterList(said));
  if (error !== undefined) throw error;
  return [0, 1, 2, 3].map((index) => report?.status(index).kind ?? "");
}

const delivered = ["delivered", "delivered", "delivered", "delivered"];

test("a good daemon gets what it asks for and acknowledges it", async () => {
  const acknowledgements = Buffer.concat([message(success, 1), message(success, 2)]);
  const { report, received } = await pushTo(
    converse([
      [/^/, ready],
      [list, asks(a, b, done)],
      [/hello\n.*other/s, Buffer.concat([acknowledgements, asks(done, done, done, done)])],
    ]),
  );
  expect([1, 2].map((index) => report?.status(index).kind)).toEqual(["delivered", "delivered"]);
  expect(received.includes(secret)).toBe(false);
});

test.each([
  ["a million NOOP messages", Buffer.alloc(4_000_000, frame(noop, Buffer.of()))],
  ["timeouts of 0 s and of 68 years", Buffer.concat([0, -1, -huge - 1, huge].map(granted))],
  [
    "tags that nobody knows",
    Buffer.concat([frame(9, Buffer.alloc(4)), frame(240, Buffer.alloc(99))]),
  ],
  ["a text of 64 KiB", frame(2, Buffer.alloc(0xffff, "x"))],
  ["empty data frames", frame(0, Buffer.of())],
])("%s in front of a good session do no harm", async (_what, noise) => {
  expect(await statusesAgainst(Buffer.concat([noise, good]))).toEqual(delivered);
});

test.each([
  ["names of other files", asks({ ...a, flags: 0xb000, name: "../../etc/passwd" }, b, done)],
  [
    "counted deletions",
    asks(a, b, { index: indexDeleteStats, counts: [huge, -1, 0, 1, -huge] }, done),
  ],
])("%s among what is asked change nothing of what is sent", async (_what, said) => {
  const acknowledged = Buffer.concat([message(success, 1), message(success, 2)]);
  const rest = asks(done, done, done, done);
  const { error, report, received } = await pushTo(
    afterList(Buffer.concat([said, acknowledged, rest])),
  );
  expect(error).toBeUndefined();
  expect([1, 2].map((index) => report?.status(index).kind)).toEqual(["delivered", "delivered"]);
  expect(received.toString("latin1")).not.toContain("root:");
  expect(received.includes(secret)).toBe(false);
});

test("a message that comes in one piece with the end of the set-up is no data", async () => {
  const timeout = Buffer.concat([ready, message(ioTimeout, 60)]); // of a module with a timeout
  const { error } = await pushTo(afterList(good, timeout));
  expect(error).toBeUndefined();
});

test("what is deleted is told between the items that it came between", async () => {
  const told: string[] = [];
  const items = asks({ ...a, flags: 8 }, { ...b, flags: 8 }, ...goodbye).subarray(4);
  const deletion = (name: string): Buffer => frame(deleted, Buffer.from(name));
  const said = [
    deletion("first"),
    frame(0, items.subarray(0, 3)),
    deletion("second"),
    frame(0, items.subarray(3, 4)),
    deletion("third"),
    frame(0, items.subarray(4)),
    deletion("last"),
  ];
  const { error } = await pushTo(afterList(Buffer.concat(said)), {
    told: { item: ({ path }) => told.push(path), deleted: (path) => told.push(path) },
  });
  expect(error).toBeUndefined();
  expect(told).toEqual(["first", "a", "second", "third", "b", "last"]);
});

test.each([
  ["an acknowledgement", "acknowledged", good],
  ["a deletion", "deleted", Buffer.concat([frame(deleted, Buffer.from("x")), good])],
  ["a deletion after the goodbye", "deleted", Buffer.concat([good, frame(deleted, Buffer.of(65))])],
  ["a file's end", "sent", good],
])("what a callback throws for %s ends the push as it is", async (_what, callback, said) => {
  const mine = new TypeError("a mistake of the program");
  const fail = (): never => {
    throw mine;
  };
  const { error } = await pushTo(afterList(said), { told: { [callback]: fail } });
  expect(error).toBe(mine);
});

test("a daemon that asks for nothing and says goodbye keeps what it has", async () => {
  expect(await statusesAgainst(asks(...goodbye))).toEqual([
    "delivered",
    "kept",
    "kept",
    "delivered",
  ]);
});

test("a file that is sent and not acknowledged is not delivered, with the daemon's reason", async () => {
  const text = frame(errorText, Buffer.from('rsync: mkstemp "/.b.x" failed: No space left\n'));
  const said = [asks(a, b, done), message(success, 1), text, asks(done, done, done, done)];
  const { report } = await pushTo(afterList(Buffer.concat(said)));
  expect(report?.status(1)).toEqual({ kind: "delivered" });
  expect(report?.status(2)).toMatchObject({
    kind: "failed",
    reason: expect.stringContaining("mkstemp"),
  });
});

const sums = (...head: number[]): Ask => ({ index: 1, head });
const illegal: readonly (readonly [what: string, said: Uint8Array])[] = [
  ["a negative index", asks({ index: -6 })],
  ["an index beyond the list", asks({ index: 4 })],
  ["the largest index", asks({ index: huge, flags: 0 })],
  ["the content of a directory", asks({ index: 3 })],
  ["the content of the root", asks({ index: 0 })],
  ["a file for the third time", asks(a, a, a)],
  ["a file in the last phase", asks(done, done, a)],
  ["an entry after the last phase", asks(done, done, done, { index: 0, flags: 8 })],
  ["a negative number of blocks", asks(sums(-1, 700, 2, 0))],
  ["blocks of no length", asks(sums(1, 0, 2, 0))],
  ["blocks longer than 128 KiB", asks(sums(1, 131_073, 2, 0))],
  ["strong sums of 17 bytes", asks(sums(1, 700, 17, 0))],
  ["strong sums of 255 bytes", asks(sums(1, 700, 255, 0))],
  ["2^31 blocks", asks(sums(-huge - 1, 700, 2, 0))],
  ["blocks without strong sums", asks(sums(1, 700, 0, 0))],
  ["a last block longer than the others", asks(sums(1, 700, 2, 701))],
  ["an acknowledgement of what is not listed", message(success, 4)],
  ["an acknowledgement of nothing", message(success, -1)],
  ["an acknowledgement without a number", frame(success, Buffer.alloc(3))],
  ["a message of 16 MiB", Buffer.concat([frame(1, Buffer.alloc(0xffffff))])],
  ["a frame with an impossible tag", Buffer.from([1, 0, 0, 6, 0])],
  ["16 MiB of requests that ask for nothing listed", frame(0, Buffer.alloc(0xffffff, 1))],
];

test.each(illegal)("%s is refused as BAD_STREAM", async (_what, said) => {
  const { error, received } = await pushTo(afterList(said));
  expect(error).toMatchObject({ name: "RsyncError", code: "BAD_STREAM", exitCode: 12 });
  expect(received.includes(secret)).toBe(false);
});

test("100,000 equal weak sums make no quadratic search", { timeout: 60_000 }, async () => {
  const count = 100_000;
  const said = [
    asks(sums(count, 700, 2, 0)),
    frame(0, Buffer.alloc(count * 6)), // the weak sum of zeros is 0, the strong ones are wrong
    asks(done),
    message(success, 1),
    asks(done, done, done, done),
  ];
  const told = { content: Buffer.alloc(2_000_000), timeoutMs: 60_000 };
  const { error, report } = await pushTo(afterList(Buffer.concat(said)), told);
  expect(error).toBeUndefined();
  expect(report?.status(1)).toEqual({ kind: "delivered" });
});

const sets: readonly (readonly [what: string, said: Uint8Array, code: string])[] = [
  ["a greeting without end", Buffer.alloc(100_000, "x"), "BAD_STREAM"],
  ["a NUL in the greeting", Buffer.from("@RSYNCD: 32.0\0 md5\n"), "BAD_STREAM"],
  ["protocol 0", Buffer.from("@RSYNCD: 0.0 sha512\n"), "PROTOCOL_MISMATCH"],
  ["protocol 99", Buffer.from("@RSYNCD: 99.0 sha512\n"), "PROTOCOL_MISMATCH"],
  ["protocol 32 without digests", Buffer.from("@RSYNCD: 32.0\n"), "PROTOCOL_MISMATCH"],
  ["protocol 33 without digests", Buffer.from("@RSYNCD: 33.0\n"), "PROTOCOL_MISMATCH"],
  ["protocol 31 cut short", Buffer.from("@RSYNCD: 31\n"), "PROTOCOL_MISMATCH"],
  ["another protocol", Buffer.from("220 ftp.example.net ready\r\n"), "PROTOCOL_MISMATCH"],
  ["an unknown module", setUpBytes({ lines: ["@ERROR: Unknown module 'm'"] }), "UNKNOWN_MODULE"],
  ["a question for a password", setUpBytes({ lines: ["@RSYNCD: AUTHREQD x"] }), "AUTH_FAILED"],
  ["no checksum of ours", setUpBytes({ names: ["blake3"] }), "PROTOCOL_MISMATCH"],
];

test.each(sets)("%s ends the set-up", async (_what, said, code) => {
  const { error } = await pushTo(said);
  expect(error).toMatchObject({ name: "RsyncError", code });
});

test.skipIf(hasZstd)("a compression that this Node has not got asks nobody", async () => {
  const target = { host: "127.0.0.1", port: 1, module: "m" };
  const opened = Session.open(target, { transfer: { compress: "zstd" } });
  await expect(opened).rejects.toMatchObject({ code: "BAD_OPTION", exitCode: 4 });
});

test("a million lines of a message of the day are too many", async () => {
  const lines = Buffer.from("@RSYNCD: 32.0 md5\n".concat("Welcome\n".repeat(1_000_000)));
  const { error } = await pushTo((socket) => flood(socket, [lines]));
  expect(error).toMatchObject({ code: "BAD_STREAM" });
});

test.each([
  ["before its greeting", Buffer.of()],
  ["in the set-up", ready.subarray(0, -1)],
  ["instead of asking", ready],
  ["in the middle of a request", afterList(asks(a).subarray(0, -1))],
  ["instead of the sums it announced", afterList(asks(sums(huge, 700, 2, 0)))],
  ["before its goodbye", afterList(good.subarray(0, -1))],
])("a daemon that falls silent %s is given up in time", async (_where, said) => {
  const { error } = await pushTo(said, { timeoutMs: 150 });
  expect(error).toMatchObject({ code: "TIMED_OUT", exitCode: 30, retryable: true });
});

test("what the daemon said while we stood still is heard before it is given up", async () => {
  const answer = converse([
    [/^/, ready],
    [list, good],
  ]);
  const { error } = await pushTo(
    (socket) => {
      let heard = "";
      socket.on("data", (chunk: Buffer) => {
        const wasListed = list.test(heard);
        heard += chunk.toString("latin1");
        if (wasListed || !list.test(heard)) return;
        setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_700));
      });
      answer(socket);
    },
    { timeoutMs: 1_500 },
  );
  expect(error).toBeUndefined();
});

test("what the daemon says before it gives up is the reason, its exit code is kept", async () => {
  const text = frame(3, Buffer.from("ERROR: module is read only\n"));
  const { error, received } = await pushTo(Buffer.concat([ready, text, message(errorExit, 1)]));
  expect(error).toMatchObject({
    code: "MODULE_READ_ONLY",
    exitCode: 1,
    message: "The daemon gave up: module is read only",
  });
  // Its question whether we have understood is answered, and no list is sent.
  expect(received.subarray(-9)).toEqual(Buffer.from("xxh64\0\0\0\x5d", "latin1"));
});

test("a parked session says something thrice in the time that the daemon grants", {
  timeout: 15_000, // without the daemon's word it would be silent for 20 s
}, async () => {
  let hear = (): void => {};
  const alive = new Promise<void>((resolve) => {
    hear = resolve;
  });
  await using peer = await startPeer((socket) => {
    socket.write(Buffer.concat([ready, message(ioTimeout, 1)]));
    socket.on("data", (chunk: Buffer) => chunk.equals(frame(0, Buffer.of())) && hear());
  });
  const session = await Session.open(
    { host: "127.0.0.1", port: peer.port, module: "m" },
    { transfer: {} },
  );
  await alive;
  session.close();
});

test("an abort ends a session that a daemon keeps busy for ever", async () => {
  const abort = new AbortController();
  function* endless() {
    yield ready;
    const items = Array<Ask>(10_000).fill({ index: 0, flags: 8 });
    for (;;) yield asks(...items);
  }
  const pushed = pushTo((socket) => flood(socket, endless()), { signal: abort.signal });
  setTimeout(() => abort.abort(), 100);
  expect((await pushed).error).toMatchObject({ code: "ABORTED", exitCode: 20 });
});
