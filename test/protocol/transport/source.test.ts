import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { RsyncError } from "../../../protocol/errors.ts";
import { encodeFrameHeader, messageTags } from "../../../protocol/mux/frame.ts";
import type { Connection } from "../../../protocol/transport/connection.ts";
import { HeldMessages } from "../../../protocol/transport/held-messages.ts";
import { Source } from "../../../protocol/transport/source.ts";

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

function frame(tag: number, length: number): Buffer {
  const bytes = Buffer.alloc(4 + length);
  bytes.writeInt32LE(encodeFrameHeader(tag, length));
  return bytes;
}
