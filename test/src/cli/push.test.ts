import { expect, test } from "vitest";
import { fileTypes, type Item, itemFlags } from "../../../protocol/index.ts";
import { parseCommandLine } from "../../../src/cli/program.ts";
import { type PushCommand, parsePush } from "../../../src/cli/push/command.ts";
import { itemize } from "../../../src/cli/push/itemize.ts";
import { formatNumber } from "../../../src/cli/push/number.ts";
import { parseTransferLine } from "../../../src/cli/transfer-line.ts";

const parse = (line: string, environment = {}): PushCommand =>
  parsePush(line.split(" "), environment);

test("options, sources and destination are read as rsync reads them", () => {
  const command = parse("-avz --delete a b/ rsync://alice@host:8730/m/dir -P --bwlimit=1m");
  expect(command.transfer).toMatchObject({
    recursive: true,
    compress: true,
    delete: true,
    partial: true,
    bandwidthKiB: 1024,
  });
  expect(command.sources).toEqual(["a", "b/"]);
  expect(command.target).toMatchObject({
    host: "host",
    port: 8730,
    module: "m",
    directory: "dir",
    namesFile: true,
  });
  expect(command.telling).toMatchObject({ progress: 1, stats: 1, format: "%n%L" });
});

test("both forms of an address mean the same, and a slash at the end a directory", () => {
  const url = parse("a rsync://alice@host/m/x/").target;
  expect(parse("a alice@host::m/x/").target).toEqual(url);
  expect(url.namesFile).toBe(false);
});

test("who we are comes from the address or the environment, the password from there", () => {
  const { target } = parse("a rsync://alice@host/m", { RSYNC_PASSWORD: "p" });
  expect(target.credentials).toEqual({ user: "alice", password: "p" });
  const named = parse("a rsync://host/m", { RSYNC_PASSWORD: "p", USER: "bob" });
  expect(named.target.credentials).toEqual({ user: "bob", password: "p" });
  expect(parse("a rsync://host/m").target.credentials).toBeUndefined();
});

test.each([
  ["-e rsh a h:dir", /only remote shell is ssh/],
  ["-e telnet a rsync://h/m", /only remote shell is ssh/],
  ["--rsync-path= a h:dir", /--rsync-path/],
  ["--append -W a rsync://h/m", /--append cannot be used with -W/],
  ["-N a rsync://h/m", /--crtimes.*not available: Linux/],
  ["--fake-super a rsync://h/m", /-M--fake-super/],
  ["--stop-at=2001-01-01 a rsync://h/m", /a time to come/],
  ["--stderr=all a rsync://h/m", /standard error/],
  ["--no-such a rsync://h/m", /no such option/],
  ["a rsync://h", /names no module/],
  ["a b", /Cannot read the address/],
  ["rsync://h/m", /SRC and DEST/],
  ["--delete a rsync://h/m", /needs -r/],
  ["--info=nonsense a rsync://h/m", /--info/],
  ["--out-format=%b a rsync://h/m --filter=?", /filter rule/],
  ["--protocol=26 a rsync://h/m", /27 to 32/],
])("%j is refused with a reason", (line, reason) => {
  expect(() => parse(line)).toThrow(reason);
});

test("the help has examples, and nothing at all is answered with it", () => {
  const help = parseTransferLine("push", ["--help"]);
  expect(help).toMatchObject({ kind: "text", exitCode: 0 });
  expect("text" in help && help.text).toContain("Examples:");
  expect(parseTransferLine("push", [])).toMatchObject({ exitCode: 1 });
  const all = parseCommandLine(["--help"], { version: "1", environment: {} });
  expect("text" in all && all.text).toMatch(/push +push files to an rsync daemon/);
});

// Printed by rsync 3.5.0: -h, -hh and without (0 is --no-h).
test.each([
  [1234567, 0, "1234567"],
  [1234567, 1, "1,234,567"],
  [1234567, 2, "1.23M"],
  [1234567, 3, "1.18M"],
  [999, 2, "999"],
  [1000, 1, "1,000"],
])("%i is written at level %i as %s", (value, human, text) => {
  expect(formatNumber(value, human)).toBe(text);
});

test("a number with decimals has groups in front of the point only", () => {
  expect(formatNumber(1234567.891, 1, 2)).toBe("1,234,567.89");
  expect(formatNumber(0.0012345, 1, 4)).toBe("0.0012");
});

const file = { mode: fileTypes.regular | 0o644 } as never;
const link = { mode: fileTypes.symlink | 0o777 } as never;
const item = (flags: number): Item => ({
  kind: "item",
  index: 0,
  flags,
  basisType: undefined,
  name: undefined,
});

test.each([
  [file, 0x800c, "<f.st......"],
  [file, 0x8008, "<f..t......"],
  [file, itemFlags.transfer | itemFlags.isNew, "<f+++++++++"],
  [file, 0x0070, ".f...pog..."],
  [file, 0, ".f         "],
  [file, 0x0181, ".f......uax"],
  [link, itemFlags.localChange | 0x0002, "cLc........"],
  [link, itemFlags.localChange | 0x000c, "cL..T......"],
  [file, itemFlags.localChange | itemFlags.nameFollows, "hf         "],
])("%j with flags %i is itemized as %j", (entry, flags, text) => {
  expect(itemize(entry, item(flags), { keepsTimes: true, direction: "send" })).toBe(text);
});

test("a time that is not kept is that of the transfer", () => {
  expect(itemize(file, item(0x8008), { keepsTimes: false, direction: "send" })).toBe("<f..T......");
});

test("what is received points the other way", () => {
  const options = { keepsTimes: true, direction: "receive" } as const;
  expect(itemize(file, item(0xa000), options)).toBe(">f+++++++++");
  expect(itemize(file, item(0x8008), options)).toBe(">f..t......");
});
