import fc from "fast-check";
import { RsyncError } from "../../../protocol/errors.ts";
import { Cursor, NeedMoreBytes } from "../../../protocol/wire/cursor.ts";

/** Fails unless any bytes at all give a value, NeedMoreBytes or RsyncError, and nothing else. */
export function expectTotal(decode: (from: Cursor) => unknown): void {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        decode(new Cursor(bytes));
      } catch (error) {
        if (error instanceof NeedMoreBytes || error instanceof RsyncError) return;
        throw error;
      }
    }),
    { seed: 11, numRuns: 1000 },
  );
}
