import fs from "node:fs";
import fc from "fast-check";
import { RsyncError } from "../../../protocol/errors.ts";
import { Cursor, NeedMoreBytes } from "../../../protocol/wire/cursor.ts";
import { inProject } from "../../support/command.mjs";

/** A value and the bytes that a real rsync wrote for it. */
export interface Vector {
  readonly value: number;
  readonly bytes: string;
}

/** A file of fixtures/wire, by its name without extension. */
export function wireFixture<T>(name: string): T {
  return JSON.parse(fs.readFileSync(inProject("fixtures/wire", `${name}.json`), "utf8")) as T;
}

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
