import fc from "fast-check";
import { expect, test } from "vitest";
import { RsyncError } from "../../../protocol/errors.ts";
import { Demux } from "../../../protocol/mux/demux.ts";
import { hex } from "../../support/bytes.ts";
import { collector, frame } from "./frames.ts";

/** What a stream comes to, pushed in pieces that end at `cuts`. */
function demultiplexed(stream: Uint8Array, cuts: readonly number[]) {
  const found = collector();
  const demux = new Demux(found);
  const borders = [...new Set([...cuts, stream.length])].sort((a, b) => a - b);
  let start = 0;
  for (const border of borders) {
    demux.push(stream.subarray(start, border));
    start = border;
  }
  return found.result();
}

const everywhere = (stream: Uint8Array) => Array.from(stream, (_, at) => at);

test("any cutting gives the same data and the same messages at the same places", () => {
  const anyFrame = fc.tuple(
    fc.constantFrom(0, 0, 1, 2, 22, 42, 86, 100, 101, 200),
    fc.uint8Array({ maxLength: 50 }),
  );
  const cutting = fc.array(fc.nat(1000), { maxLength: 30 });
  fc.assert(
    fc.property(fc.array(anyFrame, { maxLength: 12 }), cutting, (frames, cuts) => {
      const stream = Buffer.concat(frames.map(([tag, payload]) => frame(tag, payload)));
      const whole = demultiplexed(stream, []);
      const inside = cuts.map((cut) => cut % (stream.length + 1));
      expect(demultiplexed(stream, inside)).toEqual(whole);
      expect(demultiplexed(stream, everywhere(stream))).toEqual(whole);
    }),
    { seed: 21 },
  );
});

test("a message between the halves of an integer leaves the integer whole", () => {
  const stream = Buffer.concat([
    frame(0, hex("3930")),
    frame(2, Buffer.from("in between")),
    frame(0, hex("")),
    frame(0, hex("0000")),
  ]);
  for (const cuts of [[], everywhere(stream)]) {
    expect(demultiplexed(stream, cuts)).toEqual({
      data: "39300000",
      messages: [{ at: 2, tag: 2, payload: "in between" }],
    });
  }
});

test("a message is as long as 65535 bytes, not longer", () => {
  const longest = demultiplexed(frame(1, Buffer.alloc(0xffff, "x")), [3, 9, 40_000]);
  expect(longest.messages[0]?.payload).toHaveLength(0xffff);
  // Refused by its header: nobody waits for, or keeps, what is announced.
  expect(() => demultiplexed(hex("00000108"), [])).toThrowError(
    expect.objectContaining({ code: "BAD_STREAM", message: expect.stringContaining("65536") }),
  );
});

test("a data frame of 16 MiB is passed on in the pieces in which it comes", () => {
  const found = collector();
  const demux = new Demux(found);
  demux.push(hex("ffffff07"));
  demux.push(Buffer.alloc(100_000));
  expect(found.result().data).toHaveLength(200_000);
});

test("tags that nobody knows are handed over, bytes that are no tag refused", () => {
  const { messages } = demultiplexed(hex("00000012 000000ff"), []);
  expect(messages.map(({ tag }) => tag)).toEqual([11, 248]);
  expect(() => demultiplexed(hex("0000000600"), [])).toThrowError(
    expect.objectContaining({ code: "BAD_STREAM" }),
  );
});

test("garbage is data, messages, or refused", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      try {
        demultiplexed(bytes, everywhere(bytes));
      } catch (error) {
        if (!(error instanceof RsyncError)) throw error;
      }
    }),
    { seed: 22, numRuns: 1000 },
  );
});
