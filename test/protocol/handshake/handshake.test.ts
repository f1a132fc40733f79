import { expect, test } from "vitest";
import { type HandshakeRequest, handshake } from "../../../protocol/handshake/handshake.ts";
import { cuttings, type SetUp, scriptedLink, setUpBytes } from "../../support/peer.ts";

const challenge = "ub+mBmAhqFihFASd/Dbxnw";
const names = "xxh128 xxh3 xxh64 md5 md4 sha1 none";
const asked: HandshakeRequest = {
  module: "backup",
  destination: "backup/",
  options: { recursive: true },
  features: {},
  checksums: ["xxh64", "md5"],
  compressions: ["zlibx", "zlib"],
};
const sentArguments = "--server\0-re.LsfxCIvu\0.\0backup/\0\0";

/** What is written may differ in empty frames only: their number depends on the cutting. */
function withoutEmptyFrames(bytes: Buffer): string {
  return bytes.toString("latin1").replaceAll("\0\0\0\x07", "");
}

const spaces = "   ";

type Case = readonly [
  what: string,
  setUp: SetUp,
  request: Partial<HandshakeRequest>,
  agreed: object,
  written: string,
];

const cases: readonly Case[] = [
  [
    "a daemon with names to choose from",
    { names: [names], seed: -7 },
    {},
    { protocol: 32, compat: 0x1fe, checksum: "xxh64", compression: undefined, seed: -7 },
    `@RSYNCD: 32.0 sha512\nbackup\n${sentArguments}\x08${spaces}xxh64`,
  ],
  [
    "a daemon that wants a password and shows a message of the day",
    {
      greeting: "@RSYNCD: 32.0 md5",
      lines: ["Welcome", "", `@RSYNCD: AUTHREQD ${challenge}`, "@RSYNCD: OK"],
      names: ["md5 none", "zstd zlibx"],
    },
    { credentials: { user: "alice", password: "secret" }, options: { compress: true } },
    { protocol: 32, checksum: "md5", compression: "zlibx" },
    `@RSYNCD: 32.0 md5\nbackup\nalice m+qbulIxkJdhLM+13lRGNQ\n--server\0-ze.LsfxCIvu\0.\0backup/\0\0\x08${spaces}  md5\x05zlibx`,
  ],
  [
    "a daemon that names weaker digests, and no checksum, first",
    {
      greeting: "@RSYNCD: 32.0 md4 md5 sha1 SHA512",
      lines: [`@RSYNCD: AUTHREQD ${challenge}`, "@RSYNCD: OK"],
      names: ["none md5 xxh64"],
    },
    { credentials: { user: "alice", password: "secret" } },
    { protocol: 32, checksum: "xxh64" },
    `@RSYNCD: 32.0 sha512\nbackup\nalice aZMZs89vV845zz5t5J243uxxNcbySyvJqQhRmB8rtwAGlSmIihqfl7Px6aKEjMDkOMtFz4QaM5S0hndACo0P9A\n${sentArguments}\x08${spaces}xxh64`,
  ],
  [
    "a daemon from before names were exchanged",
    { greeting: "@RSYNCD: 31.0", compat: 0x3e },
    { options: { compress: true } },
    { protocol: 31, compat: 0x3e, checksum: "md5", compression: "zlib", seed: 12_345 },
    "@RSYNCD: 32.0 md5\nbackup\n--server\0-ze.LsfxCIvu\0.\0backup/\0\0",
  ],
  [
    "a daemon that gave up on the arguments before the capabilities",
    { compat: 0x06 },
    {},
    { compat: 0x06, checksum: "md5" },
    `@RSYNCD: 32.0 sha512\nbackup\n${sentArguments}`,
  ],
  [
    "a daemon that lets everybody in, with no digest of ours",
    { greeting: "@RSYNCD: 32.0 blake3", names: [names] },
    {},
    { protocol: 32, checksum: "xxh64" },
    `@RSYNCD: 32.0 sha512 sha256 sha1 md5 md4\nbackup\n${sentArguments}\x08${spaces}xxh64`,
  ],
  [
    "a daemon of which the names are known",
    {},
    { features: { checksumChoice: "xxh64" }, protocol: 31 },
    { protocol: 31, compat: 0x1fe, checksum: "xxh64", seed: 12_345 },
    "@RSYNCD: 31.0 sha512\nbackup\n--server\0-re.LsfxCIvu\0--checksum-choice=xxh64\0.\0backup/\0\0",
  ],
];

test.each(cases)(
  "%s is agreed with, however its bytes are cut",
  async (_, setUp, part, agreed, sent) => {
    const request = { ...asked, ...part };
    for (const pieces of cuttings(setUpBytes(setUp))) {
      const link = scriptedLink(pieces);
      const { agreement } = await handshake(link, request);
      expect(agreement).toMatchObject(agreed);
      expect(withoutEmptyFrames(link.written())).toBe(sent);
      expect(link.tryRead((from) => from.uint8())).toBeUndefined();
    }
  },
);

