import fs from "node:fs";
import { expect, test } from "vitest";
import { openTokens } from "../../../protocol/delta/compression.ts";
import { loadStrongChecksum } from "../../../protocol/delta/strong.ts";
import { deletion, type FileEntry } from "../../../protocol/flist/entry.ts";
import { listFormat } from "../../../protocol/flist/format.ts";
import { objectKey } from "../../../protocol/flist/hard-links.ts";
import { writeFileList } from "../../../protocol/flist/list.ts";
import { inWireOrder } from "../../../protocol/flist/order.ts";
import { Demux } from "../../../protocol/mux/demux.ts";
import { Mux } from "../../../protocol/mux/mux.ts";
import { asBytePath } from "../../../protocol/path.ts";
import { renamedFile } from "../../../protocol/rename.ts";
import { runSender } from "../../../protocol/roles/sender.ts";
import { Writer } from "../../../protocol/wire/writer.ts";
import { inProject } from "../../support/command.mjs";
import { scriptedLink } from "../../support/peer.ts";
import { memorySource } from "../memory-source.ts";
import { collector, memorySink } from "../mux/frames.ts";

const mtimeSeconds = 1_704_164_645;
const compat = 0x1fe;

function entry(path: string, mode: number, size: number, rest: Partial<FileEntry> = {}): FileEntry {
  return { ...deletion(asBytePath(path)), mode, size, mtimeSeconds, ...rest };
}

/** A name of an object that has several. */
function name(path: string, inode: number, size: number, rest: Partial<FileEntry> = {}): FileEntry {
  return entry(path, 0o100644, size, { linkCount: 2, identity: { device: 1, inode }, ...rest });
}

const halfSecond = { mtimeNanoseconds: 500_000_000 };
// As test/support/sessions.mjs makes it, in the order in which the stock client sent it.
const linkedTree = [
  entry("", 0o40755, 4096, { hasContent: true }),
  name("hello", 1, 6),
  name("coffee", 2, 5, halfSecond),
  name("again", 1, 6),
  entry("dir", 0o40755, 4096, { hasContent: true }),
  entry("empty", 0o100644, 0),
  entry("link", 0o120777, 7, { linkTarget: "nowhere" }),
  name("caf\xe9\n*", 2, 5, halfSecond),
  entry("dir/hello too", 0o100600, 10),
  name("dir/third", 1, 6),
];

/** The data that each side of a recorded session sent behind the set-up, in hex. */
function recordedData(recording: string): { client: string; server: string } {
  const file = inProject("fixtures/sessions", `${recording}.json`);
  const { exchange } = JSON.parse(fs.readFileSync(file, "utf8")) as { exchange: string[] };
  const bytesOf = (side: string) =>
    Buffer.from(
      exchange
        .filter((part) => part.startsWith(side))
        .map((part) => part.slice(2))
        .join(""),
      "hex",
    );
  const client = bytesOf("C");
  const server = bytesOf("S");
  const behindSeed = server.indexOf("81fe39300000", "hex") + 6;
  return {
    client: demultiplexed(client.subarray(client.indexOf("\0\0") + 2)),
    server: demultiplexed(server.subarray(behindSeed)),
  };
}

function demultiplexed(frames: Uint8Array): string {
  const found = collector();
  new Demux(found).push(frames);
  return found.result().data;
}

async function listBytes(protocol: number, entries: readonly FileEntry[], hardLinks = true) {
  const format = listFormat({ protocol, compat }, { links: true, hardLinks });
  const writer = new Writer();
  await writeFileList(writer, entries, format, false, async () => {});
  return Buffer.from(writer.take()).toString("hex");
}

const recordings = [
  ["3.5.0-push-hard-links", 32],
  ["3.2.7-push-hard-links", 31],
  ["3.5.0-push-hard-links-30", 30],
] as const;

test.each(recordings)("the names of one file are listed as in %s", async (recording, protocol) => {
  const { client } = recordedData(recording);
  const list = await listBytes(protocol, linkedTree);
  expect(client.slice(0, list.length)).toBe(list);
});

test.each(recordings)(
  "what the daemon says of links is echoed as in %s",
  async (recording, protocol) => {
    const { client, server } = recordedData(recording);
    const sink = memorySink(64 * 1024);
    const output = new Mux(sink);
    const source = memorySource({
      // Asked for is the last name of a file in the sorted list.
      coffee: { content: Buffer.from("bytes") },
      empty: { content: Buffer.of() },
      "dir/hello too": { content: Buffer.from("hello too\n") },
      "dir/third": { content: Buffer.from("hello\n") },
    });
    const link = scriptedLink([Buffer.from(server, "hex")]);
    await runSender(
      { output, read: (decode) => link.read(decode), pace: async () => {} },
      {
        entries: inWireOrder(linkedTree),
        source,
        protocol,
        strong: await loadStrongChecksum("md5", 12_345, { seedFix: true }),
        tokens: openTokens(undefined, output, undefined),
      },
    );
    output.flush();
    expect(demultiplexed(sink.sent())).toBe(
      client.slice((await listBytes(protocol, linkedTree)).length),
    );
  },
);

test("without -H every name is a file of its own", async () => {
  const alone = linkedTree.map((each) => ({ ...each, linkCount: 1 }));
  expect(await listBytes(32, linkedTree, false)).toBe(await listBytes(32, alone));
});

test("a further name leaves its first name's values behind for the entry after it", async () => {
  // Two looks at one file may differ: the daemon takes the first for both.
  const later = { mtimeSeconds: mtimeSeconds + 1, mode: 0o100600 };
  const list = [name("a", 1, 6), name("b", 1, 6, later), entry("c", 0o100644, 6)];
  expect(await listBytes(32, list)).toBe(
    await listBytes(32, [list[0], name("b", 1, 6), list[2]] as FileEntry[]),
  );
});

test("names are counted in the order of sending, deletions among them", async () => {
  const gone = deletion(asBytePath("z"));
  const bytes = await listBytes(32, [name("a", 1, 6), name("b", 1, 6), gone]);
  expect(bytes).toContain("016201"); // the name "b", then the place of "a" behind the deletion
});

test("objects with one name, and those nobody has looked at, are told from links", () => {
  expect(objectKey(entry("a", 0o100644, 0))).toBeUndefined();
  expect(objectKey(entry("a", 0o100644, 0, { linkCount: 2 }))).toBeUndefined();
  expect(objectKey(name("a", 1, 6))).toBe(objectKey(name("b", 1, 6)));
  expect(objectKey(name("a", 1, 6))).not.toBe(objectKey(name("a", 2, 6)));
});

test("a renamed file is listed under both names, and its content is the new one's", () => {
  const now = entry("new", 0o100644, 6, { identity: { device: 1, inode: 7 } });
  const [to, from] = renamedFile(now, asBytePath("old"));
  expect(to).toEqual({ ...now, linkCount: 2 });
  expect(from).toMatchObject({ path: "old", servedBy: to, identity: now.identity, linkCount: 2 });
});
