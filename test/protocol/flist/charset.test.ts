import fc from "fast-check";
import { expect, test } from "vitest";
import { RsyncError } from "../../../protocol/errors.ts";
import { conversionOf, parseConversions } from "../../../protocol/flist/charset.ts";

const bytes = (...numbers: number[]): string => String.fromCharCode(...numbers);

// As iconv(1) of the C library converts them to UTF-8.
test.each([
  ["utf8", bytes(0xc3, 0xbc), bytes(0xc3, 0xbc)],
  ["ISO-8859-1", bytes(0xfc, 0x80), bytes(0xc3, 0xbc, 0xc2, 0x80)],
  ["iso88591", "a", "a"],
  ["KOI8-R", bytes(0xc1), bytes(0xd0, 0xb0)],
  ["CP1252", bytes(0x80), bytes(0xe2, 0x82, 0xac)],
  ["EUC-JP", bytes(0xb0, 0xa1), bytes(0xe4, 0xba, 0x9c)],
  ["SJIS", bytes(0x88, 0x9f), bytes(0xe4, 0xba, 0x9c)],
  ["GBK", bytes(0xc4, 0xe3), bytes(0xe4, 0xbd, 0xa0)],
])("%s: a name becomes UTF-8 and comes back", (charset, here, wire) => {
  const { toWire, fromWire } = conversionOf(charset);
  expect(toWire(here)).toBe(wire);
  expect(fromWire(wire)).toBe(here);
});

test.each([
  ["utf-8", bytes(0xfc)],
  ["ascii", bytes(0x80)],
  ["euc-jp", bytes(0xb0)],
])("%s: bytes that are no text cannot be converted", (charset, here) => {
  expect(conversionOf(charset).toWire(here)).toBeUndefined();
});

test("what a charset has no bytes for stays behind", () => {
  expect(conversionOf("latin1").fromWire(bytes(0xe4, 0xbd, 0xa0))).toBeUndefined();
  expect(conversionOf("koi8-r").fromWire(bytes(0xe4, 0xbd, 0xa0))).toBeUndefined();
});

test("any bytes are text or not, and text comes back", () => {
  const name = fc.uint8Array({ maxLength: 12 }).map((array) => bytes(...array));
  const charset = fc.constantFrom("utf-8", "latin1", "koi8-r", "gbk", "euc-kr", "cp1251");
  const property = fc.property(charset, name, (which, here) => {
    const { toWire, fromWire } = conversionOf(which);
    const wire = toWire(here);
    if (wire === undefined) return;
    expect(toWire(fromWire(wire) ?? "")).toBe(wire);
  });
  fc.assert(property, { seed: 20, numRuns: 500 });
});

test("--iconv has one charset or two, or that of the locale", () => {
  expect(parseConversions("utf8,iso88591", {})).toEqual({ local: "utf8", remote: "iso88591" });
  expect(parseConversions("latin1", {})).toEqual({ local: "latin1", remote: "latin1" });
  const german = { LC_ALL: "", LANG: "de_DE.ISO-8859-1@euro" };
  expect(parseConversions(".", german)).toEqual({ local: "ISO-8859-1", remote: "." });
  expect(parseConversions("-", {})).toBeUndefined();
  expect(() => parseConversions("klingon", {})).toThrow(RsyncError);
  expect(() => parseConversions("utf-16", {})).toThrow(/not known/);
});
