import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { openTokens } from "../../../protocol/delta/compression.ts";
import { loadStrongChecksum } from "../../../protocol/delta/strong.ts";
import { deletion } from "../../../protocol/flist/entry.ts";
import { Demux } from "../../../protocol/mux/demux.ts";
import { Mux } from "../../../protocol/mux/mux.ts";
import { asBytePath } from "../../../protocol/path.ts";
import type { SendOutcome } from "../../../protocol/roles/file-sender.ts";
import type { Item } from "../../../protocol/roles/request.ts";
import { runSender, type SenderOptions } from "../../../protocol/roles/sender.ts";
import type { FileSource } from "../../../protocol/source/source.ts";
import { hex } from "../../support/bytes.ts";
import { scriptedLink } from "../../support/peer.ts";
import { memorySource } from "../memory-source.ts";
import { collector, memorySink } from "../mux/frames.ts";
import { type Ask, asks, done, goodbye } from "../scripted-daemon.ts";

const strong = await loadStrongChecksum("md5", 0, { seedFix: true });
const entries = ["a", "b", "c"].map((path) => ({
  ...deletion(asBytePath(path)),
  mode: 0o100644,
}));

interface Answered {
  readonly data: string;
  readonly messages: readonly { readonly tag: number; readonly payload: string }[];
  readonly outcomes: Readonly<Record<number, SendOutcome>>;
  readonly items: readonly Item[];
  readonly pauses: number;
}

/** What a sender answers to these questions, after which the daemon hangs up. */
async function answers(
  source: FileSource,
  asked: readonly Ask[],
  options: Partial<SenderOptions> = {},
): Promise<Answered> {
  const sink = memorySink(64 * 1024);
  const output = new Mux(sink);
  const link = scriptedLink([asks(...asked).subarray(4)]);
  const outcomes: Record<number, SendOutcome> = {};
  const items: Item[] = [];
  let pauses = 0;
  const pace = async (): Promise<void> => {
    pauses += 1;
    output.flush();
  };
  await runSender(
    { output, pace, read: (decode) => link.read(decode) },
    {
      entries,
      source,
      strong,
      tokens: openTokens(undefined, output, undefined),
      protocol: 32,
      onItem: (item) => void items.push(item),
      onSent: (index, outcome) => {
        outcomes[index] = outcome;
      },
      ...options,
    },
  );
  output.flush();
  const found = collector();
  new Demux(found).push(sink.sent());
  return { ...found.result(), outcomes, items, pauses };
}

const md5 = (content: string) => createHash("md5").update(content).digest("hex");
const inHex = (text: string) => Buffer.from(text).toString("hex");
const noHead = "0".repeat(32);

/** The answer for a whole file: its item, an empty head, one literal, its sum. */
function wholeFile(item: string, content: string): string {
  const literal = content === "" ? "" : `0${content.length}000000${inHex(content)}`;
  return `${item}${noHead}${literal}00000000${md5(content)}`;
}

const small = memorySource({
  a: { content: Buffer.from("one") },
  b: { content: Buffer.of() },
  c: { content: Buffer.from("three") },
});

test("files are answered in the order asked, whole, each with its sum", async () => {
  const { data, outcomes } = await answers(small, [
    { index: 0 },
    { index: 2 },
    { index: 1 },
    ...goodbye,
  ]);
  const expected = [
    wholeFile("0100a0", "one"),
    wholeFile("0200a0", "three"),
    wholeFile("fe8001000000a0", ""),
    "00000000",
  ];
  expect(data).toBe(expected.join(""));
  expect(outcomes).toMatchObject({
    0: { kind: "sent", bytes: 3 },
    1: { kind: "sent", bytes: 0 },
    2: { kind: "sent", bytes: 5 },
  });
  expect(small.closed).toEqual(small.opened);
});

test("protocol 30 has one goodbye less", async () => {
  const { data } = await answers(small, [done, done, done, done], { protocol: 30 });
  expect(data).toBe("000000");
  await expect(answers(small, [done, done, done, done])).rejects.toMatchObject({
    code: "CONNECTION_LOST",
  });
});

