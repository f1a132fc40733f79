import fc from "fast-check";
import { expect, test } from "vitest";
import { compilePattern } from "../../../protocol/flist/pattern.ts";
import { asBytePath } from "../../../protocol/path.ts";

const seed = 7;

/** The same pattern as a regular expression, which is slow and right. */
function byRegex(pattern: string): RegExp {
  const anchored = pattern.startsWith("/");
  const body = pattern
    .replace(/^\//, "")
    .replace(/^\*\*+\//, "\x01")
    .replaceAll(/\*\*+/g, "\x02")
    .replaceAll("*", "[^/]*")
    .replaceAll("?", "[^/]")
    .replace("\x01", "(?:[\\s\\S]*/)?")
    .replaceAll("\x02", "[\\s\\S]*");
  return new RegExp(`${anchored ? "^" : "(?:^|/)"}${body}$`);
}

test("patterns with many stars mean what they mean with few", () => {
  const piece = fc.constantFrom("*", "**", "?", "a", "b", "/");
  const name = fc.constantFrom("a", "b", "/", "ab", "ba");
  fc.assert(
    fc.property(
      fc.array(piece, { minLength: 1, maxLength: 9 }),
      fc.array(name, { minLength: 1, maxLength: 8 }),
      (pieces, names) => {
        const pattern = pieces.join("").replaceAll(/\/+/g, "/").replace(/\/$/, "");
        const path = names
          .join("")
          .replaceAll(/\/+/g, "/")
          .replaceAll(/^\/|\/$/g, "");
        fc.pre(!["", "/"].includes(pattern) && !pattern.endsWith("/***") && path !== "");
        const found = compilePattern(pattern)(asBytePath(path), false);
        expect([pattern, path, found]).toEqual([pattern, path, byRegex(pattern).test(path)]);
      },
    ),
    { seed, numRuns: 3_000 },
  );
});

test.each([`${"*a".repeat(40)}b`, `${"**a".repeat(40)}b`, `**/${"*[a-z]?".repeat(30)}b`])(
  "%s takes no longer for a name that nearly matches",
  (pattern) => {
    const matches = compilePattern(pattern);
    const started = performance.now();
    for (let times = 0; times < 20; times += 1) {
      expect(matches(asBytePath(`${"a".repeat(250)}/${"a".repeat(250)}`), false)).toBe(false);
    }
    expect(performance.now() - started).toBeLessThan(20_000);
  },
);