// rsync 3.2.7 writes such pieces, and Nagle's algorithm holds each back for those before it.
test("no piece of the set-up waits for an acknowledgement that no byte of ours carries", async () => {
  const compat = "\x81\xfe";
  const lists = [String.fromCharCode(names.length), names, "\x0a", "zstd zlibx"];
  const pieces = ["@RSYNCD: 32.0 md5\n", "@RSYNCD: OK\n", compat, ...lists, "seed"];
  const heard: number[] = [];
  const link = scriptedLink(
    pieces.map((piece) => Buffer.from(piece, "latin1")),
    (waiting) => heard.push(waiting.written().length),
  );
  const { agreement } = await handshake(link, { ...asked, options: { compress: true } });
  expect(agreement).toMatchObject({ compat: 0x1fe, checksum: "xxh64", compression: "zlibx" });
  expect(heard).toHaveLength(pieces.length);
  expect(new Set(heard).size).toBe(pieces.length);
});

test.each([
  [29, true, "--server\n-rz\n--delete\n--remove-source-files\n.\nbackup/\n\n"],
  [28, false, "--server\n-rz\n--delete\n.\nbackup/\n\n"],
] as const)(
  "a daemon at protocol %i only tells its seed, and hears lines",
  async (protocol, acknowledges, sent) => {
    const greeting = Buffer.from(`@RSYNCD: ${protocol}\n@RSYNCD: OK\n`);
    const seed = Buffer.from([0x39, 0x30, 0, 0]);
    const features = { acknowledge: true, deleteMissing: true };
    const options = { recursive: true, compress: true, modifyWindowSeconds: -1 };
    for (const pieces of cuttings(Buffer.concat([greeting, seed]))) {
      const link = scriptedLink(pieces);
      const { agreement } = await handshake(link, { ...asked, options, features });
      expect(agreement).toEqual({
        protocol,
        compat: 0,
        checksum: "old-md4",
        compression: "zlib",
        seed: 12_345,
        acknowledges,
        deletesByRules: true,
      });
      expect(link.written().toString("latin1")).toBe(`@RSYNCD: 32.0\nbackup\n${sent}`);
    }
  },
);

test("an argument that protocol 29 has no way to say is not cut in two", async () => {
  const link = scriptedLink([Buffer.from("@RSYNCD: 29\n@RSYNCD: OK\n")]);
  const destination = "backup/a\nb/";
  await expect(handshake(link, { ...asked, destination })).rejects.toMatchObject({
    code: "BAD_OPTION",
  });
});

test("a connection that ends at any byte of the set-up is lost, nothing else", async () => {
  const bytes = setUpBytes({ names: [names] });
  for (let length = 0; length < bytes.length; length += 1) {
    await expect(handshake(scriptedLink([bytes.subarray(0, length)]), asked)).rejects.toMatchObject(
      { code: "CONNECTION_LOST" },
    );
  }
});

const refusals: readonly (readonly [what: string, setUp: SetUp, code: string])[] = [
  ["an unknown module", { lines: ["@ERROR: Unknown module 'backup'"] }, "UNKNOWN_MODULE"],
  ["a password asked for", { lines: [`@RSYNCD: AUTHREQD ${challenge}`] }, "AUTH_FAILED"],
  ["text without end", { lines: Array<string>(10_001).fill("Welcome") }, "BAD_STREAM"],
  ["no checksum of ours", { names: ["blake3 none"] }, "PROTOCOL_MISMATCH"],
  ["no checksum at all", { names: [""] }, "PROTOCOL_MISMATCH"],
  ["too old a protocol", { greeting: "@RSYNCD: 26" }, "PROTOCOL_MISMATCH"],
  [
    "a password asked for by no digest of ours",
    { greeting: "@RSYNCD: 32.0 blake3", lines: [`@RSYNCD: AUTHREQD ${challenge}`] },
    "PROTOCOL_MISMATCH",
  ],
];

test.each(refusals)("%s ends the set-up", async (_, setUp, code) => {
  const credentials = code === "AUTH_FAILED" ? undefined : { user: "u", password: "p" };
  const link = scriptedLink([setUpBytes(setUp)]);
  await expect(handshake(link, { ...asked, credentials })).rejects.toMatchObject({
    name: "RsyncError",
    code,
  });
});

test("a wrong password is said to be one, and not shown", async () => {
  const lines = [`@RSYNCD: AUTHREQD ${challenge}`, "@ERROR: auth failed on module backup"];
  const credentials = { user: "alice", password: "s3cret-word" };
  const link = scriptedLink([setUpBytes({ lines })]);
  const error: unknown = await handshake(link, { ...asked, credentials }).catch((e: unknown) => e);
  expect(error).toMatchObject({ code: "AUTH_FAILED", exitCode: 5 });
  expect(`${(error as Error).stack} ${link.written().toString("latin1")}`).not.toContain(
    "s3cret-word",
  );
});
