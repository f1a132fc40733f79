import { type FailureCode, RsyncError } from "./errors.ts";
import { displayText } from "./path.ts";

const causes: readonly (readonly [RegExp, FailureCode])[] = [
  [/module is read only/, "MODULE_READ_ONLY"],
  [/configured to refuse|unknown option|not supported|on remote machine/, "OPTION_REFUSED"],
  [/No space left on device|Disk quota exceeded|error in file IO/, "FILE_IO"],
  [/timeout/, "TIMED_OUT"],
];

const codesByExit: Readonly<Record<number, FailureCode>> = {
  1: "BAD_OPTION",
  2: "PROTOCOL_MISMATCH",
  4: "OPTION_REFUSED",
  11: "FILE_IO",
  23: "PARTIAL_TRANSFER",
  30: "TIMED_OUT",
};

/**
 * The error for a session that the daemon ended, from its texts and its exit code (absent when it
 * just hung up).
 */
export function remoteFailure(
  exitCode: number | undefined,
  texts: readonly string[],
  cause?: Error,
): RsyncError {
  const all = texts.join("; ");
  const byText = causes.find(([pattern]) => pattern.test(all))?.[1];
  const code = byText ?? codesByExit[exitCode ?? 0] ?? "REMOTE_FAILED";
  const said = texts.find((text) => !text.startsWith("rsync error:")) ?? texts[0];
  const found = said ?? `it exited with code ${exitCode ?? "unknown"}`;
  const shown = displayText(found.replace(/^(rsync|ERROR): /, ""));
  return new RsyncError(code, `The daemon gave up: ${shown}`, {
    ...(exitCode ? { exitCode } : {}),
    cause,
  });
}
