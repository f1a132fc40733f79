import { expect, test } from "vitest";
import { findSecret, secretsFileProblem } from "../../../../protocol/daemon/access/secrets.ts";

const file = `# joe:remark
x:y
joe : blank
 joe:indented
joe:first
joe:second
@team:shared
cr:pass\r
colon:a:b
last:no newline`;

// Checked with rsync 3.5.0.
test.each([
  ["joe", "first"],
  ["@team", "shared"],
  ["cr", "pass"],
  ["colon", "a:b"],
  ["last", "no newline"],
  ["team", undefined],
  ["", undefined],
  ["# joe", undefined],
  ["colon:a", undefined],
])("the secret of %j is %j", (name, secret) => {
  expect(findSecret(file, name)).toBe(secret);
});

test.each([
  [0o600, 0, true, true],
  [0o640, 0, true, true],
  [0o661, 0, true, true],
  [0o644, 0, true, false],
  [0o602, 0, true, false],
  [0o600, 1000, true, false],
  [0o600, 1000, false, true],
])("a file of mode 0%o and owner %i, as root %j, may be used: %j", (mode, uid, asRoot, wanted) => {
  const problem = secretsFileProblem({ mode, uid, isFile: () => true }, asRoot);
  expect(problem === undefined).toBe(wanted);
});

test("a fifo is no secrets file", () => {
  const state = { mode: 0o600, uid: 0, isFile: () => false };
  expect(secretsFileProblem(state, true)).toMatch("not a regular file");
});
