import { RsyncError } from "../../protocol/index.ts";

/** True where a daemon has no room for one more session. */
export function isFull(error: unknown): boolean {
  return error instanceof RsyncError && error.code === "MAX_CONNECTIONS";
}

/** True where a daemon does not take an option. */
export function isRefusal(error: unknown): error is RsyncError {
  return error instanceof RsyncError && error.code === "OPTION_REFUSED";
}

/** True where that option was how precisely times are compared. */
export function refusesNanoseconds(error: unknown): boolean {
  return isRefusal(error) && /-@-1|modify-window/.test(error.message);
}
