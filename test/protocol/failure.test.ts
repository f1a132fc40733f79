import { expect, test } from "vitest";
import { RsyncError } from "../../protocol/errors.ts";
import { remoteFailure } from "../../protocol/failure.ts";

test("an error carries its cause, its place and its exit code", () => {
  const cause = new Error("read ECONNRESET");
  const error = new RsyncError("CONNECTION_LOST", "Cannot go on", { cause, path: "a/b" });
  expect(error).toMatchObject({ name: "RsyncError", exitCode: 10, retryable: true, path: "a/b" });
  expect(error.cause).toBe(cause);
  expect(Object.keys(error)).not.toContain("name");
});

// What real daemons said before they ended a session (spec 1 §2.5, spec 2 §7.4).
test.each([
  [1, ["ERROR: module is read only"], "MODULE_READ_ONLY", 1, "module is read only"],
  [
    4,
    ["rsync: The server is configured to refuse --delete", "rsync error: (code 4) at main.c"],
    "OPTION_REFUSED",
    4,
    "The server is configured to refuse --delete",
  ],
  [4, ["rsync: on remote machine: --bogus: unknown option"], "OPTION_REFUSED", 4, "--bogus"],
  [11, ['rsync: write failed on "f": No space left on device (28)'], "FILE_IO", 11, "No space"],
  [30, ["rsync error: timeout in data send/receive (code 30)"], "TIMED_OUT", 30, "timeout"],
  [19, [], "REMOTE_FAILED", 19, "it exited with code 19"],
  [undefined, ["rsync: something new"], "REMOTE_FAILED", 12, "something new"],
] as const)("code %s with %j", (exit, texts, code, exitCode, found) => {
  const error = remoteFailure(exit, texts);
  expect(error).toMatchObject({ code, exitCode });
  expect(error.message).toMatch(/^The daemon gave up: /);
  expect(error.message).toContain(found);
});
