import fc from "fast-check";
import { expect, test } from "vitest";
import { readVstring, writeVstring } from "../../../protocol/wire/vstring.ts";
import { encoded } from "../../../protocol/wire/writer.ts";
import { expectDecodes } from "../../support/bytes.ts";
import { expectTotal } from "./decoding.ts";

const encode = (text: string) => Uint8Array.from(encoded((to) => writeVstring(to, text)));
const lead = (length: number) => [...encode("x".repeat(length))].slice(0, 2);

test("a length up to 127 is one byte, a longer one two with the high part first", () => {
  const names = "xxh128 xxh3 xxh64 md5 md4 sha1 none"; // as rsync 3.5.0 offers them
  expect(encode(names)).toEqual(Uint8Array.from([0x23, ...Buffer.from(names)]));
  expect(encode("")).toEqual(Uint8Array.from([0]));
  expect(lead(127)).toEqual([0x7f, 0x78]);
  expect(lead(128)).toEqual([0x80, 0x80]);
  expect(lead(0x7fff)).toEqual([0xff, 0xff]);
});

test("any byte string survives the round trip", () => {
  const byteString = fc
    .uint8Array({ maxLength: 300 })
    .map((b) => Buffer.from(b).toString("latin1"));
  fc.assert(
    fc.property(byteString, (text) => expectDecodes(readVstring, encode(text), text)),
    { seed: 4 },
  );
});

test("a string that the wire has no room for is refused", () => {
  expect(() => encode("x".repeat(0x8000))).toThrowError(
    expect.objectContaining({ code: "BAD_STREAM" }),
  );
});

test("garbage is a value or too short", () => {
  expectTotal(readVstring);
});
