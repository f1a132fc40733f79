import { type FailureCode, hadNoSession, RsyncError } from "../../protocol/index.ts";
import { SourceGone } from "./batch.ts";
import type { JobFailure } from "./message.ts";

/** What a daemon, or whoever stands in between, does to a session whose content it cannot bear. */
const breakCodes: ReadonlySet<FailureCode> = new Set([
  "BAD_STREAM",
  "CONNECTION_LOST",
  "PROTOCOL_MISMATCH",
  "REMOTE_FAILED",
  "TIMED_OUT",
]);

/** True for what ended a session that carried a list, and may have come of what was in it. */
export function isBreak(error: unknown): boolean {
  if (error instanceof RsyncError) return breakCodes.has(error.code) && !hadNoSession(error);
  return !(error instanceof SourceGone); // a fault of ours comes with what is carried
}

/** True for what ended a session before it was one: the target is down, or cannot bear such a session. */
export function isBreakAtOpening(error: unknown): boolean {
  return error instanceof RsyncError && breakCodes.has(error.code) && hadNoSession(error);
}

/** An error in a form that crosses a thread border. */
export function failureOf(error: unknown): JobFailure {
  if (error instanceof RsyncError) {
    const { code, message, retryable } = error;
    return { code, message, retryable };
  }
  if (error instanceof SourceGone) {
    return { code: "SOURCE_GONE", message: error.message, retryable: true };
  }
  const found = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: "INTERNAL", message: found, retryable: true };
}
