import { expect, test } from "vitest";
import { formatVerdict, judgeDeletions } from "../../../src/push/guard.ts";

test.each([
  ["half of a target", 500, 500, true],
  ["more than half of it", 501, 499, false],
  ["nearly all, but few", 99, 2, true],
  ["nearly all, and enough to ask", 100, 2, false],
  ["nothing", 0, 1_000, true],
  ["one object, from a source that is empty", 1, 1, false],
  ["nothing, from a source that is empty", 0, 1, true],
])("a comparison that would delete %s: allowed %s", (_, extraneous, listed, allowed) => {
  expect(judgeDeletions({ extraneous, listed }, {}).allowed).toBe(allowed);
});

test("share and least are the operator's; an empty source is asked about all the same", () => {
  expect(judgeDeletions({ extraneous: 11, listed: 89 }, { share: 0.1, least: 5 }).allowed).toBe(
    false,
  );
  expect(judgeDeletions({ extraneous: 10, listed: 90 }, { share: 0.1, least: 5 }).allowed).toBe(
    true,
  );
  expect(judgeDeletions({ extraneous: 9_999, listed: 2 }, { share: 1 }).allowed).toBe(true);
  expect(judgeDeletions({ extraneous: 9_999, listed: 1 }, { share: 1 }).allowed).toBe(false);
});

test("says how much would go", () => {
  expect(formatVerdict({ extraneous: 750, listed: 250 })).toBe(
    "750 objects at the target are not here any more, 75 % of what it has",
  );
  expect(formatVerdict({ extraneous: 7, listed: 1 })).toBe(
    "the watched directory is empty, and the target has 7 objects",
  );
});
