import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { EntryWriter } from "../../protocol/flist/entry-writer.ts";
import { runPull } from "../../protocol/puller.ts";
import { FileIndexWriter, indexDone } from "../../protocol/wire/file-index.ts";
import type { Writer } from "../../protocol/wire/writer.ts";
import { flood, startPeer } from "../support/peer.ts";
import { makeTree, temporaryDirectory } from "../support/tree.ts";
import { converse, ready } from "./scripted-daemon.ts";
import {
  chosen,
  data,
  directory,
  entry,
  format,
  listOf,
  pullFrom,
  symlink,
} from "./scripted-pull.ts";

const untouched = ["", "in", "in/a", "out", "out/secret"];

test.each([
  ["../evil", [entry("../evil")]],
  ["/evil", [entry("/evil")]],
  ["d/../../evil", [directory("d"), entry("d/../../evil")]],
  ["a name below no listed directory", [entry("d/evil")]],
  ["a name below a link", [symlink("d", "../out"), entry("d/evil")]],
  ["a name with a NUL", [entry("e\0vil")]],
])("a list with %s ends the session, and nothing is written", async (_, entries) => {
  const { error, names, content } = await pullFrom([[chosen, listOf(...entries)]]);
  expect(error?.code).toBe("BAD_STREAM");
  expect(names).toEqual(untouched);
  expect(content).toBe("old");
});

test("a list without end meets a limit", async () => {
  await using peer = await startPeer((socket) => {
    const writer = new EntryWriter(format);
    const pieces = function* (): Generator<Buffer> {
      yield ready;
      for (let i = 0; ; i += 1) yield data((to) => writer.write(to, entry(`f${i}`)));
    };
    flood(socket, pieces());
  });
  using work = temporaryDirectory();
  const pulling = runPull({
    target: { host: "127.0.0.1", port: peer.port, module: "m" },
    destination: work.path,
    transfer: { recursive: true },
    mostEntries: 1_000,
  });
  await expect(pulling).rejects.toMatchObject({
    code: "BAD_STREAM",
    message: "Cannot take the file list: more than 1000 entries",
  });
});

/** What the request for the content of one file ends with: an empty sum head. */
const request = String.raw`[\x80\xa0]\x00{16}`;
const asked = new RegExp(`xxh64.*${request}`, "s");
const askedAgain = new RegExp(`xxh64.*${request}.*${request}`, "s");

function answer(indices: FileIndexWriter, write: (to: Writer) => void, index = 0): Buffer {
  return data((to) => {
    indices.write(to, index);
    to.uint16(0x8000);
    for (let number = 0; number < 4; number += 1) to.int32(0);
    write(to);
  });
}

function wrong(to: Writer): void {
  to.int32(5);
  to.latin1("wrong");
  to.int32(0);
  to.bytes(new Uint8Array(8));
}

const done = (to: Writer): void => new FileIndexWriter().write(to, indexDone);

test("content with a wrong sum is asked for once more, and never put in place", async () => {
  const indices = new FileIndexWriter();
  const { result, error, names, content } = await pullFrom([
    [chosen, listOf(entry("a"))],
    [asked, Buffer.concat([answer(indices, wrong), data(done)])],
    [
      askedAgain,
      Buffer.concat([
        answer(indices, wrong),
        data(done),
        data(done),
        data((to) => to.bytes(new Uint8Array(15))),
        data(done),
      ]),
    ],
  ]);
  expect(error).toBeUndefined();
  expect(result?.exitCode).toBe(23);
  expect(result?.failures).toEqual([
    { path: "a", reason: "its checksum is wrong, also the second time" },
  ]);
  expect(names).toEqual(untouched);
  expect(content).toBe("old");
});

