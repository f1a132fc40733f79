import type { Socket } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { RsyncError } from "../../protocol/errors.ts";
import { readAccessList } from "../../protocol/flist/acl.ts";
import { readXattrValue } from "../../protocol/flist/attribute-reader.ts";
import { ClassicEntryReader } from "../../protocol/flist/classic-reader.ts";
import { listFormat } from "../../protocol/flist/format.ts";
import { parseDaemonGreeting } from "../../protocol/handshake/greeting.ts";
import { readLine } from "../../protocol/handshake/line.ts";
import { parseModuleReply } from "../../protocol/handshake/module.ts";
import { readBareRequest, readRequest } from "../../protocol/roles/request.ts";
import type { Cursor } from "../../protocol/wire/cursor.ts";
import { FileIndexReader, plainIndices } from "../../protocol/wire/file-index.ts";
import { frame } from "./mux/frames.ts";
import {
  asks,
  done,
  goodbye,
  list,
  pushListsTo,
  pushTo,
  ready,
  readyForLists,
  secret,
} from "./scripted-daemon.ts";
import { expectTotal } from "./wire/decoding.ts";

const everything = { recursive: true, links: true, hardLinks: true, devices: true, owner: true };
const names = { user: () => {}, group: () => {} };

test.each<readonly [what: string, decode: (from: Cursor) => unknown]>([
  ["a request", (from) => readRequest(from, new FileIndexReader())],
  ["a request of old", (from) => readBareRequest(from, plainIndices)],
  ["an access list", (from) => readAccessList(from, names)],
  ["the value of an attribute", (from) => readXattrValue(from, 0, [])],
  ["a line", readLine],
  ...[27, 28, 29].map(
    (protocol) =>
      [
        `an entry of protocol ${protocol}`,
        (from: Cursor) => {
          const reader = new ClassicEntryReader(listFormat({ protocol, compat: 0 }, everything));
          while (reader.read(from) !== undefined);
        },
      ] as const,
  ),
])("%s is read from garbage, or short, or refused", (_what, decode) => {
  expectTotal(decode);
});

test("any line of a greeting and any reply is understood or refused", () => {
  const line = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.stringMatching(/^@RSYNCD: [-0-9.]{0,12}( [a-z0-9 ]{0,30})?$/),
    fc.stringMatching(/^@(ERROR|RSYNCD: (AUTHREQD|EXIT|OK))[ :]?.{0,20}$/),
  );
  fc.assert(
    fc.property(line, (text) => {
      for (const parse of [parseDaemonGreeting, parseModuleReply]) {
        try {
          parse(text);
        } catch (error) {
          if (!(error instanceof RsyncError)) throw error;
        }
      }
    }),
    { seed: 11, numRuns: 2_000 },
  );
});

/** What a daemon may say in the middle of a push: messages of all kinds, requests, and neither. */
const said = fc.oneof(
  fc
    .tuple(fc.integer({ min: 0, max: 248 }), fc.uint8Array({ maxLength: 40 }))
    .map(([tag, payload]) => frame(tag, Buffer.from(payload))),
  fc
    .record({
      index: fc.oneof(fc.integer({ min: -130, max: 9 }), fc.integer()),
      flags: fc.nat(0xffff),
      head: fc.tuple(fc.nat(3), fc.integer({ max: 200_000 }), fc.nat(20), fc.integer({ max: 900 })),
    })
    .map((ask) => asks(ask)),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  fc.constant(asks(done)),
  fc.constant(asks(...goodbye)),
);

/** Says it when the file list comes in, and hangs up. */
function saying(pieces: readonly Buffer[], setUp: Buffer): (socket: Socket) => void {
  return (socket) => {
    let heard = "";
    socket.write(setUp);
    socket.on("data", (chunk: Buffer) => {
      if (list.test(heard)) return;
      heard += chunk.toString("latin1");
      if (list.test(heard)) socket.end(Buffer.concat(pieces));
    });
  };
}

test.each([
  ["one list", pushTo, ready],
  ["lists in pieces", pushListsTo, readyForLists],
] as const)(
  "whatever a daemon says, a push of %s ends with a typed error",
  { timeout: 60_000 },
  async (_, push, setUp) => {
    await fc.assert(
      fc.asyncProperty(fc.array(said, { maxLength: 12 }), async (pieces) => {
        const { error, received } = await push(saying(pieces, setUp));
        expect(error === undefined || error instanceof RsyncError).toBe(true);
        expect(error?.code).not.toBe("TIMED_OUT");
        expect(push === pushTo && received.includes(secret)).toBe(false);
      }),
      { seed: 11, numRuns: 60 },
    );
  },
);
