import { PassThrough } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { RsyncError } from "../../../protocol/errors.ts";
import { encodeFrameHeader, messageTags } from "../../../protocol/mux/frame.ts";
import type { Connection } from "../../../protocol/transport/connection.ts";
import { HeldMessages } from "../../../protocol/transport/held-messages.ts";
import { Source } from "../../../protocol/transport/source.ts";
import type { Cursor } from "../../../protocol/wire/cursor.ts";

test("who reads hears of the end, whatever comes of the messages before it", async () => {
  const stream = new PassThrough();
  const ends: string[] = [];
  const source = new Source(stream as unknown as Connection, {
    isInTurn: (tag) => tag === messageTags.info,
    onMessage: () => {
      throw new RsyncError("BAD_STREAM", "it makes no sense");
    },
    onEnd: ({ message }) => void ends.push(message),
  });
  source.demultiplex();
  stream.emit("data", Buffer.concat([frame(messageTags.data, 2), frame(messageTags.info, 1)]));
  const reading = source.read((from) => from.int32());
  source.fail(new RsyncError("ABORTED", "over"));
  await expect(reading).rejects.toThrow("over");
  expect(ends).toEqual(["over"]);
});

test("messages that have been told take no memory, though some always wait", () => {
  let told = 0;
  const held = new HeldMessages(() => {
    told += 1;
  });
  const { arrayBuffers } = process.memoryUsage();
  const payload = Buffer.alloc(32 * 1024);
  held.hold(messageTags.info, payload, 1);
  for (let at = 2; at < 10_000; at += 1) {
    held.hold(messageTags.info, payload, at);
    held.release(at - 1);
  }
  expect([told, held.isEmpty]).toEqual([9_998, false]);
  expect(process.memoryUsage().arrayBuffers - arrayBuffers).toBeLessThan(200 * 1024 * 1024);
});

/** A literal of up to so many bytes, or a part of it; 0 ends them. */
function literals(into: Buffer[]): (from: Cursor) => "end" | undefined {
  let left = 0;
  return (from) => {
    if (left === 0) {
      left = from.int32();
      if (left === 0) return "end";
      if (from.available === 0) return undefined;
    }
    const part = from.bytes(Math.max(1, Math.min(left, from.available)));
    left -= part.length;
    into.push(Buffer.from(part));
    return undefined;
  };
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

/** Cut at each of the places, in any order, that lie within. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...places].sort((one, two) => one - two).filter((each) => each < bytes.length);
  return [0, ...sorted].map((at, index) => bytes.subarray(at, sorted[index] ?? bytes.length));
}

test("what is streamed is the same however it is framed and cut, and is followed by what is read", async () => {
  const places = fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 20 });
  const contents = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(contents, places, places, fc.boolean(), async (parts, frames, cuts, waits) => {
      const stream = new PassThrough();
      const told: number[] = [];
      const source: Source = new Source(stream as unknown as Connection, {
        isInTurn: () => true,
        onMessage: () => void told.push(source.position),
      });
      source.demultiplex();
      const tokens = parts.flatMap((part) => [int32(part.length), part]);
      const data = Buffer.concat([int32(77), ...tokens, int32(0), int32(99)]);
      const message = frame(messageTags.info, 3);
      const framed = cut(data, frames).flatMap((part) => [
        int32(encodeFrameHeader(messageTags.data, part.length)),
        part,
        message,
      ]);
      const pieces = cut(Buffer.concat(framed), cuts);
      const seen: Buffer[] = [];
      const reading = (async () => {
        const first = await source.read((from) => from.int32());
        const end = await source.stream(literals(seen));
        return [first, end, await source.read((from) => from.int32())];
      })();
      for (const piece of pieces) {
        stream.emit("data", piece);
        if (waits) await new Promise(setImmediate);
      }
      expect(await reading).toEqual([77, "end", 99]);
      expect(Buffer.concat(seen)).toEqual(Buffer.concat(parts));
      expect(source.position).toBe(data.length);
      expect(told).toEqual([...told].sort((one, two) => one - two));
      expect(source.tryRead((from) => from.bytes(0))).toHaveLength(0);
      expect(told).toHaveLength(framed.length / 3);
    }),
    { numRuns: 200, seed: 9 },
  );
});

test("who streams hears of the end, of what is wrong, and of nothing to take", async () => {
  const stream = new PassThrough();
  const source = new Source(stream as unknown as Connection, { onMessage: () => {} });
  let waited = 0;
  const wrong = source.stream(
    () => {
      throw new RangeError("no such block");
    },
    () => {
      waited += 1;
    },
  );
  expect(waited).toBe(1);
  stream.emit("data", Buffer.from("a"));
  await expect(wrong).rejects.toThrow("no such block");
  const ended = source.stream((from) => from.bytes(100));
  source.fail(new RsyncError("ABORTED", "over"));
  await expect(ended).rejects.toThrow("over");
  await expect(source.stream((from) => from.bytes(100))).rejects.toThrow("over");
  expect(await source.stream((from) => from.bytes(1))).toEqual(Buffer.from("a"));
});

test("others have their turn while one streams without an end", async () => {
  const stream = new PassThrough();
  const source = new Source(stream as unknown as Connection, { onMessage: () => {} });
  let taken = 0;
  const streaming = source.stream((from) => {
    taken += from.bytes(from.available).length;
    return taken > 10_000_000 ? taken : undefined;
  });
  const piece = Buffer.alloc(256 * 1024);
  let turns = 0;
  while (taken <= 10_000_000) {
    if (stream.isPaused()) {
      turns += 1;
      await new Promise(setImmediate);
    }
    expect(stream.isPaused()).toBe(false);
    stream.emit("data", piece);
  }
  expect(await streaming).toBeGreaterThan(10_000_000);
  expect(turns).toBe(4);
});

function frame(tag: number, length: number): Buffer {
  const bytes = Buffer.alloc(4 + length);
  bytes.writeInt32LE(encodeFrameHeader(tag, length));
  return bytes;
}
