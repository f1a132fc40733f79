import { expect, test } from "vitest";
import { Cursor, NeedMoreBytes } from "../../../protocol/wire/cursor.ts";
import { hex } from "../../support/bytes.ts";

test("a read that runs short consumes nothing", () => {
  const cursor = new Cursor(hex("010203"), 1);
  expect(() => cursor.bytes(3)).toThrow(NeedMoreBytes);
  expect(cursor.offset).toBe(1);
  expect(cursor.latin1(2)).toBe("\x02\x03");
  expect(() => cursor.uint8()).toThrow(NeedMoreBytes);
  expect(cursor.available).toBe(0);
});

test("a cursor goes back, never forward past what it has read", () => {
  const cursor = new Cursor(hex("0102"));
  cursor.uint8();
  cursor.rewind(0);
  expect(cursor.uint8()).toBe(1);
  expect(() => cursor.rewind(2)).toThrow(RangeError);
});
