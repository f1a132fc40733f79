import fc from "fast-check";
import { expect, test } from "vitest";
import { openTokens } from "../../../protocol/delta/compression.ts";
import {
  openTokenReader,
  readableCompressions,
  type TokenReader,
} from "../../../protocol/delta/token-reader.ts";
import { RsyncError } from "../../../protocol/errors.ts";
import { Cursor, NeedMoreBytes } from "../../../protocol/wire/cursor.ts";
import { Writer } from "../../../protocol/wire/writer.ts";

const blockBytes = 50;
const basis = Buffer.from(
  Array.from({ length: 200 * blockBytes }, (_, i) => (i * 7 + (i >> 5)) & 0xff),
);

type Operation = { readonly literal: Uint8Array } | { readonly block: number };

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ literal: fc.uint8Array({ minLength: 1, maxLength: 300 }) }),
  fc.record({ literal: fc.nat(60_000).map((length) => basis.subarray(0, length + 1)) }),
  fc.record({ block: fc.nat(199) }),
);

function blockAt(block: number): Buffer {
  return basis.subarray(block * blockBytes, (block + 1) * blockBytes);
}

function write(compression: string | undefined, files: readonly (readonly Operation[])[]): Buffer {
  const out = new Writer();
  const tokens = openTokens(compression, out, undefined);
  for (const operations of files) {
    for (const each of operations) {
      if ("literal" in each) tokens.literal(each.literal);
      else tokens.match(each.block, blockAt(each.block));
    }
    tokens.end();
  }
  return Buffer.from(out.take());
}

function contentOf(operations: readonly Operation[]): Buffer {
  return Buffer.concat(
    operations.map((each) => ("literal" in each ? each.literal : blockAt(each.block))),
  );
}

/** Reads one file from pieces that arrive one after the other. */
function readFile(reader: TokenReader, arrive: () => Buffer, state: { here: Buffer }): Buffer {
  const content: Buffer[] = [];
  for (;;) {
    const cursor = new Cursor(state.here);
    const matched: Buffer[] = [];
    try {
      const ended = reader.read(cursor, {
        literal: (bytes) => void content.push(Buffer.from(bytes)),
        blocks: (first, count) => {
          matched.push(basis.subarray(first * blockBytes, (first + count) * blockBytes));
        },
      });
      state.here = state.here.subarray(cursor.offset);
      for (const bytes of matched) {
        content.push(bytes);
        reader.matched(bytes);
      }
      if (ended) return Buffer.concat(content);
    } catch (error) {
      if (!(error instanceof NeedMoreBytes)) throw error;
      state.here = Buffer.concat([state.here, arrive()]);
    }
  }
}

test.each([undefined, ...readableCompressions])(
  "files written with compression %s are read back, however they are cut",
  (compression) => {
    const files = fc.array(fc.array(operation, { maxLength: 8 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(files, fc.integer({ min: 1, max: 5_000 }), (each, piece) => {
        const bytes = write(compression, each);
        const reader = openTokenReader(compression);
        const state = { here: Buffer.alloc(0) };
        let at = 0;
        const arrive = (): Buffer => {
          if (at >= bytes.length) throw new Error("everything has arrived");
          at += piece;
          return bytes.subarray(at - piece, at);
        };
        for (const operations of each) {
          expect(readFile(reader, arrive, state).equals(contentOf(operations))).toBe(true);
        }
      }),
      { numRuns: 60, seed: 7 },
    );
  },
);

test.each([undefined, ...readableCompressions])("garbage is refused or read, %s", (compression) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const reader = openTokenReader(compression);
      const cursor = new Cursor(bytes);
      const target = { literal: () => {}, blocks: () => {} };
      let failure: unknown = new NeedMoreBytes();
      try {
        for (let tokens = 0; tokens < 1_000; tokens += 1) reader.read(cursor, target);
      } catch (error) {
        failure = error;
      }
      expect(failure instanceof NeedMoreBytes || failure instanceof RsyncError).toBe(true);
    }),
    { numRuns: 300, seed: 11 },
  );
});
