import { expect, test } from "vitest";
import {
  type Ask,
  afterList,
  asks,
  converse,
  done,
  goodbye,
  list,
  message,
  pushListsTo,
  pushTo,
  ready,
  readyForLists,
  secret,
} from "./scripted-daemon.ts";

const success = 100;
const file = (index: number): Ask => ({ index });
const said = (...items: readonly Ask[]) => afterList(asks(...items), readyForLists);
/** Both lists are done with, then all phases. */
const ends = [done, ...goodbye];

test("files are asked for by numbers with holes, which stand for directories", async () => {
  const items = [{ index: 0, flags: 0x08 }, file(2), file(3), { index: 5, flags: 0x08 }, file(6)];
  const { error, report, received } = await pushListsTo(
    converse([
      [/^/, readyForLists],
      [list, asks(...items)],
      [
        new RegExp(secret),
        Buffer.concat([...[2, 3, 6].map((i) => message(success, i)), asks(...ends)]),
      ],
    ]),
  );
  expect(error).toBeUndefined();
  const paths = [...(report?.paths() ?? [])];
  expect(paths.map(({ path, status }) => [path, status.kind])).toEqual(
    ["", "a", "b", "d", "d/unlisted"].map((path) => [path, "delivered"]),
  );
  expect(received.includes(secret)).toBe(true);
});

test("what nobody asks for is kept, and the totals know everything that was listed", async () => {
  const { report } = await pushListsTo(said(...ends));
  const kinds = [...(report?.paths() ?? [])].map(({ status }) => status.kind);
  expect(kinds).toEqual(["delivered", "kept", "kept", "delivered", "kept"]);
  expect(report?.totals.listed).toMatchObject({ all: 5, files: 3, directories: 2 });
  expect(report?.totals.totalBytes).toBe(6 + 5 + secret.length);
  expect(report?.entries).toEqual([]);
});

const illegal: readonly (readonly [what: string, said: readonly Ask[]])[] = [
  ["a negative index", [{ index: -6 }]],
  ["an index behind all lists", [file(7)]],
  ["the largest index", [{ index: 0x7fffffff, flags: 0 }]],
  ["a file of a list that is done with", [done, file(2)]],
  ["the hole of a list that is done with", [done, { index: 0, flags: 8 }]],
  ["a file when all lists are done with", [done, done, file(6)]],
  ["the content of a directory by its hole", [file(5)]],
  ["the content of a directory by its own number", [file(4)]],
  ["the content of the root", [file(0)]],
  ["a file for the third time", [file(6), file(6), file(6)]],
  ["an entry after the last phase", [...ends.slice(0, 5), { index: 0, flags: 8 }]],
];

test.each(illegal)("%s ends the push with a typed error", async (_what, items) => {
  const { error, received } = await pushListsTo(said(...items));
  expect(error).toMatchObject({ code: "BAD_STREAM" });
  const isAsked = items.some(({ index }) => index === 6);
  expect(received.includes(secret) && !isAsked).toBe(false);
});

test("an acknowledgement of a hole or of nothing is refused", async () => {
  for (const index of [7, -1, 0x7fffffff]) {
    const { error } = await pushListsTo(afterList(message(success, index), readyForLists));
    expect(error).toMatchObject({ code: "BAD_STREAM" });
  }
});

test("a daemon that hangs up at any byte of a good conversation leaves a typed error", async () => {
  const good = asks(file(2), file(6), ...ends);
  for (let cut = 0; cut < good.length; cut += 3) {
    const { error } = await pushListsTo((socket) => {
      afterList(good.subarray(0, cut), readyForLists)(socket);
      socket.on("data", () => setImmediate(() => socket.end()));
    });
    expect(error?.code).toMatch(/^(CONNECTION_LOST|BAD_STREAM)$/);
  }
});

test("a push that is aborted while it lists ends at once", async () => {
  const aborting = new AbortController();
  const { error } = await pushListsTo(
    (socket) => {
      socket.write(readyForLists);
      socket.on("data", (chunk) => {
        if (chunk.includes("unlisted")) aborting.abort();
      });
    },
    { signal: aborting.signal },
  );
  expect(error).toMatchObject({ code: "ABORTED" });
});

test("a daemon that wants pieces which were not offered is refused", async () => {
  const { error } = await pushTo(readyForLists);
  expect(error).toMatchObject({ code: "BAD_STREAM" });
  expect(error?.message).toContain("not offered");
});

test("a session says which way of listing it takes", async () => {
  const { error } = await pushListsTo(ready);
  expect(error).toBeInstanceOf(TypeError);
});
