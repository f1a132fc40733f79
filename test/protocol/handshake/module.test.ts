import { expect, test } from "vitest";
import { parseModuleReply } from "../../../protocol/handshake/module.ts";

test("control lines are told from free text", () => {
  expect(parseModuleReply("@RSYNCD: OK")).toEqual({ kind: "ready" });
  expect(parseModuleReply("@RSYNCD: EXIT")).toEqual({ kind: "listed" });
  expect(parseModuleReply("@RSYNCD: AUTHREQD a+/b")).toEqual({
    kind: "challenge",
    challenge: "a+/b",
  });
  for (const text of ["", "Welcome", "open           \topen rw module", " @RSYNCD: OK"]) {
    expect(parseModuleReply(text)).toEqual({ kind: "text", text });
  }
});

// The texts of real daemons (spec 1 §1.4).
test.each([
  ["@ERROR: Unknown module 'x'", "UNKNOWN_MODULE", false],
  ["@ERROR: access denied to backup from host (192.0.2.1)", "ACCESS_REFUSED", false],
  ["@ERROR: max connections (2) reached -- try again later", "MAX_CONNECTIONS", true],
  ["@ERROR: auth failed on module backup", "AUTH_FAILED", false],
  ["@ERROR: chdir failed", "ACCESS_REFUSED", false],
  ["@ERROR: invalid uid nobody", "ACCESS_REFUSED", false],
  ["@ERROR: protocol startup error", "ACCESS_REFUSED", false],
  ["@ERROR", "ACCESS_REFUSED", false],
])("%s is %s, exit code 5", (line, code, retryable) => {
  const reply = parseModuleReply(line);
  expect(reply).toMatchObject({ kind: "refused", error: { code, retryable, exitCode: 5 } });
  const found = line.replace(/^@ERROR:? ?/, "") || "no reason given";
  expect(reply).toMatchObject({ error: { message: expect.stringContaining(found) } });
});
