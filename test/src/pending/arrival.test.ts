import { expect, test } from "vitest";
import { asBytePath } from "../../../protocol/index.ts";
import { isArrival } from "../../../src/pending/arrival.ts";

const long = "x".repeat(250);

// As rsync 3.5.0 and 3.2.7 name them.
test.each([
  [".f.RJRhxY", "f"],
  ["d/.f.RJRhxY", "d/f"],
  [".hidden.4uM6ue", ".hidden"],
  ["..two.FbqOdY", "..two"],
  [`.${long.slice(0, 246)}.xfXVn2`, long],
  [`.${long.slice(0, 246)}.OYN7Oe`, `.${long}`],
  [".cK1788", `.${"\xc3\xa9".repeat(124)}`],
])("%s that becomes %s has arrived", (from, to) => {
  expect(isArrival(asBytePath(from), asBytePath(to))).toBe(true);
});

test.each([
  ["f", "g"],
  [".f.RJRhx", "f"],
  [".f.RJRhxYz", "f"],
  ["f.RJRhxY", "f"],
  ["..hidden.4uM6ue", ".hidden"],
  ["d/.f.RJRhxY", "f"],
  [".cK1788", "f"],
  [".other.RJRhxY", "f"],
])("%s that becomes %s was renamed here", (from, to) => {
  expect(isArrival(asBytePath(from), asBytePath(to))).toBe(false);
});