test.each([
  ["content that nobody asked for", (to: Writer) => to.bytes(Uint8Array.of(2, 0, 0x80))],
  ["an index that is not listed", (to: Writer) => to.bytes(Uint8Array.of(9, 0, 0))],
])("%s ends the session", async (_, write) => {
  const { error, names, content } = await pullFrom([
    [chosen, listOf(entry("a"), directory("d"))],
    [asked, data(write)],
  ]);
  expect(error?.code).toBe("BAD_STREAM");
  expect(names.filter((name) => name !== "in/d")).toEqual(untouched);
  expect(content).toBe("old");
});

test("blocks of a file that has none end the session", async () => {
  const indices = new FileIndexWriter();
  const { error, names } = await pullFrom([
    [chosen, listOf(entry("a"))],
    [asked, answer(indices, (to) => to.int32(-8))],
  ]);
  expect(error).toMatchObject({ code: "BAD_STREAM" });
  expect(error?.message).toContain("block 7, but there are 0");
  expect(names).toEqual(untouched);
});

test("a literal of two gigabytes takes no more memory than what comes of it, nor for ever", async () => {
  const indices = new FileIndexWriter();
  const heapBefore = process.memoryUsage().rss;
  const { error, names, content } = await pullFrom(
    [
      [chosen, listOf(entry("a"))],
      [
        asked,
        answer(indices, (to) => {
          to.int32(0x7fffffff);
          to.latin1("a few bytes");
        }),
      ],
    ],
    { timeoutMs: 300 },
  );
  expect(error?.code).toBe("TIMED_OUT");
  expect(process.memoryUsage().rss - heapBefore).toBeLessThan(200_000_000);
  expect(names).toEqual(untouched);
  expect(content).toBe("old");
});

test("a directory that a link replaces while its file comes is not followed", async () => {
  const indices = new FileIndexWriter();
  using outside = temporaryDirectory();
  const swap = (destination: string): void => {
    fs.renameSync(path.join(destination, "d"), path.join(destination, "moved"));
    fs.symlinkSync(outside.path, path.join(destination, "d"));
  };
  using work = temporaryDirectory();
  makeTree(work.path, { a: "old" });
  await using peer = await startPeer(
    converse([
      [/^/, ready],
      [chosen, listOf(directory("d"), entry("d/f"))],
      [
        asked,
        answer(
          indices,
          (to) => {
            to.int32(5);
            to.latin1("hello");
            to.int32(0);
            to.bytes(Buffer.from("26c7827d889f6da3", "hex").reverse()); // XXH64 of "hello"
          },
          1,
        ),
      ],
    ]),
  );
  const pulling = runPull({
    target: { host: "127.0.0.1", port: peer.port, module: "m" },
    destination: work.path,
    transfer: { recursive: true, wholeFile: true },
    timeoutMs: 1_500,
    receiving: () => swap(work.path),
  });
  await expect(pulling).rejects.toMatchObject({ code: "TIMED_OUT" });
  expect(fs.readdirSync(outside.path)).toEqual([]);
  expect(fs.readFileSync(path.join(work.path, "moved/f"), "utf8")).toBe("hello");
});

test("links that are in the way become directories, and lead nowhere", async () => {
  using outside = temporaryDirectory();
  makeTree(outside.path, { f: "outside" });
  using work = temporaryDirectory();
  fs.symlinkSync(outside.path, path.join(work.path, "d"));
  await using peer = await startPeer(
    converse([
      [/^/, ready],
      [chosen, listOf(directory("d"), entry("d/f"))],
    ]),
  );
  const pulling = runPull({
    target: { host: "127.0.0.1", port: peer.port, module: "m" },
    destination: work.path,
    transfer: { recursive: true, delete: true },
    timeoutMs: 1_000,
  });
  await expect(pulling).rejects.toMatchObject({ code: "TIMED_OUT" });
  expect(fs.lstatSync(path.join(work.path, "d")).isDirectory()).toBe(true);
  expect(fs.readFileSync(path.join(outside.path, "f"), "utf8")).toBe("outside");
});

test("a daemon that says nothing is given up", async () => {
  const { error } = await pullFrom([], { timeoutMs: 200 });
  expect(error?.code).toBe("TIMED_OUT");
});
