import { expect, test } from "vitest";
import {
  formatGreeting,
  negotiateProtocol,
  parseDaemonGreeting,
  parseGreeting,
} from "../../../protocol/handshake/greeting.ts";
import { readLine } from "../../../protocol/handshake/line.ts";
import { Cursor, NeedMoreBytes } from "../../../protocol/wire/cursor.ts";

const digests = ["sha512", "sha256", "sha1", "md5", "md4"];
const refused = (code: string, text: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(text) });

test.each([
  ["2.6.9", "@RSYNCD: 29", { protocol: 29, subProtocol: 0, digests: undefined }],
  ["3.0.9", "@RSYNCD: 30.0", { protocol: 30, subProtocol: 0, digests: undefined }],
  ["3.1.3", "@RSYNCD: 31.0", { protocol: 31, subProtocol: 0, digests: undefined }],
  ["3.2.7", `@RSYNCD: 31.0 ${digests.join(" ")}`, { protocol: 31, subProtocol: 0, digests }],
  ["3.5.0", `@RSYNCD: 32.0 ${digests.join(" ")}`, { protocol: 32, subProtocol: 0, digests }],
  ["a pre-release", "@RSYNCD: 33.17 md5", { protocol: 33, subProtocol: 17, digests: ["md5"] }],
])("the greeting of %s is understood", (_release, line, greeting) => {
  expect(parseGreeting(line)).toEqual(greeting);
});

test.each([
  "",
  "SSH-2.0-OpenSSH_9.2p1",
  "HTTP/1.1 400 Bad Request",
  "@RSYNCD: ",
  "@RSYNCD: x",
  "@RSYNCD: -1.0",
  "@RSYNCD: 32.0.1 md5",
  "@RSYNCD: 99999999999999999999",
  "@ERROR: protocol startup error",
])("%j is the greeting of something else", (line) => {
  expect(() => parseGreeting(line)).toThrowError(
    refused("PROTOCOL_MISMATCH", "Cannot talk to this server"),
  );
});

test("a daemon that is full may say so instead of greeting", () => {
  const line = "@ERROR: max connections (5) reached -- try again later";
  expect(() => parseDaemonGreeting(line)).toThrowError(refused("MAX_CONNECTIONS", "max conn"));
});

test.each([0, 19, 41, 99])("protocol %i is none that a daemon has", (protocol) => {
  expect(() => parseGreeting(`@RSYNCD: ${protocol}.0 md5`)).toThrowError(
    refused("PROTOCOL_MISMATCH", `announces protocol ${protocol}`),
  );
});

test.each([
  [32, "31.0", 31],
  [32, "32.0 md5", 32],
  [32, "40.0 md5", 32],
  [30, "32.0 md5", 30],
  [32, "32.9 md5", 31],
  [32, "31.2", 30],
  [32, "29", 29],
  [27, "32.0 md5", 27],
  [32, "33.1 md5", 32],
])("we at %i and a daemon at %s speak %i", (ours, theirs, spoken) => {
  expect(negotiateProtocol(ours, parseGreeting(`@RSYNCD: ${theirs}`))).toBe(spoken);
});

test.each(["26", "20", "27.1"])("a daemon at %s is too old, and told so", (theirs) => {
  expect(() => negotiateProtocol(32, parseGreeting(`@RSYNCD: ${theirs}`))).toThrowError(
    refused("PROTOCOL_MISMATCH", "we speak 27 to 32"),
  );
});

test("our greeting has a sub-protocol and one digest, which daemons from protocol 32 demand", () => {
  expect(formatGreeting(32, "sha512")).toBe("@RSYNCD: 32.0 sha512\n");
  expect(formatGreeting(29, undefined)).toBe("@RSYNCD: 29.0\n");
});

const line = (text: string) => readLine(new Cursor(Buffer.from(text, "latin1")));

test("a line is bytes up to LF, without CR", () => {
  expect(line("caf\xe9 \r\nnext")).toBe("caf\xe9 ");
  expect(line("\n")).toBe("");
  expect(() => line("not yet")).toThrow(NeedMoreBytes);
  expect(line(`${"x".repeat(5120)}\n`)).toHaveLength(5120);
});

test("a line without end and one with a NUL are refused", () => {
  expect(() => line("x".repeat(5121))).toThrowError(refused("BAD_STREAM", "5120 bytes"));
  expect(() => line("x\0\n")).toThrowError(refused("BAD_STREAM", "NUL"));
});
