import fs from "node:fs";
import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { deletion, type FileEntry } from "../../protocol/flist/entry.ts";
import { Demux } from "../../protocol/mux/demux.ts";
import { asBytePath } from "../../protocol/path.ts";
import { Session } from "../../protocol/session.ts";
import { inProject } from "../support/command.mjs";
import { startPeer } from "../support/peer.ts";
import { memorySource } from "./memory-source.ts";
import { collector } from "./mux/frames.ts";
import { converse, list } from "./scripted-daemon.ts";

interface Part {
  readonly side: string;
  readonly bytes: Buffer;
}

/** What the stock client ("C") and daemon ("S") of a recorded session said. */
function recorded(name: string): Part[] {
  const file = inProject("fixtures/sessions", `${name}.json`);
  const { exchange } = JSON.parse(fs.readFileSync(file, "utf8")) as { exchange: string[] };
  return exchange.map((part) => ({
    side: part.slice(0, 1),
    bytes: Buffer.from(part.slice(2), "hex"),
  }));
}

function sideOf(parts: readonly Part[], side: string): Buffer {
  return Buffer.concat(parts.filter((part) => part.side === side).map(({ bytes }) => bytes));
}

const mtimeSeconds = 1_704_164_645;

function entry(path: string, mode: number, size: number, rest: Partial<FileEntry> = {}): FileEntry {
  return { ...deletion(asBytePath(path)), mode, size, mtimeSeconds, ...rest };
}

const root = entry("", 0o40755, 4096, { hasContent: true });

/** What the data frames behind the arguments of a client's side come to, in hex. */
function clientData(said: Buffer): string {
  const found = collector();
  const framed = said.indexOf("\0\0");
  if (framed >= 0) new Demux(found).push(said.subarray(framed + 2));
  return found.result().data;
}

/** Says each part of the daemon's when as much data has come as it had heard by then. */
function replay(parts: readonly Part[]): (socket: Socket) => void {
  const steps = parts.flatMap(({ side, bytes }, at) =>
    side === "S" ? [{ after: clientData(sideOf(parts.slice(0, at), "C")).length, bytes }] : [],
  );
  return (socket) => {
    let heard = Buffer.alloc(0);
    const speak = (): void => {
      const dataLength = clientData(heard).length;
      while (steps[0] !== undefined && steps[0].after <= dataLength) {
        socket.write(steps.shift()?.bytes ?? "");
      }
    };
    socket.on("data", (chunk: Buffer) => {
      heard = Buffer.concat([heard, chunk]);
      speak();
    });
    speak();
  };
}

test("a push of an edited file is the stock client's, byte for byte", async () => {
  // As test/support/sessions.mjs makes it.
  const content = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * i * 7) % 251));
  const parts = recorded("3.5.0-push-delta-md5");
  await using peer = await startPeer(replay(parts));
  const session = await Session.open(
    { host: "127.0.0.1", port: peer.port, module: "backup" },
    {
      transfer: { recursive: true, links: true, times: true },
      features: { checksumChoice: "md5" },
      timeoutMs: 5_000,
    },
  );
  const source = memorySource({ data: { content } });
  await session.push([root, entry("data", 0o100644, 5000)], source);
  expect(clientData(await peer.received())).toBe(clientData(sideOf(parts, "C")));
  expect(source.closed).toEqual(["data"]);
});

// As test/support/sessions.mjs makes it, in wire order.
const smallTree = [
  root,
  entry("caf\xe9\n*", 0o100644, 5, { mtimeNanoseconds: 500_000_000 }),
  entry("empty", 0o100644, 0),
  entry("hello", 0o100644, 6),
  entry("link", 0o120777, 7, { linkTarget: "nowhere" }),
  entry("dir", 0o40755, 4096, { hasContent: true }),
  entry("dir/hello too", 0o100600, 10),
];
const files = memorySource({
  "caf\xe9\n*": { content: Buffer.from("bytes") },
  empty: { content: Buffer.of() },
  hello: { content: Buffer.from("hello\n") },
  "dir/hello too": { content: Buffer.from("hello too\n") },
});

test("at protocol 29 everything behind the list is the stock client's, byte for byte", async () => {
  const parts = recorded("3.5.0-push-29");
  const transfer = parts.slice(7);
  const said = sideOf(transfer, "S");
  const goodbye = said.subarray(-8);
  const behindList = sideOf(transfer, "C");
  await using peer = await startPeer(
    converse([
      [/^/, sideOf(parts.slice(0, 7), "S")],
      // The list ends in two empty lists of names and no error, the answers in three phases.
      [/hello too.*\0{5}$/s, said.subarray(0, -8)],
      [/\xff{12}$/s, goodbye],
    ]),
  );
  const session = await Session.open(
    { host: "127.0.0.1", port: peer.port, module: "backup", protocol: 29 },
    { transfer: { recursive: true, links: true, times: true }, timeoutMs: 5_000 },
  );
  await session.push(smallTree, files);
  const received = await peer.received();
  expect(received.subarray(-behindList.length).toString("hex")).toBe(behindList.toString("hex"));
});

/** Says the daemon's first `length` bytes, those behind the set-up when the list comes; ends. */
function replayFirst(said: Buffer, length: number): (socket: Socket) => void {
  const setUpLength = said.indexOf("none") + 8; // the last name, and the seed
  return (socket) => {
    let heard = "";
    socket.write(said.subarray(0, Math.min(length, setUpLength)));
    if (length <= setUpLength) socket.end();
    socket.on("data", (chunk: Buffer) => {
      heard += chunk.toString("latin1");
      if (!socket.writableEnded && list.test(heard)) socket.end(said.subarray(setUpLength, length));
    });
  };
}

/** How a push ends; all statuses when it is complete. */
async function pushToReplay(said: Buffer, length: number): Promise<string> {
  await using peer = await startPeer(replayFirst(said, length));
  try {
    const session = await Session.open(
      { host: "127.0.0.1", port: peer.port, module: "backup" },
      { transfer: { recursive: true, links: true, times: true }, timeoutMs: 5_000 },
    );
    const acknowledged: string[] = [];
    const report = await session.push(smallTree, files, {
      acknowledged: ({ path }) => void acknowledged.push(path),
    });
    expect(acknowledged).toEqual(["link", "caf\xe9\n*", "empty", "hello", "dir/hello too"]);
    return smallTree.map((_, index) => report.status(index).kind).join(" ");
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

test.each(["3.5.0", "3.2.7"])(
  "a session of rsync %s that ends at any byte is lost, at its own end complete",
  async (version) => {
    const said = sideOf(recorded(`${version}-push-remove-source`), "S");
    const early = Array.from(said, (_, length) => pushToReplay(said, length));
    expect(new Set(await Promise.all(early))).toEqual(new Set(["CONNECTION_LOST"]));
    const delivered = Array<string>(smallTree.length).fill("delivered").join(" ");
    expect(await pushToReplay(said, said.length)).toBe(delivered);
  },
);
