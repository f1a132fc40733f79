import fc from "fast-check";
import { expect, test } from "vitest";
import { asBytePath } from "../../../protocol/index.ts";
import { encodeRecord, parseRecord, type TargetRecord } from "../../../src/state/record.ts";

const empty: TargetRecord = {
  root: "/data/\xe9",
  target: "host:873::module",
  identity: { device: 1, inode: 2, bornMs: 3.5 },
  clean: false,
  reconciledAt: 1_763_838_000_000,
  owed: { deletes: false, excludes: ["*.php"] },
  halted: undefined,
  paths: [],
};

function text(record: TargetRecord): string {
  return [...encodeRecord(record)].join("\n");
}

const name = fc
  .uint8Array({ minLength: 1, maxLength: 12 })
  .map((bytes) => Buffer.from(bytes).toString("latin1").replace(/[\0/]/g, "_"))
  .filter((part) => part !== "." && part !== "..");
const paths = fc.array(
  fc.record(
    {
      path: fc.array(name, { maxLength: 4 }).map((parts) => asBytePath(parts.join("/"))),
      whole: fc.boolean(),
      since: fc.nat(),
      attempts: fc.nat(9),
      reason: fc.string(),
      resend: fc.constant(true),
      after: name.map(asBytePath),
    },
    { requiredKeys: ["path", "whole", "since", "attempts"] },
  ),
);

test("a record is read as it was written, whatever bytes its paths have", () => {
  fc.assert(
    fc.property(paths, (pending) => {
      const record = { ...empty, paths: pending };
      const bytes = Buffer.from(text(record), "utf8");
      expect(parseRecord(bytes.toString("utf8"))).toEqual(record);
    }),
    { seed: 20_261_122, numRuns: 300 },
  );
});

const some = { path: asBytePath("d/f"), whole: true, since: 5, attempts: 2, reason: "refused" };

test("a file that was cut anywhere, or grew, is no record", () => {
  const whole = text({ ...empty, paths: [some, { ...some, path: asBytePath("g") }] });
  for (let length = 0; length < whole.length; length += 1) {
    expect(() => parseRecord(whole.slice(0, length))).toThrow(SyntaxError);
  }
  expect(() => parseRecord(`${whole}\n{"end":3}`)).toThrow(SyntaxError);
  expect(parseRecord(whole).paths).toHaveLength(2);
});

test("a later version is named, not misread", () => {
  const later = text(empty).replace('"version":2', '"version":3');
  expect(() => parseRecord(later)).toThrow("its version is 3, not 2");
});

test("the record of an earlier version is read", () => {
  const earlier = text({ ...empty, paths: [some] }).replace('"version":2', '"version":1');
  expect(parseRecord(earlier).paths).toEqual([some]);
});

test.each(["../etc/passwd", "/etc/passwd", "a//b", "a/./b", "nul\0", "wide \u4e2d"])(
  "the path %j is refused: it could lead out of the root",
  (path) => {
    for (const forged of [{ path: asBytePath(path) }, { after: asBytePath(path) }]) {
      const record = text({ ...empty, paths: [{ ...some, ...forged }] });
      expect(() => parseRecord(record)).toThrow("damaged");
    }
  },
);