test("what asks for no content is echoed with its flags", async () => {
  const { data, items } = await answers(small, [{ index: 1, flags: 0x0008 }, ...goodbye]);
  expect(data).toBe("02080000000000");
  expect(items).toEqual([
    { kind: "item", index: 1, flags: 8, basisType: undefined, name: undefined },
  ]);
});

test("in a dry run content is neither read nor sent", async () => {
  const asked = [{ index: 0, head: [] }, ...goodbye];
  const source = memorySource({});
  const { data, outcomes } = await answers(source, asked, { dryRun: true });
  expect(data).toBe("0100a000000000");
  expect(outcomes).toEqual({});
});

test.each([
  ["gone", memorySource({}), { kind: "vanished" }],
  [
    "another object",
    memorySource({ a: { content: Buffer.of(1), state: "replaced" } }),
    { kind: "vanished" },
  ],
  [
    "a directory",
    memorySource({ a: { content: Buffer.of(1), failsAt: 0, failsWith: "EISDIR" } }),
    { kind: "vanished" },
  ],
  ["not to be read", memorySource({ a: "unreadable" }), { kind: "unreadable" }],
])(
  "a file that is %s is refused by message 102, and its content not sent",
  async (_, source, outcome) => {
    const { data, messages, outcomes } = await answers(source, [{ index: 0 }, ...goodbye]);
    expect(data).toBe("00000000");
    expect(messages).toMatchObject([{ tag: 102, payload: "\0\0\0\0" }]);
    expect(outcomes[0]).toMatchObject(outcome);
    expect(source.closed).toEqual(source.opened);
  },
);

test("a file that changed is sent, and known to be changed", async () => {
  const source = memorySource({ a: { content: Buffer.from("one"), state: "changed" } });
  const { data, outcomes } = await answers(source, [{ index: 0 }, ...goodbye]);
  expect(data).toBe(`${wholeFile("0100a0", "one")}00000000`);
  const traffic = { sent: 3 + 16 + 4 + 3 + 4 + 16, received: 16 };
  expect(outcomes[0]).toMatchObject({ kind: "changed", bytes: 3, traffic });
});

test("a file that cannot be read to its end gets a wrong sum, so that it is thrown away", async () => {
  const content = Buffer.alloc(600_000, 7);
  const source = memorySource({ a: { content, failsAt: 300_000 } });
  const { data, outcomes } = await answers(source, [{ index: 0 }, ...goodbye]);
  expect(outcomes[0]).toMatchObject({ kind: "unreadable", cause: { code: "EIO" } });
  expect(data.endsWith(`00000000${"00".repeat(16)}00000000`)).toBe(true);
  expect(source.closed).toEqual(["a"]);
});

test("items that ask for nothing let others work, and wait for a peer that does not read", async () => {
  const many = Array<Ask>(20_000).fill({ index: 0, flags: 0x0008 });
  const { pauses } = await answers(small, [...many, ...goodbye]);
  expect(pauses).toBeGreaterThanOrEqual(4);
});

test("files that are gone let others work too", async () => {
  const gone = Array.from({ length: 500 }, (_, i) => ({
    ...deletion(asBytePath(`${i}`)),
    mode: 0o100644,
  }));
  const asked = gone.map((_, index) => ({ index }));
  const { pauses, messages } = await answers(memorySource({}), [...asked, ...goodbye], {
    entries: gone,
  });
  expect(messages).toHaveLength(500);
  expect(pauses).toBeGreaterThanOrEqual(7);
});

test("a hard link's first name is echoed as it came", async () => {
  // Flags LOCAL_CHANGE, XNAME_FOLLOWS and BASIS_TYPE_FOLLOWS, a basis type, a name of two bytes.
  const linked = hex("01 0058 83 02 ff61");
  const end = hex("00 00 00 00 00");
  const sink = memorySink(1024);
  const output = new Mux(sink);
  const link = scriptedLink(Array.from([...linked, ...end], (byte) => Uint8Array.of(byte)));
  await runSender(
    { output, pace: async () => {}, read: (decode) => link.read(decode) },
    {
      entries,
      source: small,
      strong,
      protocol: 32,
      tokens: openTokens(undefined, output, undefined),
    },
  );
  output.flush();
  expect(sink.sent().subarray(4, -4)).toEqual(Buffer.from(linked));
});
