import fc from "fast-check";
import { expect, test } from "vitest";
import { Demux } from "../../../protocol/mux/demux.ts";
import { Mux } from "../../../protocol/mux/mux.ts";
import { hex } from "../../support/bytes.ts";
import { collector, memorySink } from "./frames.ts";

test("what is written leaves as one data frame when it is flushed, not before", () => {
  const sink = memorySink();
  const mux = new Mux(sink);
  mux.uint8(1);
  mux.uint16(0x0800);
  expect(sink.sent()).toHaveLength(0);
  mux.flush();
  mux.flush();
  expect(sink.sent()).toEqual(Buffer.from(hex("03000007 010008")));
  expect(mux.bytesSent).toBe(7);
});

test("a message follows the data that was written before it", () => {
  const sink = memorySink();
  const mux = new Mux(sink);
  mux.uint8(9);
  mux.message(102, hex("01000000"));
  mux.message(86, hex(""));
  expect(sink.sent()).toEqual(Buffer.from(hex("01000007 09 0400006d 01000000 0000005d")));
});

test("a keep-alive is an empty data frame, also behind data", () => {
  const sink = memorySink();
  const mux = new Mux(sink);
  mux.keepAlive();
  mux.uint8(9);
  mux.keepAlive();
  expect(sink.sent()).toEqual(Buffer.from(hex("00000007 01000007 09 00000007")));
});

test("bytes longer than a buffer fill as many frames as they need", () => {
  const sink = memorySink(64);
  new Mux(sink).bytes(Buffer.alloc(200, 5));
  expect(sink.frames.map(({ length }) => length)).toEqual([64, 64, 64]);
  expect(sink.frames[0]?.subarray(0, 4)).toEqual(Buffer.from(hex("3c000007")));
});

test("a single value that no frame can hold is the caller's mistake", () => {
  expect(() => new Mux(memorySink(64)).latin1("x".repeat(61))).toThrow(RangeError);
});

test("what goes in comes out again on the other side", () => {
  const write = fc.oneof(
    fc.record({ kind: fc.constant("bytes" as const), bytes: fc.uint8Array({ maxLength: 300 }) }),
    fc.record({ kind: fc.constant("message" as const), bytes: fc.uint8Array({ maxLength: 59 }) }),
    fc.record({ kind: fc.constantFrom("int" as const, "flush" as const, "keepAlive" as const) }),
  );
  fc.assert(
    fc.property(fc.array(write, { maxLength: 30 }), (writes) => {
      const sink = memorySink();
      const mux = new Mux(sink);
      const expected = collector();
      for (const item of writes) {
        if (item.kind === "bytes") {
          mux.bytes(item.bytes);
          expected.data(item.bytes);
        } else if (item.kind === "message") {
          mux.message(3, item.bytes);
          expected.message(3, Buffer.from(item.bytes));
        } else if (item.kind === "int") {
          mux.int32(-2);
          expected.data(hex("feffffff"));
        } else {
          mux[item.kind]();
        }
      }
      mux.flush();
      const found = collector();
      new Demux(found).push(sink.sent());
      expect(found.result()).toEqual(expected.result());
    }),
    { seed: 23 },
  );
});
